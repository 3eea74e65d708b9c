import { gzipSync } from 'node:zlib'
import { bytesOf, chartYaml, entries, mebibyte, nested, odd, zeros } from './archive-parts.ts'
import type { Source } from './archive-parts.ts'
import { noise } from './chart-builder.ts'
import type { ChartBuilder } from './chart-builder.ts'
import { paxRecords, rawEntry, rawTgz, repeated, tarEnd } from './raw-tar.ts'

export { oddArchives } from './odd-archives.ts'
export type { OddArchive } from './odd-archives.ts'

/** An archive that has to be refused: what is wrong with it, and what the answer has to say. */
export interface HostileArchive {
  readonly what: string
  readonly bytes: () => Promise<Uint8Array>
  readonly status: 400 | 413
  readonly says: RegExp
}

const text = (value: string) => new TextEncoder().encode(value)

function bad(what: string, says: RegExp, source: Source): HostileArchive {
  return { what, bytes: bytesOf(source), status: 400, says }
}

const withMember = (name: string) => odd.member({ name, data: 'x' })
const withChartYaml = (yaml: string) => odd.chartYaml(yaml)
const truncated = async (cut: number) => (await odd.sized(3000).tgz()).subarray(0, cut)

const gzipAndTar: readonly HostileArchive[] = [
  bad('nothing at all', /^EOF$/, new Uint8Array()),
  bad('a few bytes', /^unexpected EOF$/, text('hello')),
  bad('a text', /^gzip: invalid header$/, text('this is no archive at all')),
  bad('a gzipped text', /^unexpected EOF$/, gzipSync('this is no tar')),
  bad('gzip of nothing', /^no files in chart archive$/, gzipSync('')),
  bad('an empty tar', /^no files in chart archive$/, gzipSync(tarEnd)),
  bad('a gzip cut in its header', /^unexpected EOF$/, () => truncated(9)),
  bad('a gzip cut in the middle', /^unexpected EOF$/, () => truncated(900)),
  bad('a gzip with a wrong checksum', /^gzip: invalid checksum$/, async () => {
    const bytes = Uint8Array.from(await odd.tgz())
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 0xff
    return bytes
  }),
  bad('a gzip name of 600 bytes', /^gzip: invalid header$/, async () => {
    const bytes = await odd.tgz()
    const head = Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3])
    return Buffer.concat([head, text(`${'n'.repeat(600)}\0`), bytes.subarray(10)])
  }),
  bad('a tar without gzip', /^gzip: invalid header$/, () => odd.tar()),
  bad('a tar cut in a header', /^unexpected EOF$/, async () => gzipSync((await odd.tar()).subarray(0, 1300))),
  bad('a tar cut in a file', /^unexpected EOF$/, rawTgz({ ...chartYaml, size: 4000 })),
  bad(
    'a wrong tar checksum',
    /^archive\/tar: invalid tar header$/,
    rawTgz({ ...chartYaml, checksumError: 1 }, tarEnd),
  ),
  bad(
    'a negative size',
    /^archive\/tar: invalid tar header$/,
    rawTgz(chartYaml, { name: 'odd/a', size: '-0000000001\0' }, tarEnd),
  ),
  bad(
    'a size that is no number',
    /^archive\/tar: invalid tar header$/,
    rawTgz({ ...chartYaml, size: 'many\0' }, tarEnd),
  ),
  bad(
    'a size below the data',
    /^archive\/tar: invalid tar header$/,
    rawTgz({ name: 'odd/a', data: noise(2000), size: 10 }, tarEnd),
  ),
  bad(
    'a size of 8 GiB',
    /^decompressed chart is larger than the maximum file size 104857600$/,
    rawTgz(chartYaml, { name: 'odd/a', size: 8 * 1024 ** 3 - 1 }),
  ),
  bad(
    'a size beyond the end',
    /^unexpected EOF$/,
    rawTgz(chartYaml, { name: 'odd/a', data: 'x', size: 4096 }),
  ),
  bad(
    'a negative PAX size',
    /^archive\/tar: invalid tar header$/,
    rawTgz(
      chartYaml,
      { name: 'pax', type: 'x', data: paxRecords({ size: '-1' }) },
      { name: 'odd/a' },
      tarEnd,
    ),
  ),
  bad(
    'broken PAX records',
    /^archive\/tar: invalid tar header$/,
    rawTgz(chartYaml, { name: 'pax', type: 'x', data: '99 path=short\n' }, { name: 'odd/a' }, tarEnd),
  ),
  bad('a PAX name over 1 MiB', /^archive\/tar: header field too long$/, () =>
    rawTgz(
      chartYaml,
      { name: 'pax', type: 'x', data: paxRecords({ path: 'a'.repeat(mebibyte) }) },
      { name: 'odd/a' },
      tarEnd,
    ),
  ),
  bad('a GNU name over 1 MiB', /^archive\/tar: header field too long$/, () =>
    rawTgz(chartYaml, { name: 'long', type: 'L', data: 'a'.repeat(mebibyte + 1) }, { name: 'odd/a' }, tarEnd),
  ),
  bad(
    'one block of zeros in the middle',
    /^archive\/tar: invalid tar header$/,
    rawTgz(chartYaml, new Uint8Array(512), { name: 'odd/a' }, tarEnd),
  ),
  bad('a sparse file', /sparse/, rawTgz(chartYaml, { name: 'odd/a', type: 'S', magic: 'ustar  \0' }, tarEnd)),
  bad(
    'a PAX sparse file',
    /sparse/,
    rawTgz(
      chartYaml,
      { name: 'pax', type: 'x', data: paxRecords({ 'GNU.sparse.realsize': '99999999999' }) },
      { name: 'odd/a' },
      tarEnd,
    ),
  ),
  bad(
    'a link with a size',
    /^archive\/tar: invalid tar header$/,
    rawTgz(chartYaml, { name: 'odd/a', type: '2', linkname: 'b', size: 512, data: noise(512) }, tarEnd),
  ),
]

const sizes: readonly HostileArchive[] = [
  bad(
    'a file one byte over 5 MiB',
    /^decompressed chart file "odd\/large" is larger than the maximum file size 5242880$/,
    () => rawTgz(chartYaml, { name: 'odd/large', data: Buffer.alloc(5_242_881) }, tarEnd),
  ),
  bad('200 MB of zeros in one file', /larger than the maximum file size 104857600$/, () =>
    Buffer.concat([rawTgz(chartYaml, { name: 'odd/zeros', size: 200 * mebibyte }), zeros(200)]),
  ),
  bad(
    '200 MB of zeros in files of 5 MiB',
    /^decompressed chart is larger than the maximum file size 104857600$/,
    () => {
      const file = Buffer.concat([gzipSync(rawEntry({ name: 'odd/zeros', size: 5 * mebibyte })), zeros(5)])
      return Buffer.concat([rawTgz(chartYaml), repeated(file, 40)])
    },
  ),
  bad('exactly 100 MiB', /^decompressed chart is larger than the maximum file size 104857600$/, () => {
    const file = Buffer.concat([gzipSync(rawEntry({ name: 'odd/zeros', size: 5 * mebibyte })), zeros(5)])
    return Buffer.concat([repeated(file, 20), rawTgz(chartYaml, tarEnd)])
  }),
  bad('200 MB in a file that says it is a folder', /larger than the maximum file size 104857600$/, () =>
    Buffer.concat([
      rawTgz(chartYaml, { name: 'odd/zeros', mode: '0040755\0', size: 200 * mebibyte }),
      zeros(200),
    ]),
  ),
  bad('nested archives that unpack to 120 MB', /maximum file size 104857600/, () => {
    const file = Buffer.concat([gzipSync(rawEntry({ name: 'sub/zeros', size: 4 * mebibyte })), zeros(4)])
    const inner = Buffer.concat([
      rawTgz({ name: 'sub/Chart.yaml', data: 'name: sub\nversion: 1.0.0\n' }),
      repeated(file, 3),
      gzipSync(tarEnd),
    ])
    return Array.from({ length: 10 })
      .reduce<ChartBuilder>((made, _, n) => made.with(`charts/sub${n}.tgz`, inner), odd)
      .tgz()
  }),
  bad('21,000 entries', /more than 20000 entries/, () => entries(21_000)),
  bad('100,000 entries', /more than 20000 entries/, () => entries(100_000)),
  bad('11 levels of nested archives', /more than 10 levels of sub-charts/, () => nested(11)),
  bad(
    '11 levels of sub-chart folders',
    /more than 10 levels of sub-charts/,
    odd.with(`${'charts/a/'.repeat(11)}Chart.yaml`, 'name: a\nversion: 1.0.0\n'),
  ),
]

const paths: readonly HostileArchive[] = [
  bad('an absolute path', /^chart illegally contains absolute paths$/, withMember('odd//etc/passwd')),
  bad(
    'a path to the parent',
    /^chart illegally references parent directory$/,
    withMember('odd/../../etc/passwd'),
  ),
  bad(
    'a path to the parent, inside out',
    /^chart illegally references parent directory$/,
    withMember('odd/templates/../../../x'),
  ),
  bad(
    'a name that begins with two dots',
    /^chart illegally references parent directory$/,
    withMember('odd/..evil'),
  ),
  bad(
    'a path to the parent with backslashes',
    /^chart illegally references parent directory$/,
    withMember('odd\\..\\..\\x'),
  ),
  bad(
    'an absolute path with backslashes',
    /^chart illegally contains absolute paths$/,
    withMember('odd\\\\server\\x'),
  ),
  bad('a drive letter', /^chart contains illegally named files$/, withMember('odd/C:/x')),
  bad('a drive letter with backslashes', /^chart contains illegally named files$/, withMember('odd\\C:\\x')),
  bad(
    'a file without a folder',
    /^chart illegally contains content outside the base directory: "README.md"$/,
    odd.member({ name: 'README.md' }),
  ),
  bad(
    'files without any folder',
    /^chart illegally contains content outside the base directory: "Chart.yaml"$/,
    odd.folder(''),
  ),
  bad('a folder named Chart.yaml', /^chart yaml not in base directory$/, withMember('Chart.yaml/x')),
  bad('Chart.yaml one folder too deep', /^Chart.yaml file is missing$/, odd.folder('./odd')),
  bad(
    'a PAX path to the parent',
    /^chart illegally references parent directory$/,
    odd.member({ name: 'odd/a', pax: { path: 'odd/../../a' } }),
  ),
  bad(
    'only a link named Chart.yaml',
    /^validation: chart.metadata.name is required$/,
    odd.without('Chart.yaml').member({ name: 'odd/Chart.yaml', type: 'symlink', linkname: '/etc/passwd' }),
  ),
]

const laughs = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((key, at) => `${key}: &${key} [${Array(9).fill(`*${'abcdefghi'[at]}`)}]\n`).join('')}`

const charts: readonly HostileArchive[] = [
  bad('no Chart.yaml', /^Chart.yaml file is missing$/, odd.without('Chart.yaml')),
  bad('an empty Chart.yaml', /^validation: chart.metadata.name is required$/, withChartYaml('')),
  bad('a Chart.yaml that is no YAML', /^cannot load Chart.yaml: /, withChartYaml('name: [odd\nversion: {')),
  bad(
    'a Chart.yaml that is a list',
    /^cannot load Chart.yaml: /,
    withChartYaml('- name: odd\n- version: 1.0.0\n'),
  ),
  bad('a Chart.yaml that is a text', /^cannot load Chart.yaml: /, withChartYaml('odd')),
  bad('a Chart.yaml of binary', /^cannot load Chart.yaml: /, odd.chartYaml(noise(500))),
  bad(
    'a Chart.yaml of 2 MiB',
    /^cannot load Chart.yaml: .*1048576/,
    withChartYaml(`name: odd\nversion: 1.0.0\n${`# ${'x'.repeat(1000)}\n`.repeat(2100)}`),
  ),
  bad(
    'a YAML bomb',
    /^cannot load Chart.yaml: .*alias/,
    withChartYaml(`name: odd\nversion: 1.0.0\n${laughs}`),
  ),
  bad('a YAML bomb in values.yaml', /^cannot load values.yaml: .*alias/, odd.with('values.yaml', laughs)),
  bad(
    'an alias to itself',
    /^cannot load Chart.yaml: /,
    withChartYaml('name: odd\nversion: 1.0.0\nannotations: &a\n  b: *a\n'),
  ),
  bad('a name that is a list', /^cannot load Chart.yaml: /, withChartYaml('name: [odd]\nversion: 1.0.0\n')),
  bad(
    'keywords that are a text',
    /^cannot load Chart.yaml: /,
    withChartYaml('name: odd\nversion: 1.0.0\nkeywords: a\n'),
  ),
  bad(
    'deprecated: "true"',
    /^cannot load Chart.yaml: /,
    withChartYaml('name: odd\nversion: 1.0.0\ndeprecated: "true"\n'),
  ),
  bad('no name', /^validation: chart.metadata.name is required$/, withChartYaml('version: 1.0.0\n')),
  bad('no version', /^validation: chart.metadata.version is required$/, withChartYaml('name: odd\n')),
  bad(
    'a name with a slash',
    /^validation: chart.metadata.name "a\/b" is invalid$/,
    odd.chartYaml({ name: 'a/b' }),
  ),
  bad(
    'the name ..',
    /^validation: chart.metadata.name "\.\." is not allowed$/,
    odd.chartYaml({ name: '..' }),
  ),
  bad('a name with a backslash', /improperly formatted/, odd.chartYaml({ name: 'a\\b' })),
  bad(
    'an annotation with a DEL',
    /U\+007F/,
    withChartYaml('name: odd\nversion: 1.0.0\nannotations:\n  a: "b\\u007f"\n'),
  ),
  bad('a name of 300 characters', /\b250\b/, odd.chartYaml({ name: 'a'.repeat(300) })),
  bad(
    'an annotation key with U+FFFE',
    /^(cannot load Chart.yaml: |chart.metadata)/,
    odd.chartYaml('name: odd\nversion: 1.0.0\nannotations: { "\\ufffe": b }\n'),
  ),
  bad(
    'the version abc',
    /^validation: chart.metadata.version "abc" is invalid$/,
    odd.chartYaml({ version: 'abc' }),
  ),
  bad(
    'the version 1.0.0-01',
    /^validation: chart.metadata.version "1.0.0-01" is invalid$/,
    odd.chartYaml({ version: '1.0.0-01' }),
  ),
  bad(
    'a version with a path',
    /^validation: chart.metadata.version .* is invalid$/,
    odd.chartYaml({ version: '1.0.0/../../x' }),
  ),
  bad(
    'an unknown type',
    /^validation: chart.metadata.type must be application or library$/,
    odd.chartYaml({ type: 'plugin' }),
  ),
  bad(
    'a null maintainer',
    /^validation: maintainers must not contain empty or null nodes$/,
    odd.chartYaml({ maintainers: [null] }),
  ),
  bad(
    'a dependency twice',
    /^validation: more than one dependency with name or alias "a"$/,
    odd.chartYaml({
      dependencies: [
        { name: 'a', version: '1' },
        { name: 'a', version: '2' },
      ],
    }),
  ),
  bad('a values.yaml that is a list', /^cannot load values.yaml: /, odd.with('values.yaml', '- a\n- b\n')),
  bad('a values.yaml that is no YAML', /^cannot load values.yaml: /, odd.with('values.yaml', 'a: {\n')),
  bad('a Chart.lock that is a text', /^cannot load Chart.lock: /, odd.with('Chart.lock', 'hello')),
  bad(
    'a broken requirements.yaml',
    /^cannot load requirements.yaml: /,
    odd.with('requirements.yaml', 'dependencies: {'),
  ),
  bad('a broken requirements.lock', /^cannot load requirements.lock: /, odd.with('requirements.lock', '- 1')),
  bad(
    'a loose file in charts/',
    /^error unpacking subchart README.md in odd: Chart.yaml file is missing$/,
    odd.with('charts/README.md', 'x'),
  ),
  bad(
    'a sub-chart without a name',
    /^error unpacking subchart sub in odd: validation: chart.metadata.name is required$/,
    odd.with('charts/sub/Chart.yaml', 'version: 1.0.0\n'),
  ),
  bad(
    'a sub-chart that is no archive',
    /^error unpacking subchart sub.tgz in odd: gzip: invalid header$/,
    odd.with('charts/sub.tgz', 'this is no archive'),
  ),
  bad(
    'a folder named like a sub-chart archive',
    /^error unpacking subchart tar in odd: expected sub.tgz, got sub.tgz\/x$/,
    odd.with('charts/sub.tgz/x', 'x'),
  ),
  bad(
    'a sub-chart with a path to the parent',
    /^error unpacking subchart sub.tgz in odd: chart illegally references parent directory$/,
    async () => odd.with('charts/sub.tgz', await withMember('odd/../../x').tgz()).tgz(),
  ),
  bad(
    'metadata of more than 1 MiB in the index',
    /^chart.metadata is .*limit of 1048576$/,
    odd.chartYaml({ description: '<'.repeat(400_000) }),
  ),
]

/** Every kind of archive that has to be refused, each cheap to make and small to send. */
export const hostileArchives: readonly HostileArchive[] = [...gzipAndTar, ...sizes, ...paths, ...charts]
