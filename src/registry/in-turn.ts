/** Runs work under a name so that only one piece of work under that name runs at a time, in order of arrival. */
export interface Turns {
  /** Waits for the turn of every name, runs the work, hands the turns on whatever came of it. */
  run<T>(names: readonly string[], work: () => Promise<T>): Promise<T>
}

/**
 * Makes a set of turns. A publish takes the turn of its file names only, so two different versions are written side
 * by side while two uploads of one version are judged one after the other. Several names are taken in sorted order,
 * so two callers can never wait for each other.
 */
export function createTurns(): Turns {
  const tails = new Map<string, Promise<unknown>>()

  function one<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = tails.get(name)
    const mine = before === undefined ? work() : before.then(work, work)
    const tail = mine.then(ended, ended)
    tails.set(name, tail)
    return mine

    function ended(): void {
      if (tails.get(name) === tail) tails.delete(name)
    }
  }

  return {
    run(names, work) {
      const [only] = names
      if (names.length === 1 && only !== undefined) return one(only, work)
      return [...new Set(names)]
        .sort()
        .reverse()
        .reduce((inner, name) => () => one(name, inner), work)()
    },
  }
}
