import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { createLog, goDuration, wantsColour, type LogOptions, type ServedRequest } from '../src/log-writer.ts'
import { eventually } from './support/eventually.ts'
import { mountTmpfs, rootTest } from './support/tmpfs.ts'

const served: ServedRequest = {
  number: 7,
  path: '/charts/mychart-1.0.0.tgz',
  clientIP: '192.0.2.1',
  method: 'GET',
  statusCode: 200,
  latency: 1_234_567,
  reqID: 'c0ffee',
}
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/

/** What a log writes, with a name in place of the time. */
function written(options: Partial<LogOptions>, use: (log: ReturnType<typeof createLog>) => void): string {
  let text = ''
  const log = createLog({ json: false, debug: false, ...options, write: (lines) => (text += lines) })
  use(log)
  log.flush()
  return text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
}

test('the console form is time, level, message and fields with tabs between', () => {
  const text = written({}, (log) => {
    log.info('Starting Chartroom', { host: '0.0.0.0', port: 8080, open: true, nothing: undefined })
    log.warn('no fields')
    log.error('not a number', { count: Number.NaN })
  })
  expect(text).toBe(
    'TIME\tINFO\tStarting Chartroom\t{"host": "0.0.0.0", "port": 8080, "open": true}\n' +
      'TIME\tWARN\tno fields\n' +
      'TIME\tERROR\tnot a number\t{"count": null}\n',
  )
})

test('the time is ISO 8601 with milliseconds, of now', () => {
  let text = ''
  const log = createLog({ json: false, debug: false, write: (lines) => (text += lines) })
  const before = Date.now()
  log.warn('now')
  const [shown = ''] = time.exec(text) ?? []
  expect(Date.parse(shown)).toBeWithin(before, Date.now() + 1)
})

test('the JSON form has L, T and M first, then the fields', () => {
  const text = written({ json: true }, (log) => {
    log.info('Starting Chartroom', { host: '0.0.0.0', port: 8080 })
    log.info('no fields')
  })
  expect(text).toBe(
    '{"L":"INFO","T":"TIME","M":"Starting Chartroom","host":"0.0.0.0","port":8080}\n' +
      '{"L":"INFO","T":"TIME","M":"no fields"}\n',
  )
})

test('an access line has the fields of ChartMuseum in its order', () => {
  const fields =
    '"path": "/charts/mychart-1.0.0.tgz", "comment": "", "clientIP": "192.0.2.1", "method": "GET", ' +
    '"statusCode": 200, "latency": "1.234567ms", "reqID": "c0ffee"'
  expect(written({}, (log) => log.request(served))).toBe(`TIME\tINFO\t[7] Request served\t{${fields}}\n`)
  const json = written({ json: true, latencyInteger: true }, (log) =>
    log.request({ ...served, comment: 'c' }),
  )
  expect(json).toBe(
    '{"L":"INFO","T":"TIME","M":"[7] Request served","path":"/charts/mychart-1.0.0.tgz","comment":"c",' +
      '"clientIP":"192.0.2.1","method":"GET","statusCode":200,"latency":1234567,"reqID":"c0ffee"}\n',
  )
})

test.each([
  [200, 'INFO'],
  [201, 'INFO'],
  [304, 'INFO'],
  [404, 'WARN'],
  [409, 'WARN'],
  [500, 'ERROR'],
  [503, 'ERROR'],
])('a request answered with %d is logged as %s', (statusCode, level) => {
  expect(written({}, (log) => log.request({ ...served, statusCode }))).toContain(`\t${level}\t[7]`)
})

test('debug lines are written only when asked for', () => {
  expect(written({}, (log) => log.debug('x'))).toBe('')
  expect(written({ debug: true }, (log) => log.debug('x'))).toBe('TIME\tDEBUG\tx\n')
})

const hostile = [
  'a\nTIME\tINFO\tforged',
  '\r\u0000\u0007\u001b[31m',
  '\u007f\u009b31m\u0085',
  '\u2028\u2029',
  '\u202eexe.gpj\u2066\ufeff',
  '\ud800 lone',
  '"}\t{"',
]

test.each(hostile)('text from outside cannot leave its place: %j', (text) => {
  for (const json of [false, true]) {
    const lines = written({ json }, (log) => {
      log.info(`Incoming request: ${text}`, { path: text })
      log.request({ ...served, path: text, reqID: text, clientIP: text, method: text, comment: text })
    })
    expect(lines.split('\n')).toHaveLength(3)
    const plain = json ? lines.replaceAll('\n', '') : lines.replaceAll(/[\n\t]/g, '')
    expect(plain).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
    for (const line of lines.trim().split('\n')) {
      const fields = JSON.parse(json ? line : (line.split('\t')[3] ?? '')) as { path: string }
      expect(fields.path).toBe(text)
      if (!json) expect(line.split('\t')).toHaveLength(4)
    }
  }
})

test('letters of other languages stay readable', () => {
  expect(written({}, (log) => log.info('Grüße', { name: 'чарт 图表' }))).toBe(
    'TIME\tINFO\tGrüße\t{"name": "чарт 图表"}\n',
  )
})

test('colours are for terminals without NO_COLOR', () => {
  expect(wantsColour({}, true)).toBe(true)
  expect(wantsColour({ NO_COLOR: '' }, true)).toBe(true)
  expect(wantsColour({ NO_COLOR: '1' }, true)).toBe(false)
  expect(wantsColour({}, undefined)).toBe(false)
  expect(written({ colour: true }, (log) => log.info('x'))).toBe('TIME\t\u001b[34mINFO\u001b[0m\tx\n')
})

test.each([
  [0, '0s'],
  [980, '980ns'],
  [12_500, '12.5µs'],
  [3_250_000, '3.25ms'],
  [1_500_000_000, '1.5s'],
  [90_500_000_000, '1m30.5s'],
  [3_600_000_000_000, '1h0m0s'],
])('%d nanoseconds are written as Go does: %s', (nanoseconds, shown) => {
  expect(goDuration(nanoseconds)).toBe(shown)
})

test('lines wait for each other, a warning takes all of them along at once', async () => {
  const writes: string[] = []
  const log = createLog({ json: false, debug: false, write: (lines) => writes.push(lines) })
  log.info('one')
  log.request(served)
  expect(writes).toEqual([])
  log.warn('two')
  expect(writes).toHaveLength(1)
  expect(writes[0]?.split('\n')).toHaveLength(4)
  log.info('three')
  await Bun.sleep(200)
  expect(writes).toHaveLength(2)
})

test('many lines do not gather without end', () => {
  let most = 0
  const log = createLog({
    json: false,
    debug: false,
    write: (lines) => (most = Math.max(most, lines.length)),
  })
  for (let number = 0; number < 2000; number++) log.request({ ...served, number })
  expect(most).toBeWithin(1000, 40_000)
})

const writer = join(import.meta.dir, '../src/log-writer.ts')

function program(code: string): string[] {
  return [process.execPath, '-e', `import { createLog } from ${JSON.stringify(writer)}\n${code}`]
}

test('nothing is lost when the process ends', async () => {
  const code = `const log = createLog({ json: false, debug: false }); log.info('last words'); process.exit(3)`
  const ended = Bun.spawn(program(code), { stderr: 'pipe', stdout: 'ignore' })
  expect(await new Response(ended.stderr).text()).toContain('last words')
  expect(await ended.exited).toBe(3)
})

test('a reader of the log that goes away does not end the program', async () => {
  const code = `const log = createLog({ json: false, debug: false })
    for (let i = 0; i < 200; i++) { log.warn('x'.repeat(2000)); await Bun.sleep(1) }
    console.log('still here')`
  const [bun = '', ...rest] = program(code)
  const quoted = rest.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const ended = Bun.spawn(
    ['sh', '-c', `{ ${bun} ${quoted} 2>&3 3>&- | cat >&4; } 3>&1 4>&2 | head -c 10 >/dev/null`],
    {
      stdout: 'pipe',
      stderr: 'pipe',
    },
  )
  expect(await new Response(ended.stderr).text()).toBe('still here\n')
})

rootTest('a disk that is full gets the lines as soon as it has room', async () => {
  await using disk = await mountTmpfs(64)
  const file = join(disk.path, 'log')
  await disk.leave(0)
  const code = `const log = createLog({ json: false, debug: false })
    log.warn('while it is full'); console.log('said'); await Bun.sleep(20_000)`
  const [bun = '', ...rest] = program(code)
  await using running = Bun.spawn(['sh', '-c', `exec "$0" "$@" 2>>'${file}'`, bun, ...rest], {
    stdout: 'pipe',
  })
  await running.stdout.getReader().read()
  expect(await Bun.file(file).text()).toBe('')
  await disk.leave(4)
  await eventually(async () => (await Bun.file(file).text()).includes('while it is full'), true)
})
