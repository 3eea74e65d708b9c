import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { crawl, type CrawledPage } from '../../support/page-lint.ts'
import { filledServer, hostilePages, hostileParts, plainPages, plainParts } from '../../support/pages.ts'
import type { RunningServer } from '../../support/start-server.ts'
import { catalogues, pairs } from '../../support/words.ts'

setDefaultTimeout(120_000)

const starts = {
  plain: [...plainPages, ...plainParts],
  hostile: [...hostilePages, ...hostileParts],
} as const

interface Crawled {
  readonly server: RunningServer
  readonly english: CrawledPage[]
  readonly chinese: CrawledPage[]
}

async function everyPage(what: 'plain' | 'hostile'): Promise<Crawled> {
  const server = await filledServer(what)
  const inLanguage = (language: string) => crawl(server.url, starts[what], { 'accept-language': language })
  return { server, english: await inLanguage('en'), chinese: await inLanguage('zh-CN') }
}

for (const what of ['plain', 'hostile'] as const) {
  describe(`every page that can be reached, with ${what} charts`, () => {
    let crawled: Crawled
    let pages: readonly CrawledPage[]

    beforeAll(async () => {
      crawled = await everyPage(what)
      pages = [...crawled.english, ...crawled.chinese]
    })
    afterAll(() => crawled.server[Symbol.asyncDispose]())

    test('is there, and none of them fails', () => {
      expect(crawled.english.length).toBeGreaterThan(starts[what].length)
      const failed = pages.filter(({ status }) => status >= 500)
      expect(failed.map(({ path, status }) => `${status} ${path}`)).toEqual([])
    })

    test('has links that lead somewhere', () => {
      const asked = new Set<string>(starts[what])
      const dead = pages.filter(({ path, status }) => status !== 200 && !asked.has(path))
      expect(dead.map(({ path, status }) => `${status} ${path}`)).toEqual([])
    })

    test('holds nothing that acts, nothing unseen, and what everybody needs to find the way', () => {
      const wrong = pages.flatMap(({ path, faults }) => faults.map((fault) => `${path}: ${fault}`))
      expect([...new Set(wrong)]).toEqual([])
    })

    if (what === 'plain') {
      test('is wholly in Chinese for those who read Chinese', async () => {
        const english = await englishWords()
        const left = crawled.chinese.flatMap(({ path, words }) =>
          words.filter((word) => english.has(word) || isEnglish(word)).map((word) => `${path}: ${word}`),
        )
        expect([...new Set(left)]).toEqual([])
      })
    }
  })
}

/** Words and sentences of the English catalogues that are others in Chinese. */
async function englishWords(): Promise<Set<string>> {
  const all = (await catalogues()).flatMap(({ name, en, zh }) => pairs(en, zh, name))
  return new Set(all.filter(({ en, zh }) => en !== zh).map(({ en }) => (typeof en === 'string' ? en : '')))
}

/** What is typed, and the names of the charts and of a button that speaks English everywhere. */
const untranslated = /helm [a-z-]+|Chart (?:filled|toolbox|bare)|[“"]Try it out[”"]/g

/** Two English words side by side are a sentence that somebody forgot: charts say theirs in Chinese here. */
function isEnglish(text: string): boolean {
  return /[A-Za-z]{2,} [a-z]{2,}/.test(text.replaceAll(untranslated, ''))
}
