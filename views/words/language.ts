/** The languages that every page is written in, by their BCP 47 tags. */
export const languages = ['en', 'zh-CN'] as const
export type Language = (typeof languages)[number]

/** The words of a page in every language; the compiler refuses one that lacks a word. */
export type InLanguages<Words> = Readonly<Record<Language, Words>>

/** The name of each language in itself. */
export const languageNames: InLanguages<string> = { en: 'English', 'zh-CN': '简体中文' }

/**
 * The language for a reader: what the address asks for, else what was chosen before, else the best of `Accept-Language`
 * (RFC 9110, 12.5.4), else English.
 */
export function chooseLanguage(
  asked: string | null | undefined,
  chosen: string | null | undefined,
  accepted: string | null | undefined,
): Language {
  return (
    languageOf(asked) ??
    languageOf(chosen) ??
    byPreference(accepted ?? '')
      .map(languageOf)
      .find((language) => language !== undefined) ??
    'en'
  )
}

/** Every kind of Chinese is answered in the one that we have. */
function languageOf(tag: string | null | undefined): Language | undefined {
  const primary = tag?.trim().toLowerCase().split('-', 1)[0]
  return languages.find((language) => language.split('-', 1)[0] === primary)
}

function byPreference(header: string): string[] {
  return header
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';')
      const weight = parameters.map((text) => /^\s*q=([\d.]+)\s*$/.exec(text)?.[1]).find(Boolean)
      return { tag, weight: weight === undefined ? 1 : Number(weight) }
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag)
}

const numbers: InLanguages<Intl.NumberFormat> = {
  en: new Intl.NumberFormat('en'),
  'zh-CN': new Intl.NumberFormat('zh-CN'),
}

/** A whole number with its groups: "4,806". */
export function numberText(language: Language, value: number): string {
  return value < 1000 && value >= 0 && Number.isInteger(value)
    ? String(value)
    : numbers[language].format(value)
}

/** "1 chart", "4,806 charts". Chinese has one form for every number and needs no such function. */
export function plural(count: number, one: string, many: string): string {
  return `${numberText('en', count)} ${count === 1 ? one : many}`
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Bytes as people read them: "98.4 KiB". Units are the same in every language. */
export function sizeText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

const relative: InLanguages<Intl.RelativeTimeFormat> = {
  en: new Intl.RelativeTimeFormat('en', { numeric: 'auto' }),
  'zh-CN': new Intl.RelativeTimeFormat('zh-CN', { numeric: 'auto' }),
}

const spans = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

/** How long ago a time is (both in milliseconds since 1970): "2 days ago". The script of the pages does the same. */
export function agoText(language: Language, at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000)
  const span = spans.find(([, length]) => Math.abs(seconds) >= length)
  if (span === undefined) return relative[language].format(0, 'second')
  return relative[language].format(Math.round(seconds / span[1]), span[0])
}

const dates: InLanguages<Intl.DateTimeFormat> = {
  en: new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }),
  'zh-CN': new Intl.DateTimeFormat('zh-CN', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }),
}

/** A time in words, in UTC because the server does not know where the reader is: "Nov 20, 2026, 9:00 AM UTC". */
export function dateText(language: Language, at: number): string {
  return `${dates[language].format(at)} UTC`
}
