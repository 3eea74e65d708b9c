import { killRounds } from '../test/support/kill-rounds.ts'
import { killStores } from '../test/support/kill-stores.ts'

/**
 * `bun bench/kill.ts [rounds] [store …]`: kills the server, its store or both at random moments under eight writers, so
 * many times (20) over each store (local, minio, etcd), and looks whether all that was answered is true. The same rounds
 * as in the tests, more of them. Ends with 1 when anything was wrong.
 */
async function main(): Promise<void> {
  const [rounds = '20', ...names] = process.argv.slice(2)
  let wrong = 0
  for (const [name, { open }] of Object.entries(killStores)) {
    if (names.length > 0 && !names.includes(name)) continue
    await using opened = await open()
    const report = await killRounds(opened.store, Number(rounds))
    wrong += report.wrong.length
    console.log(
      `${name}: ${rounds} rounds, ${report.answered} writes answered, ${report.open} open when something was killed, ` +
        `${report.read} archives compared while it ran, ${report.wrong.length} wrong`,
    )
    for (const line of report.wrong) console.log(`  ${line}`)
  }
  process.exitCode = wrong === 0 ? 0 : 1
}

await main()
