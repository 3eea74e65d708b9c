/** @jsxImportSource preact */
import { describe, expect, test } from 'bun:test'
import { renderToString } from 'preact-render-to-string'
import type { NumberedComparison } from '../../src/reader/diff-lines.ts'
import { ComparePage, type CompareProps } from '../../views/compare.tsx'
import { pageFor } from '../support/page.ts'

const nothing: NumberedComparison = {
  from: '1.0.0',
  to: '1.1.0',
  facts: [],
  dependencies: [],
  values: undefined,
  files: [],
  attention: [],
  truncated: false,
}
const props: CompareProps = {
  page: pageFor(),
  name: 'redis',
  versions: ['1.1.0', '1.0.0'],
  pair: {
    from: { version: '1.0.0', file: 'redis-1.0.0.tgz' },
    to: { version: '1.1.0', file: 'redis-1.1.0.tgz' },
  },
  backwards: false,
  comparison: nothing,
}

describe('<ComparePage>', () => {
  test('says what to do when the comparison was not made in time', () => {
    const html = renderToString(<ComparePage {...props} comparison={undefined} />)
    expect(html).toContain('could not be compared in time')
    expect(html).toContain('<a href="/-/chart/redis/compare/1.0.0...1.1.0">Try again</a>')
    const chinese = renderToString(
      <ComparePage {...props} page={pageFor({ language: 'zh-CN' })} comparison={undefined} />,
    )
    expect(chinese).toContain('未能及时完成对比')
  })

  test('says so when the files are the same', () => {
    expect(renderToString(<ComparePage {...props} />)).toContain('Nothing changed.')
  })

  test('says that values cannot be compared by key where they are too large', () => {
    const file = {
      name: 'values.yaml',
      area: 'values',
      change: 'changed',
      lines: undefined,
      hunks: undefined,
    } as const
    const html = renderToString(<ComparePage {...props} comparison={{ ...nothing, files: [file] }} />)
    expect(html).toContain('cannot be compared by key')
    expect(html).toContain('Not shown line by line')
  })
})
