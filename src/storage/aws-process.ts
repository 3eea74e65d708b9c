import type { Keys } from './aws-keys.ts'
import type { Environment } from './aws-profile.ts'
import { keysFrom, noKeys, parsedKeys } from './aws-remote.ts'

/** How long a program may take, milliseconds: nobody waits longer for keys. */
const patienceMs = 9_000
/** Longest output, bytes; AWS's own limit is of this size. */
const longestOutput = 64 * 1024

/** The end of the output is waited for this long after the end of the program, milliseconds. */
const outputMs = 500

/**
 * Keys that a program prints (`credential_process` of a profile). It runs by the shell, as it does for AWS's own
 * libraries; what it prints is a secret and never part of an error, and what it writes to stderr goes nowhere.
 */
export async function processKeys(env: Environment, command: string, patience = patienceMs): Promise<Keys> {
  const what = 'the program of "credential_process"'
  const child = Bun.spawn(['/bin/sh', '-c', command], {
    env: { ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
    timeout: patience,
    killSignal: 'SIGKILL',
    maxBuffer: longestOutput,
  })
  const output = Bun.readableStreamToText(child.stdout)
  const code = await child.exited
  if (code !== 0) {
    throw noKeys(
      what,
      child.signalCode ? 'it took too long or printed too much' : `it ended with code ${code}`,
    )
  }
  // What it started may run on and keep the output open.
  const text = await Promise.race([output, Bun.sleep(outputMs)])
  if (text === undefined) throw noKeys(what, 'it ended, and its output did not')
  const fields = parsedKeys(what, text)
  if (fields.Version !== 1) throw noKeys(what, 'what it printed is not of version 1')
  return keysFrom(what, fields)
}
