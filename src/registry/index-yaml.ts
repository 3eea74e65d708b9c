/**
 * One entry of an index as block YAML, ready to stand below its chart's name at two spaces, laid out as ChartMuseum
 * does it: keys sorted, lists not indented below their key. `entryJson` is what `indexEntry` gave.
 * Reads back the same through Go's YAML 1.1, the `yaml` package and Bun.
 */
export function entryYaml(entryJson: string): string {
  return `  - ${mappingYaml(JSON.parse(entryJson) as Mapping, '\n    ')}\n`
}

type Mapping = Record<string, unknown>

/** `lineStart` is the line break and indentation before each key but the first. */
function mappingYaml(mapping: Mapping, lineStart: string): string {
  let text = ''
  for (const key of Object.keys(mapping).sort()) {
    const value = mapping[key]
    text += `${text === '' ? '' : lineStart}${yamlScalar(key)}:`
    if (typeof value === 'string') text += ` ${yamlScalar(value)}`
    else if (Array.isArray(value) && value.length > 0) text += listYaml(value, lineStart)
    else if (isMapping(value)) text += `${lineStart}  ${mappingYaml(value, `${lineStart}  `)}`
    else text += ` ${JSON.stringify(value)}`
  }
  return text
}

function listYaml(list: readonly unknown[], lineStart: string): string {
  let text = ''
  for (const item of list) {
    text += `${lineStart}- `
    if (typeof item === 'string') text += yamlScalar(item)
    else if (isMapping(item)) text += mappingYaml(item, `${lineStart}  `)
    else text += flowYaml(item)
  }
  return text
}

/** Lists in lists, which only `import-values` could have: as JSON, which is YAML, with the same escapes. */
function flowYaml(value: unknown): string {
  return withEscapes(JSON.stringify(value))
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
}

/**
 * A text as a YAML scalar on one line: as it is where no reader of YAML 1.1 or 1.2 can take it for anything else
 * than that text, otherwise as a JSON string, which all readers read alike.
 */
export function yamlScalar(text: string): string {
  return isPlain(text) ? text : withEscapes(JSON.stringify(text))
}

/** Begins with a letter or slash and has no character that means something to YAML wherever it stands. */
const plain = /^[A-Za-z/][A-Za-z0-9 ._/+()@~,=%&?'!$;:-]*$/
/** A colon makes a key, a space is lost at the end. */
const notPlain = /: |[: ]$/
/** The versions seen most: two dots make it a number for nobody. */
const plainVersion = /^v?[0-9]+\.[0-9]+\.[0-9]+(?:[-+][A-Za-z][A-Za-z0-9.+-]*)?$/
/** What some reader takes for a boolean, null or number. */
const typed = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf|infinity)$/i

function isPlain(text: string): boolean {
  if (text.length > 200) return false
  if (plain.test(text)) return !notPlain.test(text) && !(text.length < 9 && typed.test(text))
  return plainVersion.test(text)
}

/** What JSON leaves as it is and YAML does not allow, folds as a line break, or takes for a byte order mark. */
const rare = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g

function withEscapes(json: string): string {
  return json.search(rare) === -1 ? json : json.replace(rare, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
