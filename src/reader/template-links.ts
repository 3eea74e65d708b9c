import type { ArchiveFile } from '../registry/archive.ts'
import { codeText, fragmentOf, keyAnchor } from './code-html.ts'
import { escapeHtml } from './html.ts'
import { decodeText } from './text.ts'
import type { ValueKey, Values } from './values.ts'

/** Where a template is defined: `{{ define "name" }}`. */
export interface Define {
  /** The file, as seen from the chart. */
  readonly name: string
  /** From 1. */
  readonly line: number
}

/** What the templates of an archive can refer to. */
export interface TemplateTargets {
  readonly defines: ReadonlyMap<string, Define>
  /** Of the chart whose templates these are. */
  readonly values: ValueTargets
}

/** Finds the key of the values that `.Values.a.b` means. */
export interface ValueTargets {
  /** The path of the key to show; "unknown" when the file surely has none; undefined when it cannot be told. */
  find(path: string): { readonly path: string } | 'unknown' | undefined
}

/** Words in the titles of what is no link. */
export interface LinkWords {
  readonly unknownKey: string
  readonly unknownDefine: string
}

/** True for files that can define templates, those of sub-charts included: Helm has one set of names for all. */
export function canDefine(name: string): boolean {
  return /(?:^|\/)templates\//.test(name)
}

/** A name that is longer is no name; it bounds what one line can cost. */
const define = /\{\{-?\s*(?:define|block)\s+"((?:[^"\\\n]|\\[^\n]){1,200})"/g

/**
 * Every template that the files define. Of equal names the one counts that Helm parses last: of the file that lies
 * highest, then of the first by name (pkg/engine, sortTemplates).
 */
export function indexDefines(files: readonly ArchiveFile[]): Map<string, Define> {
  const found = new Map<string, Define>()
  for (const { name, data } of files.filter((file) => canDefine(file.name))) {
    if (!Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes('{{')) continue
    const text = decodeText(data)
    let line = 1
    let counted = 0
    for (const { 1: defined = '', index } of text.matchAll(define)) {
      for (; counted < index; counted++) if (text.charCodeAt(counted) === 10) line++
      const known = found.get(defined)
      if (known === undefined || isAbove(name, known.name)) found.set(defined, { name, line })
    }
  }
  return found
}

function isAbove(name: string, other: string): boolean {
  const [depth, otherDepth] = [name, other].map((path) => path.split('/').length) as [number, number]
  return depth < otherDepth || (depth === otherDepth && name < other)
}

/** Of no values at all every key is unknown. */
export function valueTargets(values: Values | undefined): ValueTargets {
  const keys = new Map<string, ValueKey>()
  for (const key of values?.keys ?? []) if (!keys.has(key.path)) keys.set(key.path, key)
  return {
    find(path) {
      if (keys.has(path)) return { path }
      for (let end = path.lastIndexOf('.'); end > 0; end = path.lastIndexOf('.', end - 1)) {
        const above = path.slice(0, end)
        const key = keys.get(above)
        // What stands in brackets or comes by an alias has no line of its own.
        if (key !== undefined && (isInline(key) || keys.has(`${above}.<<`))) return { path: above }
        if (key !== undefined) break
      }
      return values?.truncated === true ? undefined : 'unknown'
    },
  }
}

function isInline({ type, default: text = '' }: ValueKey): boolean {
  return type === 'alias' || (type === 'object' && text !== '' && !/^\{\s*\}$/.test(text))
}

const reference =
  /([\w)]?)\.Values((?:\.[A-Za-z_]\w*){1,40})|\b(?:include|template)(\s+)("(?:[^"\\]|\\.){1,200}")/g

/**
 * The HTML of what stands in `{{ }}`, with links to keys of the values and to templates; `root` leads from the page to
 * the address of the version: "../../". Undefined when there is nothing to link.
 */
export function linkedTemplate(text: string, targets: TemplateTargets, root: string, words: LinkWords) {
  let html = ''
  let done = 0
  for (const found of text.matchAll(reference)) {
    const [all, before = '', path = '', , name = ''] = found
    const linked = path === '' ? name : all.slice(before.length)
    const start = found.index + all.length - linked.length
    const target =
      path === ''
        ? defineLink(name.slice(1, -1), targets, root, words)
        : valueLink(path.slice(1), before === '', targets, root, words)
    if (target === undefined) continue
    html += codeText(text.slice(done, start)) + target(codeText(linked))
    done = start + linked.length
  }
  return done === 0 ? undefined : html + codeText(text.slice(done))
}

type Wrap = (inner: string) => string

/** `direct`: it is `.Values` or `$.Values` itself, not that of a variable, which can be another chart's. */
function valueLink(path: string, direct: boolean, targets: TemplateTargets, root: string, words: LinkWords) {
  const found = targets.values.find(path)
  if (found === 'unknown') return direct ? unknown(words.unknownKey) : undefined
  const id = found && keyAnchor(found.path)
  return id === undefined ? undefined : link(`${root}values${fragmentOf(id)}`)
}

function defineLink(name: string, { defines }: TemplateTargets, root: string, words: LinkWords) {
  const found = defines.get(name)
  if (found === undefined) return unknown(words.unknownDefine)
  return link(`${root}${fileAddress(found.name)}#L${found.line}`)
}

/** Where a file of an archive is shown, as seen from the address of its version. */
export function fileAddress(name: string): string {
  const encoded = name.split('/').map(encodeURIComponent).join('/')
  return name.startsWith('templates/') ? encoded : `files/${encoded}`
}

function link(address: string): Wrap {
  return (inner) => `<a href="${escapeHtml(address)}">${inner}</a>`
}

function unknown(title: string): Wrap {
  return (inner) => `<span class="unknown" title="${escapeHtml(title)}">${inner}</span>`
}
