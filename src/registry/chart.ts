import { RegistryError } from '../errors.ts'
import { keyVerdict, yamlVerdict } from './chart-lines.ts'
import { chartFields, cleaned } from './chart-metadata.ts'
import type { ChartDraft, ChartMetadata, Dependency } from './chart-metadata.ts'
import { parseVersion } from './versions.ts'
import { parseYaml, YamlError, type YamlValue } from './yaml.ts'

export type { ChartMetadata, Dependency, Maintainer } from './chart-metadata.ts'

/** What a version has in an index beside its metadata. `created` is RFC 3339, `digest` the SHA-256 in hex. */
export interface EntryFacts {
  urls: readonly string[]
  created: string
  digest: string
}

/** Bytes of one version's metadata as JSON: what every reader of the index has to download for it. */
const maxMetadataBytes = 1024 * 1024

/** Bytes of `<name>-<version>.tgz`; with ".prov" it still fits into the 255 that file systems allow. */
const maxFileNameBytes = 250

/** Characters of a key, of an annotation say: YAML readers refuse longer ones on one line, and so the whole index. */
const maxKeyLength = 1000

/**
 * The metadata of a chart from its Chart.yaml (from all of them, when the archive has several: each adds to the one
 * before) and a requirements.yaml of Helm 2, read, cleaned and judged as Helm does (pkg/chart/loader/load.go).
 * Throws RegistryError, with Helm's words where it judges.
 */
export function parseMetadata(documents: readonly Uint8Array[], requirements?: Uint8Array): ChartMetadata {
  let draft: ChartDraft = {}
  for (const document of documents) {
    draft = merge(draft, document, 'Chart.yaml')
    draft.apiVersion ||= 'v1'
  }
  if (requirements !== undefined) draft = merge(draft, requirements, 'requirements.yaml')
  if (!draft.apiVersion) throw invalid('validation: chart.metadata.apiVersion is required', 'apiVersion')
  const metadata = cleaned(draft) as ChartMetadata
  validateMetadata(metadata)
  const json = JSON.stringify(metadata)
  const size = Buffer.byteLength(json)
  if (size > maxMetadataBytes) {
    throw invalid(
      `cannot load Chart.yaml: its ${size} bytes of metadata are over the limit of ${maxMetadataBytes}`,
    )
  }
  if (json.length > maxKeyLength && hasLongKey(metadata)) {
    throw invalid(`cannot load Chart.yaml: it has a key over ${maxKeyLength} characters`)
  }
  return metadata
}

function hasLongKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(hasLongKey)
  for (const key in value) {
    if (key.length > maxKeyLength || hasLongKey(value[key as keyof typeof value])) return true
  }
  return false
}

function merge(before: ChartDraft, document: Uint8Array, file: string): ChartDraft {
  const read = reading(file, () => parseYaml(document))
  return reading(
    file,
    () => chartFields(read, before, file) ?? before,
    () => (file === 'Chart.yaml' ? wrongKey(read) : undefined),
  )
}

function reading<T>(file: string, read: () => T, keyOf?: () => string | undefined): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    const verdict = { ...yamlVerdict(file, error), key: keyOf?.() }
    const message = `cannot load ${file}: ${error.message}`
    throw new RegistryError('invalid', 'archive', message, {}, { cause: error, verdict })
  }
}

/** The first key of a document whose value Helm cannot take. */
function wrongKey(read: YamlValue): string | undefined {
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return undefined
  return Object.keys(read).find((key) => !isTakenAs(key, read[key] ?? null))
}

function isTakenAs(key: string, value: YamlValue): boolean {
  try {
    chartFields({ [key]: value }, {}, 'Chart.yaml')
    return true
  } catch (error) {
    if (error instanceof YamlError) return false
    throw error
  }
}

/**
 * Judges metadata in the order and with the words of Helm 3.20 (pkg/chart/metadata.go), then by Chartroom's limits.
 * Throws RegistryError.
 */
export function validateMetadata(metadata: ChartMetadata): void {
  const { name, version, type } = metadata
  if (!name) throw invalid('validation: chart.metadata.name is required', 'name')
  if (name === '.' || name === '..')
    throw invalid(`validation: chart.metadata.name ${quote(name)} is not allowed`, 'name', name)
  if (name.includes('/'))
    throw invalid(`validation: chart.metadata.name ${quote(name)} is invalid`, 'name', name)
  if (!version) throw invalid('validation: chart.metadata.version is required', 'version')
  if (parseVersion(version) === undefined) {
    throw invalid(`validation: chart.metadata.version ${quote(version)} is invalid`, 'version', version)
  }
  if (type && type !== 'application' && type !== 'library') {
    throw invalid('validation: chart.metadata.type must be application or library', 'type', type)
  }
  if (metadata.maintainers?.some((each) => !each)) {
    throw invalid('validation: maintainers must not contain empty or null nodes', 'maintainers')
  }
  validateDependencies(metadata.dependencies ?? [])
  const bytes = Buffer.byteLength(`${name}-${version}.tgz`)
  if (bytes > maxFileNameBytes) {
    throw invalid(
      `the file name <name>-<version>.tgz has ${bytes} bytes; at most ${maxFileNameBytes} can be stored`,
      'name',
      name,
    )
  }
}

function validateDependencies(dependencies: readonly Dependency[]): void {
  const known = new Set<string>()
  for (const dependency of dependencies) {
    if (!dependency)
      throw invalid('validation: dependencies must not contain empty or null nodes', 'dependencies')
    const { name, alias } = dependency
    if (alias && !/^[a-zA-Z0-9_-]+$/.test(alias)) {
      throw invalid(
        `validation: dependency ${quote(name)} has disallowed characters in the alias`,
        'dependencies',
      )
    }
    const key = alias || name
    if (known.has(key))
      throw invalid(`validation: more than one dependency with name or alias ${quote(key)}`, 'dependencies')
    known.add(key)
  }
}

function quote(value: string): string {
  const short = value.length > 200 ? `${value.slice(0, 200)}…` : value
  return JSON.stringify(short).replace(
    /(?! )[\p{C}\p{Z}]/gu,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** `key` is the one of Chart.yaml that is wrong, `text` what it holds. */
function invalid(message: string, key?: string, text?: string): RegistryError {
  const verdict = key === undefined ? undefined : keyVerdict(key, text)
  return new RegistryError('invalid', 'archive', message, {}, { verdict })
}

/**
 * One entry of an index as JSON text, keys in Helm's order (pkg/repo/index.go, ChartVersion) and with the escapes of
 * Go's encoding/json, so that the bytes are those ChartMuseum writes with --json-index.
 */
export function indexEntry(metadata: ChartMetadata, { urls, created, digest }: EntryFacts): string {
  const entry = JSON.stringify({ ...metadata, urls, created, digest })
  return /[<>&\u2028\u2029]/.test(entry) ? entry.replace(/[<>&\u2028\u2029]/g, escapeCharacter) : entry
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
