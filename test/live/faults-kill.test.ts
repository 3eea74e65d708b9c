import { describe, expect } from 'bun:test'
import { killRounds } from '../support/kill-rounds.ts'
import { killStores } from '../support/kill-stores.ts'
import { peerTest } from '../support/peers.ts'

/** Rounds for each store; `bun bench/kill.ts` does more. */
const rounds = 3
/** Milliseconds for the rounds of one store. */
const timeout = 180_000

// Each store by itself waits much and works little.
describe.concurrent(
  'kill -9 of the server, and of its store, in the middle of publishing, overwriting and deleting',
  () => {
    for (const [name, { peers, open }] of Object.entries(killStores)) {
      peerTest(
        peers,
        `takes back nothing that was answered over ${name}, leaves nothing half written and nothing besides`,
        async () => {
          await using opened = await open()
          const report = await killRounds(opened.store, rounds)
          expect(report.wrong).toEqual([])
          // What was not tried cannot have gone wrong.
          expect(report.answered).toBeGreaterThan(rounds * 8)
          expect(report.open).toBeGreaterThan(0)
          expect(report.read).toBeGreaterThan(0)
        },
        timeout,
      )
    }
  },
)
