import { otherUser } from '../test/support/kill-rounds.ts'
import { soak } from '../test/support/soak.ts'

/**
 * `bun bench/soak.ts [requests]`: a mixed load of so many requests (15,000: about a minute), and what of open files and
 * memory it left behind. The same load as in the tests, more of it. Ends with 1 when something was answered wrongly.
 */
async function main(): Promise<void> {
  const started = performance.now()
  const report = await soak({ requests: Number(process.argv[2] ?? 15_000), start: otherUser })
  const seconds = Math.round((performance.now() - started) / 1000)
  console.log(
    `${report.requests} requests in ${seconds} s; open files ${report.openFiles.before} before, ` +
      `${report.openFiles.after} after; memory of each quarter at least ${report.memoryMiB.join(', ')} MiB`,
  )
  for (const line of report.wrong) console.log(`  ${line}`)
  process.exitCode = report.wrong.length === 0 ? 0 : 1
}

await main()
