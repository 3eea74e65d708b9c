import { describe, expect, test } from 'bun:test'
import { nearestNames } from '../../src/registry/nearest.ts'
import { marked } from '../../src/registry/search-marks.ts'

/** The texts with brackets around what is marked. */
const shown = (words: string, ...texts: string[]) =>
  marked(texts, words).map((parts) => parts.map(({ text, hit }) => (hit ? `[${text}]` : text)).join(''))

describe('what a search found', () => {
  test.each([
    [
      'redis',
      ['redis-cluster', 'Redis and rediscover predis'],
      ['[redis]-cluster', '[Redis] and [redis]cover predis'],
    ],
    ['sql', ['postgresql', 'a sql in mysql'], ['postgre[sql]', 'a [sql] in mysql']],
    ['cert manager', ['cert-manager'], ['[cert]-[manager]']],
    ['creme', ['x', 'Crème brûlée, CRÈME'], ['x', '[Crème] brûlée, [CRÈME]']],
    ['brulee', ['x', 'Cre\u0300me bru\u0302le\u0301e!'], ['x', 'Cre\u0300me [bru\u0302le\u0301e]!']],
    ['8.0', ['x', 'app 8.0.3'], ['x', 'app [8.0].3']],
    ['数据库', ['x', '关系型数据库管理'], ['x', '关系型[数据库]管理']],
    ['fi', ['x', 'ﬁle ﬁ'], ['x', '[ﬁ]le [ﬁ]']],
    ['nothing', ['redis', 'text'], ['redis', 'text']],
    ['', ['redis'], ['redis']],
    ['!?', ['re!dis'], ['re!dis']],
    ['a', ['', 'a'], ['', '[a]']],
  ])('%s', (words, texts, wanted) => {
    expect(shown(words, ...texts)).toEqual(wanted)
  })

  test('with a wrong letter is marked only where no text has the word right', () => {
    expect(shown('redsi', 'redis', 'the redis store')).toEqual(['[redis]', 'the [redis] store'])
    expect(shown('cart', 'cart', 'a chart')).toEqual(['[cart]', 'a chart'])
    expect(shown('cart', 'shop', 'a chart')).toEqual(['shop', 'a [chart]'])
  })

  test('loses and changes nothing, whatever the text', () => {
    for (const text of ['<b>&amp;', '\u202eabc', 'İstanbul ﷺ 한글 \u1112\u1161\u11ab', '\ud800x', '👩‍👩‍👧 a']) {
      for (const words of ['a', 'istanbul', '한글', 'b x']) {
        expect(
          marked([text], words)[0]
            ?.map((part) => part.text)
            .join(''),
        ).toBe(text)
      }
    }
  })

  test('refuses what the search refuses', () => {
    expect(() => marked(['a'], 'a'.repeat(201))).toThrow('at most 200')
  })
})

describe('names that may have been meant', () => {
  const names = [
    'redis',
    'redis-cluster',
    'reddit',
    'nginx',
    'ingress-nginx',
    'kube-prometheus-stack',
    'Café',
  ]

  test.each([
    ['redsi', ['redis']],
    ['rediss', ['redis']],
    ['REDIS', ['redis', 'redis-cluster']],
    ['nginx', ['nginx', 'ingress-nginx']],
    ['prometheus', ['kube-prometheus-stack']],
    ['kube-promethues-stak', ['kube-prometheus-stack']],
    ['cafe', ['Café']],
    ['nginx-stable', ['nginx']],
    ['zzz', []],
    ['', []],
  ])('%s', (wanted, found) => {
    expect(nearestNames(names, wanted, 9)).toEqual(found)
  })

  test('are at most so many', () => {
    expect(nearestNames(names, 'redis', 1)).toEqual(['redis'])
    expect(nearestNames(['a'.repeat(300), 'b'], 'a'.repeat(300), 5)).toEqual(['a'.repeat(300)])
  })
})
