import fc from 'fast-check'

/**
 * Chart names and versions over the whole grammar that Helm accepts (Masterminds' NewVersion; any name without a
 * slash), rare ones included, short enough for a file name. For property tests.
 */
const number = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 30 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('007', '00', '2024', '18446744073709551615', '9007199254740993') },
)

const word = fc.stringMatching(/^[0-9A-Za-z-]{0,6}[A-Za-z-][0-9A-Za-z-]{0,6}$/)
const prereleaseIdentifier = fc.oneof(
  fc.nat({ max: 99 }).map(String),
  word,
  fc.constantFrom('SNAPSHOT', 'rc', '01-31'),
)
const buildIdentifier = fc.oneof(word, fc.constantFrom('5', '007', 'build'))

function dotted(identifier: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.array(identifier, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'))
}

const composedVersion = fc
  .record({
    mark: fc.constantFrom('', '', '', 'v'),
    numbers: fc.array(number, { minLength: 1, maxLength: 3 }),
    prerelease: fc.option(dotted(prereleaseIdentifier)),
    build: fc.option(dotted(buildIdentifier)),
  })
  .map(
    ({ mark, numbers, prerelease, build }) =>
      `${mark}${numbers.join('.')}${prerelease === null ? '' : `-${prerelease}`}${build === null ? '' : `+${build}`}`,
  )

/** A version that Helm accepts, as a text. */
export const legalVersion: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constantFrom('1.0.0+build.5', 'v1.2.0', '1.2', '1.0.0-12', '0.1.0-SNAPSHOT-24'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('2024-01-31', '01.0.0', '1', 'v3', '1.0.0--', '1.0.0-a.b.c+d-e.f'),
  },
  { weight: 6, arbitrary: composedVersion },
)

/** A chart name of the kind people give: also with dashes, dots, digits and parts that look like a version. */
export const legalName: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constantFrom('mychart', 'mychart-1.0', 'my.chart', 'a', 'Chart_2', 'x-y-z', '0day'),
  },
  { weight: 3, arbitrary: fc.stringMatching(/^[a-z0-9](?:[a-z0-9._-]{0,20}[a-z0-9])?$/) },
)

/** Chart.yaml for a name and a version, both quoted so that YAML leaves them as they are. */
export function chartYaml(name: string, version: string): string {
  return `apiVersion: v2\nname: ${JSON.stringify(name)}\nversion: ${JSON.stringify(version)}\n`
}
