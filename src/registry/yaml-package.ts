import { Composer, isAlias, isMap, isScalar, isSeq, Parser, Schema } from 'yaml'
import type { Alias, Document, Node, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { resolvePlain, scalarText } from './yaml-scalars.ts'
import type { YamlScalar, YamlValue } from './yaml-scalars.ts'
import { kindOf, YamlError } from './yaml-values.ts'

/** All scalars arrive as text; `resolvePlain` gives them the types that Helm sees. */
const allText = new Schema({ schema: 'failsafe' })

/** The first document by the `yaml` package, which reads all of YAML. Throws YamlError. */
export function parseWithPackage(text: string): YamlValue {
  try {
    const document = firstDocument(text)
    return document === undefined ? null : new Reading().value(document.contents)
  } catch (error) {
    if (error instanceof RangeError)
      throw new YamlError('the document is nested too deeply', { cause: error })
    throw error
  }
}

function firstDocument(text: string): Document.Parsed | undefined {
  const composer = new Composer({
    version: '1.1',
    schema: allText as never,
    uniqueKeys: false,
    logLevel: 'silent',
  })
  for (const document of composer.compose(new Parser().parse(text))) {
    const error = document.errors[0]
    if (error !== undefined) {
      if (error.message.startsWith('Maximum call stack')) throw new RangeError(error.message)
      const line = text.slice(0, error.pos[0]).split('\n').length
      throw new YamlError(`line ${line}: ${error.message}`, { cause: error, line })
    }
    return document
  }
  return undefined
}

const maxDepth = 10_000

/** One walk over a document: anchors in the order of the text, alias expansion counted as Helm's reader counts it. */
class Reading {
  private readonly anchors = new Map<string, Node>()
  private readonly targets = new Map<Alias, Node>()
  private readonly open = new Set<Alias>()
  private depth = 0
  private nodes = 0
  private aliased = 0

  value(node: Node | null): YamlValue {
    this.count()
    if (node === null) return null
    if (isAlias(node)) return this.aliasedValue(node)
    if (this.open.size === 0 && 'anchor' in node && node.anchor !== undefined)
      this.anchors.set(node.anchor, node)
    if (isScalar(node)) return scalarValue(node)
    if (++this.depth > maxDepth) throw new YamlError('the document is nested too deeply')
    const value = isSeq(node) ? this.list(node) : isMap(node) ? this.mapping(node) : null
    this.depth--
    return value
  }

  /** The bound on expansion that keeps a small text from becoming billions of values. */
  private count(): void {
    this.nodes++
    if (this.open.size > 0) this.aliased++
    if (this.aliased <= 100 || this.nodes <= 1000) return
    const share = Math.min(Math.max((this.nodes - 400_000) / 3_600_000, 0), 1)
    if (this.aliased / this.nodes > 0.99 - 0.89 * share)
      throw new YamlError('document contains excessive aliasing')
  }

  private aliasedValue(alias: Alias): YamlValue {
    if (this.open.has(alias)) throw new YamlError(`anchor '${alias.source}' value contains itself`)
    const target = this.targetOf(alias)
    this.open.add(alias)
    const value = this.value(target)
    this.open.delete(alias)
    return value
  }

  /** An alias means the anchor that stood last before it, also when it is read again through another alias. */
  private targetOf(alias: Alias): Node {
    const target = this.targets.get(alias) ?? this.anchors.get(alias.source)
    if (target === undefined) throw new YamlError(`unknown anchor '${alias.source}' referenced`)
    this.targets.set(alias, target)
    return target
  }

  private list(node: YAMLSeq): YamlValue[] {
    return node.items.map((item) => this.value(item as Node | null))
  }

  private mapping(node: YAMLMap): { [key: string]: YamlValue } {
    const mapping: { [key: string]: YamlValue } = {}
    for (const { key, value } of node.items as { key: Node | null; value: Node | null }[]) {
      if (isMergeKey(key)) this.merge(mapping, value)
      else {
        const name = keyText(this.value(key))
        setKey(mapping, name, this.value(value))
      }
    }
    return mapping
  }

  /** `<<`: Helm's reader lets merged keys win over those that stand before them in the text. */
  private merge(mapping: { [key: string]: YamlValue }, node: Node | null): void {
    const merged = this.value(node)
    const sources = isSeq(node) && Array.isArray(merged) ? merged.toReversed() : [merged]
    for (const source of sources) {
      if (source === null || typeof source !== 'object' || Array.isArray(source)) {
        throw new YamlError('map merge requires map or sequence of maps as the value')
      }
      for (const [name, value] of Object.entries(source)) setKey(mapping, name, value)
    }
  }
}

function isMergeKey(key: Node | null): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN' && key.tag === undefined
}

/** Sets a key of a mapping, `__proto__` included. */
function setKey(mapping: { [key: string]: YamlValue }, key: string, value: YamlValue): void {
  if (key !== '__proto__') mapping[key] = value
  else Object.defineProperty(mapping, key, { value, configurable: true, enumerable: true, writable: true })
}

function keyText(key: YamlValue): string {
  if (key === null || typeof key === 'object') throw new YamlError(`${kindOf(key)} cannot be a key`)
  if (typeof key === 'bigint' && key > maxKey) throw new YamlError(`the number ${key} is too large for a key`)
  const text = scalarText(key)
  return (typeof key === 'number' && infinite[text]) || text
}

const maxKey = 2n ** 63n - 1n

/** As a key, a float without end is written in YAML's way, not in Go's. */
const infinite: Record<string, string> = { '+Inf': '.inf', '-Inf': '-.inf', NaN: '.nan' }

const tagPrefix = 'tag:yaml.org,2002:'

function scalarValue(node: Scalar): YamlScalar {
  const text = String(node.value)
  // "\ud800" in quotes: half a character cannot be written into an index that Go reads.
  if (!text.isWellFormed()) throw new YamlError('found invalid Unicode character escape code')
  if (node.tag === undefined) return node.type === 'PLAIN' ? resolvePlain(text) : text
  if (node.tag === `${tagPrefix}binary`) return Buffer.from(text, 'base64').toString('utf8')
  const wanted = node.tag.startsWith(tagPrefix) ? node.tag.slice(tagPrefix.length) : ''
  if (!['bool', 'int', 'float', 'null'].includes(wanted)) return text
  const value = resolvePlain(text)
  if (wanted === 'float' && typeof value === 'bigint') return Number(value)
  if (tagOf(value) !== wanted) throw new YamlError(`cannot decode \`${text}\` as a !!${wanted}`)
  return value
}

function tagOf(value: YamlScalar): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return 'int'
  return typeof value === 'number' ? 'float' : 'str'
}
