import type { SchemaRow } from '../src/reader/schema.ts'
import type { SchemaWords } from './words/schema.ts'

/** The limits of a key in words; a lower and an upper one are one range: "1 to 65535". */
export function limitTexts(words: SchemaWords, limits: SchemaRow['limits']): string[] {
  const { minimum, maximum } = limits
  const isRange = minimum !== undefined && maximum !== undefined
  const texts = isRange ? [words.between(String(minimum), String(maximum))] : []
  for (const [keyword, value] of Object.entries(limits)) {
    if (isRange && (keyword === 'minimum' || keyword === 'maximum')) continue
    if (value === false ? keyword !== 'additionalProperties' : keyword === 'additionalProperties') continue
    if (Object.hasOwn(words.limits, keyword))
      texts.push(words.limits[keyword as keyof SchemaWords['limits']](String(value)))
  }
  return texts
}
