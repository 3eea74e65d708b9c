import { gzipSync } from 'node:zlib'
import { bytesOf, chartYaml, entries, mebibyte, nested, odd, zeros } from './archive-parts.ts'
import type { Source } from './archive-parts.ts'
import { chart, noise } from './chart-builder.ts'
import { paxRecords, rawEntry, rawTgz, repeated, tarEnd } from './raw-tar.ts'

/** An archive that looks strange and is fine; its chart is always "odd" 1.0.0. */
export interface OddArchive {
  readonly what: string
  readonly bytes: () => Promise<Uint8Array>
}

function fine(what: string, source: Source): OddArchive {
  return { what, bytes: bytesOf(source) }
}

const text = (value: string) => new TextEncoder().encode(value)

/** Archives that Helm accepts and Chartroom has to accept too. */
export const oddArchives: readonly OddArchive[] = [
  fine('a file of exactly 5 MiB', () =>
    rawTgz(chartYaml, { name: 'odd/large', data: Buffer.alloc(5_242_880) }, tarEnd),
  ),
  fine('100 MiB less one block', () => {
    const file = Buffer.concat([gzipSync(rawEntry({ name: 'odd/zeros', size: 5 * mebibyte })), zeros(5)])
    const last = { name: 'odd/last', data: Buffer.alloc(5 * mebibyte - 512) }
    return Buffer.concat([rawTgz(chartYaml), repeated(file, 19), rawTgz(last, tarEnd)])
  }),
  fine('10,000 entries', () => entries(10_000)),
  fine('several gzip members', async () => {
    const tar = await odd.tar()
    return Buffer.concat([gzipSync(tar.subarray(0, 777)), gzipSync(tar.subarray(777))])
  }),
  fine('no end blocks', rawTgz(chartYaml)),
  fine('one end block', rawTgz(chartYaml, new Uint8Array(512))),
  fine('a tar that ends in its padding', async () =>
    gzipSync(Buffer.concat([rawEntry(chartYaml).subarray(0, 512 + 45)])),
  ),
  fine('garbage behind the end of the tar', rawTgz(chartYaml, tarEnd, noise(5000))),
  fine('200 MB of zeros behind the end of the tar', () =>
    Buffer.concat([rawTgz(chartYaml, tarEnd), zeros(200)]),
  ),
  fine('two top folders', odd.without('values.yaml').member({ name: 'other/values.yaml', data: 'a: 1\n' })),
  fine(
    'folders as members',
    odd.member({ name: 'odd/', type: 'directory' }).member({ name: 'odd/templates/', type: 'directory' }),
  ),
  fine(
    'links and devices',
    odd
      .member({ name: 'odd/a', type: 'symlink', linkname: '/etc/passwd' })
      .member({ name: 'odd/b', type: 'link', linkname: 'odd/a' })
      .member({ name: 'odd/c', type: 'character-device' })
      .member({ name: 'odd/d', type: 'fifo' }),
  ),
  fine('an unknown type', rawTgz(chartYaml, { name: 'odd/a', type: 'Z' }, tarEnd)),
  fine('a PAX name', odd.member({ name: 'odd/a', pax: { path: `odd/files/${'ä'.repeat(150)}` } })),
  fine(
    'a GNU long name',
    rawTgz(
      chartYaml,
      { name: '././@LongLink', type: 'L', data: `odd/files/${'a'.repeat(200)}\0`, magic: 'ustar  \0' },
      { name: 'odd/files/a', magic: 'ustar  \0' },
      tarEnd,
    ),
  ),
  fine(
    'a global PAX header with a comment',
    rawTgz({ name: 'pax_global_header', type: 'g', data: paxRecords({ comment: 'abc' }) }, chartYaml, tarEnd),
  ),
  fine('a tar of the oldest form', rawTgz({ ...chartYaml, magic: '', type: '\0' }, tarEnd)),
  fine('backslashes as separators', rawTgz({ ...chartYaml, name: 'odd\\Chart.yaml' }, tarEnd)),
  fine(
    'paths whose first element is dropped',
    rawTgz(
      { ...chartYaml, name: '/Chart.yaml' },
      { name: '../x' },
      { name: 'C:\\x' },
      { name: '/etc' },
      tarEnd,
    ),
  ),
  fine(
    'byte order marks',
    odd.chartYaml('\ufeffapiVersion: v2\nname: odd\nversion: 1.0.0\n').with('values.yaml', '\ufeffa: 1\n'),
  ),
  fine(
    'Chart.yaml twice, merged',
    rawTgz(
      { name: 'odd/Chart.yaml', data: 'name: odd\nversion: 0.0.1\n' },
      { name: 'odd/Chart.yaml', data: 'version: 1.0.0\n' },
      tarEnd,
    ),
  ),
  fine(
    'requirements.yaml that gives the version',
    odd
      .with('requirements.yaml', 'version: 1.0.0\ndependencies: []\n')
      .chartYaml('name: odd\nversion: 0.1.0\n'),
  ),
  fine(
    'empty values.yaml and locks',
    odd.with('values.yaml', '').with('Chart.lock', '').with('requirements.lock', 'null'),
  ),
  fine(
    'a real Chart.lock',
    odd.with(
      'Chart.lock',
      'dependencies: []\ndigest: sha256:643d5437104296e21d906ecb15b2c96ad278f20cfc4af53b12bb6069bd853726\ngenerated: "2024-01-31T13:14:15.123456789+01:00"\n',
    ),
  ),
  fine('sub-charts as folder and archive', async () =>
    odd
      .with('charts/a/Chart.yaml', 'name: a\nversion: 1.0.0\n')
      .with('charts/b-1.0.0.tgz', await chart('other', '2.0.0').tgz())
      .tgz(),
  ),
  fine(
    'what Helm passes over in charts/',
    odd.with('charts/_old/x', 'x').with('charts/.hidden', 'x').with('charts/a.tgz.prov', 'x'),
  ),
  fine('10 levels of nested archives', async () => odd.with('charts/a.tgz', await nested(9)).tgz()),
  fine('a name in the gzip header', async () => {
    const bytes = await odd.tgz()
    return Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]),
      text(`${'n'.repeat(511)}\0`),
      bytes.subarray(10),
    ])
  }),
]
