import { $ } from 'bun'
import type { AllowedCalls } from './sealed.ts'

/** A systemd unit: what each key was given, in order, whatever section it is in. */
export type Unit = ReadonlyMap<string, readonly string[]>

/** Reads the text of a unit (https://www.freedesktop.org/software/systemd/man/systemd.syntax.html). */
export function parseUnit(text: string): Unit {
  const unit = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [, key, value = ''] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? []
    if (key) unit.set(key, [...(unit.get(key) ?? []), value])
  }
  return unit
}

/** The last value of a key: the one that counts. */
export function valueOf(unit: Unit, key: string): string {
  const value = unit.get(key)?.at(-1)
  if (value === undefined) throw new Error(`the unit has no ${key}`)
  return value
}

/** The lines of a file for EnvironmentFile=. */
export function parseEnvironment(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]))
}

/** Numbers of sys/socket.h. */
const families: Readonly<Record<string, number>> = { AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16 }
/** What systemd allows beside every list, so that it can start the program at all. */
const always = ['execve', 'exit', 'exit_group', 'getrlimit', 'rt_sigreturn', 'sigreturn']

/** What SystemCallFilter= and RestrictAddressFamilies= of a unit leave, by the sets that this systemd has. */
export async function allowedCalls(unit: Unit, systemdAnalyze: string): Promise<AllowedCalls> {
  const sets = new Map<string, string[]>()
  let current: string[] = []
  for (const line of (await $`${systemdAnalyze} --no-pager syscall-filter`.text()).split('\n')) {
    if (line.startsWith('@')) sets.set(line.trim(), (current = []))
    else if (/^\s+[@a-z]/.test(line)) current.push(line.trim())
  }
  const named = (name: string): string[] =>
    name.startsWith('@') ? (sets.get(name) ?? []).flatMap(named) : [name]
  const allowed = new Set<string>(always)
  for (const value of unit.get('SystemCallFilter') ?? []) {
    const calls = value.replace('~', '').split(' ').flatMap(named)
    for (const call of calls) {
      if (value.startsWith('~')) allowed.delete(call)
      else allowed.add(call)
    }
  }
  const wanted = valueOf(unit, 'RestrictAddressFamilies').split(' ')
  return { names: [...allowed], families: wanted.map((family) => families[family] ?? 0) }
}
