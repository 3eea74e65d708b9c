import type { UploadCode, UploadRowData } from '../../../views/upload-data.ts'
import { isRegistryError, type RegistryError, type Verdict } from '../../errors.ts'
import { openArchive, type OpenedArchive } from '../../registry/archive.ts'
import type { ChartVersion } from '../../registry/catalog.ts'
import { chartWarnings } from '../../registry/chart-warnings.ts'
import { archiveFile } from '../../registry/keys.ts'
import { readProvenance, signedDigest } from '../../registry/provenance.ts'
import { publishedAt } from '../../registry/releases.ts'
import type { Repository } from '../../registry/repository.ts'
import type { Upload } from '../../registry/upload.ts'
import { shortened } from '../../reader/text.ts'
import type { SentFile } from '../file-form.ts'

/** A chart with the provenance that came along, or one of the two alone. */
export interface SentPair {
  readonly chart: SentFile | undefined
  readonly provenance: SentFile | undefined
}

/** "x.tgz" and "x.tgz.prov" belong together; everything else stands alone. In the order in which they came. */
export function pairsOf(files: readonly SentFile[]): SentPair[] {
  const isProvenance = ({ filename }: SentFile) => /\.prov$/i.test(filename)
  const waiting = files.filter(isProvenance)
  const taken = new Set<SentFile>()
  const charts = files.map((file) => {
    if (isProvenance(file)) return { file, chart: undefined, provenance: file }
    const own = waiting.find((each) => !taken.has(each) && each.filename === `${file.filename}.prov`)
    if (own !== undefined) taken.add(own)
    return { file, chart: file, provenance: own }
  })
  return charts.filter(({ file, chart }) => chart !== undefined || !taken.has(file))
}

export interface JudgeParts {
  readonly repository: Repository
  /** Bytes of one file. */
  readonly maxBytes: number
  /** Whether this very archive may replace what is there. */
  mayReplace(opened: OpenedArchive): boolean
  /** A ticket for replacing it; undefined where nobody may. */
  replaceTicket(opened: OpenedArchive): string | undefined
}

/** Characters of what a row tells of a file; hidden ones are shown as what they are. */
const longestName = 255
const longestText = 500

/** Publishes one file by the rules of the API, and says what came of it. Throws what is nobody's mistake. */
export async function publishPair(parts: JudgeParts, pair: SentPair): Promise<UploadRowData> {
  const { chart, provenance } = pair
  const sent = chart ?? provenance
  const row = {
    file: shortened(sent?.filename ?? '', longestName),
    withProvenance: chart !== undefined && provenance !== undefined,
    size: sent?.size ?? 0,
  }
  try {
    if (chart !== undefined) return { ...row, ...(await publishChart(parts, chart, provenance)) }
    return { ...row, ...(await publishProvenance(parts, provenance)) }
  } catch (error) {
    if (!isRegistryError(error)) throw error
    const judged = failed(error)
    return { ...row, ...judged, text: judged.text && shortened(judged.text, longestText) }
  }
}

/** What a row says beside the file itself. */
type Judged = Omit<UploadRowData, 'file' | 'withProvenance' | 'size'>

async function publishChart(
  parts: JudgeParts,
  { upload }: SentFile,
  sentProvenance: SentFile | undefined,
): Promise<Judged> {
  if (upload === undefined) return { code: 'TOO_LARGE', limit: parts.maxBytes }
  const opened = await openArchive(upload.body)
  const { name, version } = opened.metadata
  const provenance = sentProvenance?.upload
  if (sentProvenance !== undefined && !(await describes(provenance, opened))) return { code: 'PROV_MISMATCH' }
  const existing = (await parts.repository.versions(name)).find((one) => one.version === version)
  if (existing?.digest === opened.digest) return addProvenance(parts, existing, provenance)
  if (existing !== undefined && !parts.mayReplace(opened))
    return refused(parts, opened, existing, upload.size)
  const provenances = provenance === undefined ? [] : [provenance]
  try {
    const delivery = { archives: [{ ...upload, opened }], provenances }
    await parts.repository.publish(delivery, { force: existing !== undefined })
  } catch (error) {
    if (!isRegistryError(error, 'conflict') || error.about === 'storage') throw error
    // Somebody else was faster, or a file of that name holds another chart.
    const now = (await parts.repository.versions(name)).find((one) => one.version === version)
    return now === undefined ? { code: 'NAME_TAKEN' } : refused(parts, opened, now, upload.size)
  }
  const code = existing === undefined ? 'PUBLISHED' : 'REPLACED'
  return { code, name, version, warnings: chartWarnings(opened) }
}

/** The version is there with the same bytes: that is no failure, and a provenance may still be missing. */
async function addProvenance(
  { repository }: JudgeParts,
  { name, version, signed }: ChartVersion,
  provenance: Upload | undefined,
): Promise<Judged> {
  if (provenance === undefined || signed) return { code: 'SAME', name, version }
  await repository.publish({ archives: [], provenances: [provenance] }, { force: false })
  return { code: 'PROV_ADDED', name, version }
}

function refused(parts: JudgeParts, opened: OpenedArchive, there: ChartVersion, size: number): Judged {
  const { name, version } = opened.metadata
  return {
    code: 'EXISTS',
    name,
    version,
    existing: { digest: there.digest, size: there.size, published: publishedAt(there) },
    yours: { digest: opened.digest, size, published: undefined },
    replaceTicket: parts.replaceTicket(opened),
  }
}

/** A provenance alone belongs to a chart that is there. */
async function publishProvenance(parts: JudgeParts, sent: SentFile | undefined): Promise<Judged> {
  if (sent?.upload === undefined) return { code: 'TOO_LARGE', limit: parts.maxBytes }
  const bytes = await bytesOf(sent.upload)
  const { name, version } = readProvenance(bytes)
  const chart = (await parts.repository.versions(name)).find((one) => one.version === version)
  if (chart === undefined) return { code: 'PROV_ALONE' }
  const signed = signedDigest(bytes, chart.file)
  if (signed !== undefined && signed !== chart.digest) return { code: 'PROV_MISMATCH' }
  if (chart.signed) return { code: 'SAME', name, version: `${version}.prov` }
  return addProvenance(parts, chart, sent.upload)
}

/** Whether a provenance says that it belongs to this archive. One that cannot be read does not. */
async function describes(provenance: Upload | undefined, opened: OpenedArchive): Promise<boolean> {
  if (provenance === undefined) return false
  const bytes = await bytesOf(provenance)
  const { name, version } = readProvenance(bytes)
  const digest = signedDigest(bytes, archiveFile(name, version))
  const { metadata } = opened
  const isNamed = name === metadata.name && version === metadata.version
  return isNamed && (digest === undefined || digest === opened.digest)
}

async function bytesOf({ body }: Upload): Promise<Uint8Array> {
  return body instanceof Blob ? body.bytes() : body
}

const codes = {
  not_gzip: 'NOT_GZIP',
  damaged: 'DAMAGED',
  no_chart_yaml: 'NO_CHART_YAML',
  bad_yaml: 'BAD_YAML',
  bad_name: 'BAD_NAME',
  bad_version: 'BAD_VERSION',
  bad_chart: 'BAD_CHART',
  unsafe_path: 'UNSAFE_PATH',
  bomb: 'BOMB',
} satisfies Record<Verdict['reason'], UploadCode>

function failed({ code, about, message, verdict, details }: RegistryError): Judged {
  if (code === 'full') {
    const limit = Number(details['limit'] ?? 0)
    return about === 'repository' ? { code: 'QUOTA', limit } : { code: 'STORE_FULL' }
  }
  if (code === 'conflict') return { code: about === 'file' ? 'SAME' : 'NAME_TAKEN' }
  if (code === 'too_large') return { code: 'TOO_LARGE', limit: Number(details['limit'] ?? 0) }
  if (code !== 'invalid') return { code: 'BUSY', text: message }
  if (about === 'provenance') return { code: 'BAD_PROV', text: message }
  // Helm has more reasons than the page has words: what it says stands behind ours.
  if (verdict === undefined || verdict.reason === 'bad_chart') {
    return { code: 'BAD_CHART', line: verdict?.line, text: message }
  }
  return { code: codes[verdict.reason], inside: verdict.file, line: verdict.line, text: verdict.text }
}
