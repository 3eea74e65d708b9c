import { expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { chart } from '../../support/chart-builder.ts'
import { signingKey } from '../../support/signing.ts'
import { startServer } from '../../support/start-server.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { addressesIn, chartSite, textOf } from './chart-site.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(60_000)

test('a page says how far a signature can be believed, with and without a keyring', async () => {
  const [known, stranger] = [await signingKey(), await signingKey()]
  await using folder = await tempFolder()
  const keyring = join(folder.path, 'keys.gpg')
  await Bun.write(keyring, known.keyring)
  const signed = chart('signed', '1.0.0')
  const bytes = await signed.tgz()
  const chartYaml = 'name: signed\nversion: 1.0.0\n'
  const good = await known.provenance({ file: signed.file, chartYaml, bytes })
  const strange = await stranger.provenance({ file: signed.file, chartYaml, bytes })
  const other = await known.provenance({ file: signed.file, chartYaml, bytes: new Uint8Array(3) })
  const cases = [
    [[], good, 'Signed, not verified', 'Signed'],
    [[], other, 'It was made for another archive', 'Signature of another archive'],
    [['--keyring', keyring], good, 'Verified · Chart Tester <tester@example.com>', 'Verified'],
    [['--keyring', keyring], strange, 'Signed, not verified: key unknown', 'Signed, key unknown'],
    [
      ['--keyring', keyring],
      good.replace('name: signed', 'name:  signed'),
      'Wrong signature',
      'Signature wrong',
    ],
  ] as const
  for (const [flags, provenance, state, badge] of cases) {
    await using site = await chartSite({ flags })
    await site.publish(signed, { provenance })
    const { html } = await site.ask('/-/chart/signed')
    expect(textOf(html.slice(html.indexOf('<aside')))).toContain(state)
    expect(textOf(/<p class="meta">[^]*?<\/p>/.exec(html)?.[0] ?? '')).toContain(` ${badge} `)
    expect(addressesIn(html)).toContain('/charts/signed-1.0.0.tgz.prov')
    const key = provenance === strange ? stranger : known
    expect(textOf(html).replaceAll(' ', '')).toContain(key.fingerprint)
  }
})

test('a keyring that cannot be read stops the start with a sentence', async () => {
  await using folder = await tempFolder()
  const path = join(folder.path, 'keys.gpg')
  await Bun.write(path, 'no keys')
  for (const [file, reason] of [
    [path, 'it is no OpenPGP keyring'],
    [join(folder.path, 'none.gpg'), 'there is no such file'],
  ]) {
    const error = await startServer({ flags: ['--keyring', file ?? ''] }).catch((reason: unknown) => reason)
    expect(String(error)).toContain(`Cannot read the keyring "${file}": ${reason}`)
  }
})
