import { firstGiven, variableLevel } from './given.ts'
import type { ReadText } from './text-file.ts'
import { twinOf } from './file-twins.ts'

/** Variables with which the libraries of the clouds are given keys: no settings of ours, but read from files as those are. */
const variables = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AZURE_STORAGE_ACCOUNT',
  'AZURE_STORAGE_ACCESS_KEY',
  'AZURE_STORAGE_CONNECTION_STRING',
  'ALIBABA_CLOUD_ACCESS_KEY_ID',
  'ALIBABA_CLOUD_ACCESS_KEY_SECRET',
  'BAIDU_CLOUD_ACCESS_KEY_ID',
  'BAIDU_CLOUD_ACCESS_KEY_SECRET',
  'TENCENT_CLOUD_COS_SECRET_ID',
  'TENCENT_CLOUD_COS_SECRET_KEY',
] as const

type Variables = Readonly<Record<string, string | undefined>>

/** What credentialsFromFiles makes of an environment. */
export interface Credentials {
  /** Variables to set, and with undefined those to take away. */
  readonly changes: Variables
  readonly mistakes: readonly string[]
}

/** Reads the files that variables such as AWS_SECRET_ACCESS_KEY_FILE name, as those of our own secrets are read. */
export function credentialsFromFiles(env: Variables, readText: ReadText): Credentials {
  const changes: Record<string, string | undefined> = {}
  const mistakes: string[] = []
  for (const variable of variables) {
    const twin = twinOf({ flag: '', variable }, { key: '', secret: true })
    const file = twin?.variable ?? ''
    if (env[file] === undefined) continue
    const given = firstGiven([variableLevel(env, variable, twin)], variable, readText)
    if (given?.kind === 'mistake') mistakes.push(given.sentence)
    if (given?.kind !== 'given') continue
    changes[variable] = given.texts.join('')
    // Whoever reads the settings once more finds them as they are now.
    changes[file] = undefined
  }
  return { changes, mistakes }
}
