import { isRegistryError, RegistryError, type Verdict } from '../errors.ts'
import { quote } from './archive-error.ts'
import type { YamlError } from './yaml.ts'

/** The verdict on a YAML file that cannot be read. */
export function yamlVerdict(file: string, error: YamlError): Verdict {
  const text = error.message.replace(/^line \d+: /, '')
  return { reason: 'bad_yaml', file, text, ...(error.line !== undefined && { line: error.line }) }
}

/** The verdict on the value of a key of Chart.yaml that Helm, or a repository, does not accept. */
export function keyVerdict(key: string, text?: string): Verdict {
  const reason = key === 'name' ? 'bad_name' : key === 'version' ? 'bad_version' : 'bad_chart'
  return { reason, key, ...(text !== undefined && { text: quote(text).slice(1, -1) }) }
}

/**
 * A verdict on a key of Chart.yaml with the line in which the key stands, in the last document that has it; any other
 * error as it is.
 */
export function placed(error: unknown, documents: readonly Uint8Array[]): unknown {
  if (!isRegistryError(error)) return error
  const { code, about, message, details, verdict } = error
  if (verdict?.key === undefined || verdict.line !== undefined) return error
  const { key } = verdict
  const line = documents.map((document) => lineOfKey(document, key)).findLast((each) => each !== undefined)
  if (line === undefined) return error
  const found = { ...verdict, file: 'Chart.yaml', line }
  return new RegistryError(code, about, message, details, { cause: error.cause, verdict: found })
}

/**
 * The line of a key at the top of a YAML document, from 1: of equal keys the last, because that one counts, and one in
 * other letters only where there is none as Helm writes it. undefined when it is not at the start of a line: in a flow
 * mapping, say.
 */
function lineOfKey(document: Uint8Array, key: string): number | undefined {
  const text = new TextDecoder().decode(document)
  const found = [...text.matchAll(new RegExp(`^(["']?)(${RegExp.escape(key)})\\1[ \\t]*:`, 'gim'))]
  const last = found.findLast((match) => match[2] === key) ?? found.at(-1)
  return last && text.slice(0, last.index).split('\n').length
}
