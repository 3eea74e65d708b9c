import type { ElementContent } from 'hast'
import bash from 'highlight.js/lib/languages/bash'
import diff from 'highlight.js/lib/languages/diff'
import dockerfile from 'highlight.js/lib/languages/dockerfile'
import ini from 'highlight.js/lib/languages/ini'
import json from 'highlight.js/lib/languages/json'
import { createLowlight } from 'lowlight'
import { templateLines } from './template-tokens.ts'
import type { Token, TokenKind } from './token.ts'
import { yamlLines } from './yaml-tokens.ts'

const lowlight = createLowlight({ bash, diff, dockerfile, ini, json })

/** Names that authors give to the languages we colour, and ours for them. */
const names: Readonly<Record<string, string>> = {
  yaml: 'yaml',
  yml: 'yaml',
  'go-template': 'go-template',
  gotmpl: 'go-template',
  gotemplate: 'go-template',
  helm: 'go-template',
  json: 'json',
  bash: 'bash',
  sh: 'bash',
  shell: 'bash',
  zsh: 'bash',
  console: 'bash',
  dockerfile: 'dockerfile',
  docker: 'dockerfile',
  diff: 'diff',
  toml: 'toml',
}

/** Text above this is not coloured (UTF-16 units): the expressions of highlight.js have no bound of their own. */
const mostColoured = 100_000

/** Our name for a language, or undefined when we do not colour it. */
export function knownLanguage(name: string): string | undefined {
  const lower = name.toLowerCase()
  return Object.hasOwn(names, lower) ? names[lower] : undefined
}

/** Source text as a tree with classes, never styles: `<b>` is a key, `<i class="s">` a text; `hljs-…` from highlight.js. */
export function highlight(language: string, text: string): ElementContent[] {
  if (text.length > mostColoured) return [plainText(text)]
  if (language === 'yaml') return coloured(yamlLines(text).map(({ tokens }) => tokens))
  if (language === 'go-template') return coloured(templateLines(text))
  const name = language === 'toml' ? 'ini' : language
  if (!lowlight.registered(name)) return [plainText(text)]
  return lowlight.highlight(name, text).children.filter((child) => child.type !== 'doctype')
}

const classes: Readonly<Record<Exclude<TokenKind, 'key' | 'plain'>, string>> = {
  string: 's',
  number: 'n',
  word: 'b',
  comment: 'c',
  template: 't',
}

function coloured(lines: readonly (readonly Token[])[]): ElementContent[] {
  return lines.flatMap((tokens) => [...tokens.map(elementOf), plainText('\n')])
}

function elementOf({ kind, text }: Token): ElementContent {
  if (kind === 'plain') return plainText(text)
  const children = [plainText(text)]
  if (kind === 'key') return { type: 'element', tagName: 'b', properties: {}, children }
  return { type: 'element', tagName: 'i', properties: { className: [classes[kind]] }, children }
}

function plainText(value: string): { type: 'text'; value: string } {
  return { type: 'text', value }
}
