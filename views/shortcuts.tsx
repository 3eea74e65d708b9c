/** @jsxImportSource preact */
import type { Page } from './page.ts'
import { Preferences } from './menus.tsx'
import { Shell } from './shell.tsx'
import { accountWords } from './words/account.ts'
import { shortcutWords } from './words/shortcuts.ts'

type Words = (typeof shortcutWords)['en']

interface Shortcut {
  readonly keys: readonly string[]
  /** From the first key to the last. */
  readonly range?: boolean
  readonly does: (words: Words) => string
  /** Selector of what must be on a page for the key to mean something: the script hides other rows of the dialog. */
  readonly needs?: string
}

interface Group {
  readonly title: (words: Words) => string
  readonly shortcuts: readonly Shortcut[]
}

const key = (name: string) => `[data-key="${name}"]`

const groups: readonly Group[] = [
  {
    title: (words) => words.everywhere,
    shortcuts: [
      { keys: ['/'], does: (words) => words.search, needs: key('/') },
      { keys: ['?'], does: (words) => words.help, needs: key('?') },
      { keys: ['u'], does: (words) => words.upload, needs: key('u') },
      { keys: ['t'], does: (words) => words.theme },
      { keys: ['Esc'], does: (words) => words.escape },
    ],
  },
  {
    title: (words) => words.lists,
    shortcuts: [
      { keys: ['j'], does: (words) => words.next, needs: '[data-row]' },
      { keys: ['k'], does: (words) => words.previous, needs: '[data-row]' },
      { keys: ['Enter'], does: (words) => words.open, needs: '[data-row]' },
    ],
  },
  {
    title: (words) => words.charts,
    shortcuts: [
      { keys: ['1', '8'], range: true, does: (words) => words.tab, needs: key('1') },
      { keys: ['['], does: (words) => words.older, needs: key('[') },
      { keys: [']'], does: (words) => words.newer, needs: key(']') },
      { keys: ['c'], does: (words) => words.compare, needs: key('c') },
      { keys: ['y'], does: (words) => words.copy, needs: key('y') },
    ],
  },
]

/** All keys, as a page and, from any other page, as a dialog. */
export function Shortcuts({ page }: { page: Page }) {
  const words = shortcutWords[page.language]
  return (
    <Shell
      page={page}
      title={words.title}
      masthead={
        <>
          <h1>{words.title}</h1>
          <p class="facts">{page.shortcuts ? words.lede : words.off}</p>
        </>
      }
    >
      <div class="wrap page">
        <dialog open class="shortcuts" aria-labelledby="shortcuts-list">
          <h2 id="shortcuts-list">{words.list}</h2>
          <p class="hint">{words.where}</p>
          {groups.map((group) => (
            <GroupTable words={words} group={group} />
          ))}
          <p class="actions">
            <a class="btn" href={`${page.contextPath}/`} data-close="">
              {words.close}
            </a>
          </p>
        </dialog>
        <section>
          <h2>{accountWords[page.language].preferences}</h2>
          <Preferences page={page} />
        </section>
      </div>
    </Shell>
  )
}

function GroupTable({ words, group }: { words: Words; group: Group }) {
  const needs = group.shortcuts.map((shortcut) => shortcut.needs)
  return (
    <table class="t" {...(!needs.includes(undefined) && { 'data-needs': needs.join(',') })}>
      <caption>{group.title(words)}</caption>
      <thead class="vh">
        <tr>
          <th scope="col">{words.key}</th>
          <th scope="col">{words.does}</th>
        </tr>
      </thead>
      <tbody>
        {group.shortcuts.map(({ keys, range, does, needs: needed }) => (
          <tr {...(needed !== undefined && { 'data-needs': needed })}>
            <th scope="row">
              {keys.map((name, at) => (
                <>
                  {at > 0 && (range === true ? ` ${words.to} ` : ' ')}
                  <kbd>{name}</kbd>
                </>
              ))}
            </th>
            <td>{does(words)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
