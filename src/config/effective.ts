import type { Loaded } from './load.ts'
import { withoutPasswords } from './names.ts'
import { groups, optionOf, settingOf, type Flag } from './options.ts'

/**
 * The settings as they take effect, in the groups of the help, each with where it was given: `--port`, `PORT`,
 * `chartroom.yaml line 3`, `BASIC_AUTH_PASS_FILE=/run/secrets/pass`, or `default`. Of a secret only whether it is set.
 * Storage backends that are not used, and settings without effect, stand there only when they were given. A row that is
 * wider than `width` columns goes on below.
 */
export function effectiveSettings({ settings, places }: Loaded, width = 100): string {
  const parts = Object.entries(groups).flatMap(([title, table]) => {
    const rows = (Object.keys(table) as Flag[])
      .filter((flag) => places[settingOf(flag)] !== undefined || concerns(flag, settings.storage))
      .map((flag): Row => {
        const name = settingOf(flag)
        return { flag: `--${flag}`, value: shownValue(flag, settings[name]), from: places[name] ?? 'default' }
      })
    return rows.length === 0 ? [] : [`${title}\n${rowsText(rows, width)}`]
  })
  return parts.join('\n')
}

interface Row {
  readonly flag: string
  readonly value: string
  readonly from: string
}

const backendOf = /^storage-(?!timestamp)([a-z]+)-/

/** False for settings that nothing reads: those of other storages, and those that are only accepted. */
function concerns(flag: Flag, storage: string): boolean {
  const { noEffect, deprecated } = optionOf(flag)
  if (noEffect !== undefined || deprecated !== undefined || flag.startsWith('cache-redis-')) return false
  const backend = backendOf.exec(flag)?.[1]
  return backend === undefined || backend === storage
}

/** Columns as wide as the group needs them; what does not fit beside goes below, so that a value is never broken. */
function rowsText(rows: readonly Row[], width: number): string {
  const flags = Math.max(...rows.map(({ flag }) => flag.length))
  const room = Math.max(...rows.map(({ value }) => value.length).filter((length) => length <= 24), 8)
  return rows
    .map(({ flag, value, from }) => {
      const begin = `  ${flag.padEnd(flags)}  ${value.padEnd(room)}`
      const line = `${begin}  ${from}`
      return line.length <= width ? `${line}\n` : `${begin.trimEnd()}\n${' '.repeat(flags + 4)}${from}\n`
    })
    .join('')
}

function shownValue(flag: Flag, value: unknown): string {
  const { secret, reader } = optionOf(flag)
  const empty = value === '' || (Array.isArray(value) && value.length === 0)
  if (empty || (value instanceof Map && value.size === 0)) return '(not set)'
  if (secret === true) return '(set)'
  if (typeof value === 'number' && reader.takes === 'DURATION') return shownDuration(value)
  if (value instanceof Map) {
    return printable([...value].map(([repo, id]) => (repo === '' ? id : `${repo}=${id}`)).join(' '))
  }
  return printable(Array.isArray(value) ? value.join(',') : String(value))
}

/** As it is, or in quotes where something in it would not be seen or would move the cursor. */
function printable(text: string): string {
  const shown = withoutPasswords(text)
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u.test(shown) && shown.trim() === shown
    ? shown
    : JSON.stringify(shown).replace(
        /[^\x20-\x7e]/g,
        (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
}

/** Milliseconds as one would write them: `1h30m`. */
function shownDuration(ms: number): string {
  const units = [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
    ['ms', 1],
  ] as const
  let left = ms
  let text = ''
  for (const [unit, size] of units) {
    const count = unit === 'ms' ? left : Math.floor(left / size)
    if (count > 0) text += `${count}${unit}`
    left -= count * size
  }
  return text === '' ? '0' : text
}
