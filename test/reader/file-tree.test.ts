import { describe, expect, test } from 'bun:test'
import { fileTree } from '../../src/reader/file-tree.ts'
import type { Folder } from '../../src/reader/file-tree.ts'
import type { FileEntry } from '../../src/reader/files.ts'

const file = (name: string, size = 1): FileEntry => ({ name, size, kind: 'text', language: 'text' })

/** "templates/ 3: a.yaml, tests/ 1: t.yaml" */
function drawn({ folders, files }: Folder): string[] {
  return [
    ...folders.flatMap((below) => [`${below.path}/ ${below.size}`, ...drawn(below)]),
    ...files.map(({ name }) => name),
  ]
}

describe('fileTree()', () => {
  test('puts files into their folders, and adds up sizes', () => {
    const tree = fileTree([file('Chart.yaml', 5), file('a/b/c.txt', 2), file('a/d.txt', 3), file('a.txt')])
    expect(drawn(tree)).toEqual(['a/ 5', 'a/b/ 2', 'a/b/c.txt', 'a/d.txt', 'Chart.yaml', 'a.txt'])
    expect(tree.size).toBe(11)
    expect(fileTree([])).toEqual({ name: '', path: '', folders: [], files: [], size: 0 })
  })

  test('takes names that objects know, and paths without end', () => {
    const tree = fileTree([file('__proto__/constructor/x'), file(`${'d/'.repeat(5000)}deep.txt`)])
    expect(drawn(tree).slice(0, 3)).toEqual([
      '__proto__/ 1',
      '__proto__/constructor/ 1',
      '__proto__/constructor/x',
    ])
    expect(drawn(tree).length).toBe(3 + 16 + 1)
  })
})
