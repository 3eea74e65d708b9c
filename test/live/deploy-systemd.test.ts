import { describe, expect, test } from 'bun:test'
import { $ } from 'bun'
import { chmod, chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileTwinOf, flags, variableOf } from '../../src/config/options.ts'
import { chart } from '../support/chart-builder.ts'
import { peerTest } from '../support/peers.ts'
import { sealedProgram, sealedTest, startSealed } from '../support/sealed.ts'
import { site } from '../support/site.ts'
import { freePort, projectRoot, startServer } from '../support/start-server.ts'
import { filesBelow, tempFolder } from '../support/temp-folder.ts'
import { allowedCalls, parseEnvironment, parseUnit, valueOf } from '../support/unit-file.ts'

/** The unit for systemd: judged by systemd itself, and the program run under what it forbids. */
const folder = join(projectRoot, 'deploy/systemd')
const read = (name: string) => Bun.file(join(folder, name)).text()
const unit = parseUnit(await read('chartroom.service'))
/** What %d stands for. */
const credentials = '/run/credentials/chartroom.service'
const environment = {
  ...Object.fromEntries(
    (unit.get('Environment') ?? []).map((entry) =>
      entry.replace('%d', credentials).split(/=(.*)/s).slice(0, 2),
    ),
  ),
  ...parseEnvironment(await read('chartroom.env')),
} as Record<string, string>

describe('the unit', () => {
  peerTest(['systemd-analyze'], 'is one that systemd takes without a word, and calls safe', async (paths) => {
    await using own = await tempFolder()
    const file = join(own.path, 'chartroom.service')
    // The program need not be installed where the tests run.
    await Bun.write(
      file,
      (await read('chartroom.service')).replace(valueOf(unit, 'ExecStart'), process.execPath),
    )
    const analyze = paths['systemd-analyze']
    const verified = await $`${analyze} verify --man=no ${file}`.quiet().nothrow()
    expect(`${verified.stdout}${verified.stderr}`).toBe('')
    expect(verified.exitCode).toBe(0)
    // 10 is what a service without any restriction has.
    const judged = await $`${analyze} security --no-pager --offline=true --threshold=20 ${file}`
      .quiet()
      .nothrow()
    expect([judged.exitCode, judged.stdout.toString().split('\n').at(-2)]).toEqual([
      0,
      expect.stringContaining('Overall exposure level'),
    ])
  })

  test('names settings of Chartroom, and the same paths everywhere', async () => {
    const settings = new Set<string | undefined>(
      flags.flatMap((flag) => [variableOf(flag), fileTwinOf(flag)?.variable]),
    )
    expect(Object.keys(environment).filter((name) => !settings.has(name))).toEqual([])
    expect(environment['BASIC_AUTH_PASS_FILE']).toBe(`${credentials}/password`)
    expect(environment['STORAGE_LOCAL_ROOTDIR']).toStartWith(`/var/lib/${valueOf(unit, 'StateDirectory')}/`)
    const user = valueOf(unit, 'User')
    expect(await read('chartroom.sysusers.conf')).toMatch(
      new RegExp(`^u ${user} - "\\w+" /var/lib/chartroom$`, 'm'),
    )
    const [, secret] = valueOf(unit, 'LoadCredential').split(':')
    const kept = await read('chartroom.tmpfiles.conf')
    expect(kept).toMatch(new RegExp(`^z ${secret} +0600 root root$`, 'm'))
    expect(kept).toMatch(new RegExp(`^d /etc/chartroom +0750 root ${user}$`, 'm'))
    expect(valueOf(unit, 'EnvironmentFile')).toBe('/etc/chartroom/chartroom.env')
    // The drain takes ten seconds at most.
    expect(Number(valueOf(unit, 'TimeoutStopSec'))).toBeGreaterThan(10)
  })

  sealedTest(['systemd-analyze'], 'leaves the program what it needs', async (paths) => {
    await using own = await tempFolder()
    await chmod(own.path, 0o755)
    const uid = 61_235
    const password = join(own.path, 'password')
    await Bun.write(password, 'open: sesame\n')
    await chmod(password, 0o400)
    await chown(password, uid, uid)
    const places = { '/var/lib/chartroom': join(own.path, 'state'), '/tmp': join(own.path, 'tmp') }
    for (const path of Object.values(places)) {
      await mkdir(path)
      await chown(path, uid, uid)
    }
    const command = valueOf(unit, 'ExecStart').split(' ')
    const port = freePort()
    const url = `http://127.0.0.1:${port}`
    const sealing = {
      uid,
      env: { ...environment, PORT: String(port) },
      readable: {
        ...(await sealedProgram(command[0] ?? '', own.path)),
        [`${credentials}/password`]: password,
      },
      writable: places,
      processesOnly: valueOf(unit, 'ProcSubset') === 'pid',
      calls: await allowedCalls(unit, paths['systemd-analyze']),
    }
    await using running = await startSealed(command, sealing, `${url}/livez`)
    const status = await Bun.file(`/proc/${running.pid()}/status`).text()
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    expect(status).toMatch(/^Seccomp:\t2$/m)
    expect(status).toMatch(/^CapBnd:\t0+$/m)

    const ours = site(
      { url },
      { credentials: { user: environment['BASIC_AUTH_USER'] ?? '', password: 'open: sesame' } },
    )
    expect((await ours.publish(await chart('web', '1.0.0').sized(3_000_000).tgz())).status).toBe(201)
    const pages = await Promise.all(
      ['/', '/-/chart/web', '/-/api', '/index.yaml', '/charts/web-1.0.0.tgz'].map(
        async (path) => (await ours.get(path)).status,
      ),
    )
    expect(pages).toEqual([200, 200, 200, 200, 200])
    expect((await ours.call('DELETE', '/charts/web/1.0.0')).status).toBe(200)

    expect((await filesBelow(places['/tmp'])).length).toBeLessThan(3)
    const ended = await running.stop()
    expect([ended.code, ended.output]).toEqual([0, expect.stringContaining('Starting Chartroom')])
    expect(ended.output).not.toContain('open: sesame')
    expect(await filesBelow(places['/tmp'])).toEqual([])
  })

  test('reloads a server without ending it, also one that has no file to read again', async () => {
    await using server = await startServer()
    const [, signal] = /^\/bin\/kill -(\w+) \$MAINPID$/.exec(valueOf(unit, 'ExecReload')) ?? []
    expect(signal).toBe('HUP')
    process.kill(server.pid, `SIG${signal}`)
    await Bun.sleep(200)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    expect(await server.stop()).toBe(0)
  })
})
