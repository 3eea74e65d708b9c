import type { Server } from './processes.ts'
import type { Bench, Contestant, Measurement, SubjectId } from './row.ts'
import { firstIndex, repositoryServers, startOver } from './servers.ts'
import type { Place, Store } from './stores.ts'

/**
 * The servers over places of their own in a store; of ChartMuseum's two modes the cheaper one, because on a store that
 * takes its time for everything the other one takes minutes for a row.
 */
export function contestants(
  store: Store,
  name: string,
  measure: (place: Place, subject: SubjectId, round: number) => Promise<Measurement>,
): Contestant[] {
  const museum = repositoryServers().filter((subject) => subject === 'chartmuseum-json')
  const subjects: SubjectId[] = ['chartroom', 'chartroom-single', ...museum]
  return subjects.flatMap((subject) => {
    if (store.place(subject, name) === undefined) return []
    return [
      {
        id: subject,
        // A place of its own for each round: one does not grow under the next.
        measure(round: number) {
          const place = store.place(subject, `${name}-${subject}-${round}`)
          if (place === undefined) throw new Error('it cannot be pointed at this store')
          return measure(place, subject, round)
        },
      },
    ]
  })
}

/** Runs work against a server over a place that begins empty. */
export async function over<T>(
  bench: Bench,
  subject: SubjectId,
  place: Place,
  work: (server: Server) => Promise<T>,
): Promise<T> {
  const limits = ['--max-upload-size=200000000']
  const server = await startOver(bench, subject, { ...place, flags: [...place.flags, ...limits] })
  try {
    await firstIndex(server, 0)
    return await work(server)
  } finally {
    await server.stop()
  }
}
