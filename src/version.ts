import { version } from '../package.json'

declare const CHARTROOM_BUILD: string | undefined

/** The program's version, and the revision it was built from: `bun build --define CHARTROOM_BUILD='"abc1234"'`. */
export const program = {
  version,
  build: typeof CHARTROOM_BUILD === 'string' ? CHARTROOM_BUILD : 'source',
} as const
