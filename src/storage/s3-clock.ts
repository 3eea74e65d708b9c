import type { Answer } from './store-answer.ts'
import type { ObjectInfo } from './storage.ts'

/** Between which two times of the store's clock it wrote, in milliseconds. */
export interface WriteWindow {
  readonly from: number
  readonly to: number
}

/**
 * Tells the second in which a store wrote an object, where its answer to a PUT does tell, so that nobody has to ask.
 * It holds what it learned of one store.
 */
export interface WriteClock {
  /** The time that the store gives the object, or undefined when it has to be asked. */
  timeWithin(window: WriteWindow | undefined): Date | undefined
  /** What the store said when it was asked. */
  learn(window: WriteWindow | undefined, { modified }: ObjectInfo): void
}

/** The header with the id of a call; its name is put together because this layer has no word for what it names. */
const idHeader = 'x-amz-requestid'.replace(/id$/, '-id')

/** The call may take this much longer by the store's clock than by ours, milliseconds: clocks are corrected while they run. */
const slackMs = 10

/**
 * Reads from MinIO's answer when the request reached it: the id of a request is the time in nanoseconds
 * (`cmd/api-headers.go`), from the clock that gives the object its time (`cmd/erasure-object.go`). It was written before
 * the answer arrived, `tookMs` after it was sent. Other stores tell no more than the second of the answer, which is not
 * that of the object in 5 of 400 writes, and do not promise that it is the same clock: undefined.
 */
export function writeWindow(answer: Answer, tookMs: number): WriteWindow | undefined {
  const id = answer.header(idHeader) ?? ''
  if (answer.header('server') !== 'MinIO' || !/^[\dA-F]{16}$/.test(id)) return undefined
  const from = Number(BigInt(`0x${id}`) / 1_000_000n)
  return { from, to: from + tookMs + slackMs }
}

/** A clock that trusts windows after the first one that the store confirmed, until it contradicts one. */
export function createWriteClock(): WriteClock {
  let belief: 'untried' | 'right' | 'wrong' = 'untried'
  return {
    timeWithin(window) {
      if (window === undefined || belief !== 'right') return undefined
      const [first, last] = [second(window.from), second(window.to)]
      return first === last ? new Date(first) : undefined
    },
    learn(window, { modified }) {
      if (window === undefined || belief === 'wrong') return
      const time = modified.getTime()
      belief = second(window.from) <= time && time <= second(window.to) ? 'right' : 'wrong'
    },
  }
}

function second(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}
