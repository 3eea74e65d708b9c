import { isRegistryError } from '../../errors.ts'
import { createCache } from '../../reader/cache.ts'
import type { Keyring } from '../../reader/keyring.ts'
import { judgeProvenance } from '../../reader/provenance.ts'
import type { ProvenanceState } from '../../reader/provenance.ts'
import type { ChartVersion } from '../../registry/catalog.ts'
import type { ChartFile } from '../../registry/chart-files.ts'
import { provenanceFile } from '../../registry/keys.ts'
import type { Repository } from '../../registry/repository.ts'

/** What was judged lately, by the bytes it was judged from: a state takes some 300 bytes. */
const judged = createCache<ProvenanceState>(1024 * 1024, () => 300)

const none: ProvenanceState = { state: 'none' }

/** How far the provenance of a version can be believed; judged once for the same archive, provenance and keys. */
export async function provenanceOf(
  repository: Repository,
  version: ChartVersion,
  keyring: Keyring | undefined,
): Promise<ProvenanceState> {
  if (!version.signed) return none
  const file = await provenanceIn(repository, version)
  if (file === undefined) return none
  const key = [repository.name, file.etag, version.file, version.digest, keyring?.tag ?? ''].join('/')
  return judged.get(key, async () => judgeProvenance(await textOf(file), version, keyring))
}

/** Undefined when it was taken away after the version was listed. */
async function provenanceIn(repository: Repository, version: ChartVersion): Promise<ChartFile | undefined> {
  try {
    return await repository.file(provenanceFile(version.file))
  } catch (error) {
    if (isRegistryError(error, 'not_found')) return undefined
    throw error
  }
}

/** Nobody signs a longer text; what is cut cannot be read, and is judged so. */
const longestBytes = 1024 * 1024

async function textOf({ body }: ChartFile): Promise<string> {
  const blob = body instanceof Blob ? body : await new Response(body).blob()
  return blob.slice(0, longestBytes + 1).text()
}
