import type { Vocabulary } from './search-vocabulary.ts'
import type { Term } from './search-words.ts'

/** Adds up what the terms of a search weigh in each chart. */
export interface Scores {
  /**
   * The sums by number of chart, 0 where a term is missing. The caller may change them; they hold until the next call.
   */
  of(terms: readonly Term[], size: number): Uint32Array
}

/** The arrays are kept between searches. */
export function createScores(vocabulary: Vocabulary): Scores {
  let sums = new Uint32Array(0)
  let met = new Uint8Array(0)
  let best = new Uint16Array(0)
  return {
    of(terms, size) {
      if (sums.length < size) {
        const room = Math.max(64, size * 2)
        sums = new Uint32Array(room)
        met = new Uint8Array(room)
        best = new Uint16Array(room)
      }
      sums.fill(0)
      met.fill(0)
      for (const [at, term] of terms.entries()) {
        const found: number[] = []
        vocabulary.find(term, { best, found })
        for (const number of found) {
          // A chart that missed a term before stays out.
          if (met[number] === at) {
            met[number] = at + 1
            sums[number] = (sums[number] as number) + (best[number] as number)
          }
          best[number] = 0
        }
      }
      for (let number = 0; number < size; number++) if (met[number] !== terms.length) sums[number] = 0
      return sums
    },
  }
}
