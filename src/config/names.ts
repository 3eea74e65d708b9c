import { optionOf, settingOf, variableOf, type Flag, type Settings } from './options.ts'

/** A setting as mistakes name it: `--port (PORT, file key port)`, so that one finds it wherever it was given. */
export function namesOf(flag: Flag): string {
  const { key } = optionOf(flag)
  return `--${flag} (${variableOf(flag)}${key === '' ? '' : `, file key ${key}`})`
}

/** One mistake for each of the settings that is empty although `who`, such as "--storage minio", cannot do without it. */
export function needed(settings: Settings, who: string, what: Partial<Record<Flag, string>>): string[] {
  return (Object.entries(what) as [Flag, string][])
    .filter(([flag]) => settings[settingOf(flag)] === '')
    .map(([flag, thing]) => `${who} needs ${thing}: ${namesOf(flag)}`)
}

/** What was given for a setting, for a sentence: never a secret, and no password that stands in an address. */
export function shownText(flag: Flag, text: string): string {
  if (optionOf(flag).secret === true) return 'the value'
  const shown = withoutPasswords(text)
  return JSON.stringify(shown.length > 200 ? `${shown.slice(0, 200)}…` : shown)
}

/** A text with what stands before "@" in addresses left out. */
export function withoutPasswords(text: string): string {
  return text.replace(/\/\/\S*@/g, '//***@')
}
