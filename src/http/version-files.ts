import { RegistryError } from '../errors.ts'
import type { ArchiveFile } from '../registry/archive.ts'
import type { Registry } from '../registry/registry.ts'
import { parseYaml } from '../registry/yaml.ts'
import { yamlToJson } from '../registry/yaml-json.ts'
import { escapeHtmlInJson, goJson, headersFor, jsonType } from './headers.ts'
import type { Ask } from './route.ts'

/** Where a chart's default values stand. */
const valuesFile = 'values.yaml'

/**
 * ChartMuseum: the files below `templates/` in archive order, base64, and the values as JSON; each `null` when the
 * chart has none of it.
 */
export async function sendTemplates({ repo, params }: Ask, registry: Registry): Promise<Response> {
  const repository = registry.repository(repo)
  const version = await repository.version(params.name, params.version)
  const wanted = (name: string) => name === valuesFile || name.startsWith('templates/')
  const { files } = await repository.open(version, wanted)
  const templates = files
    .filter((file) => file.name !== valuesFile)
    .map((file) => ({ name: file.name, data: Buffer.from(file.data).toString('base64') }))
  const listed = goJson(templates.length === 0 ? null : templates)
  return new Response(`{"templates":${listed},"values":${valuesJson(files)}}`, {
    headers: headersFor('protocol', jsonType),
  })
}

/** ChartMuseum: null without a values.yaml, an empty object for an empty one. */
function valuesJson(files: readonly ArchiveFile[]): string {
  const values = files.findLast((file) => file.name === valuesFile)
  if (values === undefined) return 'null'
  const tree = parseYaml(values.data)
  return tree === null ? '{}' : escapeHtmlInJson(yamlToJson(tree))
}

/** The bytes of values.yaml as they stand in the archive. Throws RegistryError `not_found` without one. */
export async function sendValues({ repo, params }: Ask, registry: Registry): Promise<Response> {
  const repository = registry.repository(repo)
  const version = await repository.version(params.name, params.version)
  const { files } = await repository.open(version, (name) => name === valuesFile)
  const values = files.findLast((file) => file.name === valuesFile)
  if (values === undefined) throw new RegistryError('not_found', 'file', 'values.yaml not found')
  return new Response(new Blob([new Uint8Array(values.data)]), {
    headers: headersFor('protocol', 'application/yaml'),
  })
}
