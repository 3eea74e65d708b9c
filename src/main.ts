import { checkedConfig } from './commands/check-config.ts'
import { checkHealth } from './commands/health.ts'
import { licensesText } from './commands/licenses.ts'
import { versionText } from './commands/version.ts'
import { openRegistry, writesJson } from './commands/open-registry.ts'
import { serve } from './commands/serve.ts'
import { runWork } from './commands/work.ts'
import { readCommandLine } from './config/command-line.ts'
import { helpText } from './config/help.ts'
import { loadSettings, SettingsError, type LoadInput } from './config/load.ts'
import type { Settings } from './config/options.ts'
import { rememberingReader } from './config/text-file.ts'
import { isRegistryError } from './errors.ts'
import { createLog, wantsColour, type LogWriter } from './log-writer.ts'
import { StartError } from './start-error.ts'

/** Wrong settings, as every command line tool says it; whatever else stops the start is 1. */
const exitSettings = 2
const exitFailed = 1

// No await at the top level and no exports: both break the compiled executable (measured with Bun 1.4.5).
run(process.argv.slice(2)).catch(fail)

function fail(error: unknown): never {
  const mistaken = error instanceof SettingsError
  const expected = isRegistryError(error) || error instanceof StartError
  console.error(mistaken || expected ? error.message : error)
  process.exit(mistaken ? exitSettings : exitFailed)
}

async function run(argv: readonly string[]): Promise<void> {
  const { command, subject, checkConfig } = readCommandLine(argv)
  if (command === 'help') return print(helpText(process.stdout.columns, subject))
  if (command === 'version') return print(versionText())
  if (command === 'licenses') return print(await licensesText())
  const input: LoadInput = { argv, env: process.env, readFile: rememberingReader() }
  const loaded = loadSettings(input)
  const { settings } = loaded
  for (const [variable, value] of Object.entries(loaded.credentials)) {
    if (value === undefined) delete process.env[variable]
    else process.env[variable] = value
  }
  if (checkConfig) return print(await checkedConfig(loaded, process.stdout.columns))
  if (command === 'health') {
    const { healthy, message } = await checkHealth(settings)
    print(message)
    process.exit(healthy ? 0 : exitFailed)
  }
  const log = logOf(settings)
  for (const warning of loaded.warnings) log.warn(warning)
  if (command === 'import' || command === 'export' || command === 'doctor') {
    process.exit(await runWork(command, loaded, { input, log, openRegistry }))
  }
  // ChartMuseum: --gen-index works at depth 0 only (with --depth-dynamic too) and is ignored otherwise.
  if (settings.genIndex && settings.depth === 0) return printIndex(settings, log)
  if (settings.genIndex) log.warn('--gen-index has no effect with --depth: the server starts')
  await serve(loaded, log, fail)
}

/** Prints the index of the root repository and nothing else on standard output. */
async function printIndex(settings: Settings, log: LogWriter): Promise<void> {
  const { registry, scratch } = await openRegistry(settings, log)
  print(await registry.repository('').indexText(writesJson(settings) ? 'json' : 'yaml'))
  await registry.close()
  await scratch?.close()
  log.flush()
}

function logOf(settings: Settings): LogWriter {
  const { debug, logJson: json, logLatencyInteger: latencyInteger } = settings
  const colour = wantsColour({ NO_COLOR: process.env['NO_COLOR'] }, process.stderr.isTTY)
  return createLog({ json, debug, latencyInteger, colour })
}

function print(text: string): void {
  // Whoever reads us may have seen enough: "chartroom --licenses | head".
  process.stdout.on('error', () => process.exit(0))
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}
