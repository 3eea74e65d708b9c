import { failure, ifNoneMatch, notModified, range, ranged, unavailable, validators } from './answers.ts'
import type { MediaDoc, OperationDoc, ResponseDoc } from '../operation-doc.ts'

/** The sentences of a version that is not there. */
export const noVersion = [
  'no chart name found',
  'no chart version found for mychart-9.9.9',
  'improper constraint: not-a-range',
  'object not found',
  'not found',
]

const noSuchVersion = failure(
  'No such chart, no such version, or the version is neither a version nor a range.',
  ...noVersion,
)

const unreadable = failure(
  'The archive in the storage is no longer one that can be read.',
  'gzip: invalid header',
)

/** What all of them share: answers that stay the same as long as the archive does. */
export function reading(
  about: Pick<OperationDoc, 'id' | 'summary' | 'description' | 'query'>,
  answer: { description: string; content: Record<string, MediaDoc> },
  refusals: Record<number, ResponseDoc>,
): OperationDoc {
  return {
    ...about,
    tag: 'Charts',
    headers: [ifNoneMatch, range],
    responses: {
      200: { ...answer, headers: validators },
      ...ranged(answer.content),
      304: notModified,
      400: unreadable,
      404: noSuchVersion,
      503: unavailable,
      ...refusals,
    },
  }
}

/** One JSON body, its schema written out. */
export function json(schema: object, example: unknown): Record<string, MediaDoc> {
  return { 'application/json': { schema, example } }
}
