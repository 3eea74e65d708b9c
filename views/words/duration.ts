import { dateText, type InLanguages, type Language } from './language.ts'

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

/** A span of time in its largest whole unit: "15 minutes". */
export function durationText(language: Language, ms: number): string {
  const [unit, length] = units.find(([, each]) => ms >= each && ms % each === 0) ?? units[3]
  const value = Math.max(1, Math.round(ms / length))
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(value)
}

const clocks: InLanguages<Intl.DateTimeFormat> = {
  en: new Intl.DateTimeFormat('en', { timeStyle: 'short', timeZone: 'UTC', hourCycle: 'h23' }),
  'zh-CN': new Intl.DateTimeFormat('zh-CN', { timeStyle: 'short', timeZone: 'UTC', hourCycle: 'h23' }),
}

/** A moment soon: its time of day, "14:32 UTC", with the date when that is another one. */
export function momentText(language: Language, at: number, now: number): string {
  const dayOf = (time: number) => Math.floor(time / 86_400_000)
  return dayOf(at) === dayOf(now) ? `${clocks[language].format(at)} UTC` : dateText(language, at)
}
