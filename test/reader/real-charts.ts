import { test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openArchive } from '../../src/registry/archive.ts'
import { sayOnce } from '../support/peers.ts'
import { projectRoot } from '../support/start-server.ts'

/** Archives of public repositories, which a clone of the project may lack: REAL_CHARTS names a folder of them. */
export const realFolder = process.env.REAL_CHARTS || join(projectRoot, '..', 'shared', 'charts')

export const realCharts: readonly string[] = existsSync(realFolder)
  ? readdirSync(realFolder).filter((file) => file.endsWith('.tgz'))
  : []

/** A test that needs one of them, or, with "", all. Without them it is no test: nothing can fetch them. */
export function realTest(name: string, needed: string, run: () => Promise<void>): void {
  const there = needed === '' ? realCharts.length > 0 : realCharts.includes(`${needed}.tgz`)
  if (there) return test(name, run, 60_000)
  sayOnce(`not run: tests with real charts (no folder ${realFolder}; REAL_CHARTS=<folder> names one)`)
}

/** An archive opened, with all its files. */
export function openReal(file: string) {
  return openArchive(Bun.file(join(realFolder, file.endsWith('.tgz') ? file : `${file}.tgz`)), {
    keep: () => true,
  })
}
