import { expect, test } from 'bun:test'
import { loadSettings } from '../src/config/load.ts'
import { greet, trialGreeting } from '../src/greeting.ts'
import { createLog } from '../src/log-writer.ts'

const load = (...argv: string[]) => loadSettings({ argv, env: {}, readFile: () => '' })

/** What goes to the log and what to standard output when a server with these arguments starts. */
function greeted(argv: string[], open = true): { log: string; printed: string } {
  let [lines, printed] = ['', '']
  const log = createLog({ json: false, debug: false, write: (text) => (lines += text) })
  greet(load(...argv), { port: 8080, tls: false, open, log }, (text) => (printed += text))
  log.flush()
  return { log: lines, printed }
}

test('somebody who tries it is told where, what, how and what opens it', () => {
  const { log, printed } = greeted([])
  expect(printed).toContain('http://127.0.0.1:8080\n')
  expect(printed).toContain(`${process.cwd()}/data\n`)
  expect(printed).toContain('helm repo add chartroom http://127.0.0.1:8080\n')
  expect(printed).toContain('--listen-host 0.0.0.0 (LISTEN_HOST)')
  expect(log).toContain('\tINFO\tStarting Chartroom\t{"host": "127.0.0.1", "port": 8080}\n')
  expect(log).not.toContain('WARN')
})

test('with a storage only the log speaks, and warns when anybody may write', () => {
  const stored = ['--storage=local', '--storage-local-rootdir=/charts']
  expect(greeted(stored)).toMatchObject({ printed: '', log: expect.stringContaining('\tWARN\tAnybody') })
  expect(greeted(stored, false).log).not.toContain('WARN')
  expect(greeted([...stored, '--listen-host=::1']).log).not.toContain('WARN')
  expect(greeted(['--listen-host=0.0.0.0']).log).toContain('WARN')
})

test('the line for helm has what the settings ask for, but never the password', () => {
  const { settings } = load(
    '--basic-auth-user=u v',
    '--basic-auth-pass=hunter2',
    '--tls-self-signed',
    '--depth=2',
  )
  const text = trialGreeting(settings, { port: 443, tls: true, open: false })
  expect(text).toContain(
    `helm repo add chartroom https://127.0.0.1/myorg/myteam --username 'u v' --ca-file ${process.cwd()}/data/tls/cert.pem`,
  )
  expect(text).not.toContain('hunter2')
})

test('the line for helm leaves room for a name where a file has the users', () => {
  const { settings } = load('--basic-auth-htpasswd=users')
  expect(trialGreeting(settings, { port: 8080, tls: false, open: false })).toContain('--username YOUR_NAME')
})

test('the address is one that a person can open', () => {
  const shown = (...argv: string[]) =>
    trialGreeting(load(...argv).settings, { port: 80, tls: false, open: true })
  expect(shown('--listen-host=::1', '--context-path=c')).toContain('Open      http://[::1]/c\n')
  expect(shown('--listen-host=0.0.0.0')).toContain('Open      http://localhost\n')
  expect(shown('--public-url=https://charts.example.com/')).toContain(
    'Open      https://charts.example.com\n',
  )
})
