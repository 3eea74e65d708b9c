import { gzipSync } from 'node:zlib'
import { chart } from './chart-builder.ts'
import type { ChartBuilder } from './chart-builder.ts'
import { rawEntry, rawTgz, repeated, tarEnd } from './raw-tar.ts'
import type { RawEntry } from './raw-tar.ts'

/** What an archive of the tables is made from: a chart, bytes, or how to make them. */
export type Source = ChartBuilder | Uint8Array | (() => Uint8Array | Promise<Uint8Array>)

/** The chart that the odd archives hold, and most of the hostile ones begin with. */
export const odd = chart('odd', '1.0.0')
/** The same, as one raw member. */
export const chartYaml: RawEntry = {
  name: 'odd/Chart.yaml',
  data: 'apiVersion: v2\nname: odd\nversion: 1.0.0\n',
}

export const mebibyte = 1024 * 1024

export function bytesOf(source: Source): () => Promise<Uint8Array> {
  if (typeof source === 'function') return async () => source()
  return async () => (source instanceof Uint8Array ? source : source.tgz())
}

/** Zeros that unpack to so many MiB: gzipped once, repeated. */
export const zeros = (times: number) => repeated(gzipSync(Buffer.alloc(mebibyte)), times)

/** A chart with so many thousands of empty files, all of one name. */
export const entries = (count: number) => {
  const thousand = gzipSync(
    Buffer.concat(Array.from({ length: 1000 }, () => rawEntry({ name: 'odd/files/empty' }))),
  )
  return Buffer.concat([rawTgz(chartYaml), repeated(thousand, count / 1000), gzipSync(tarEnd)])
}

/** An archive with so many levels of archives in it. */
export const nested = (levels: number): Promise<Uint8Array> =>
  levels === 0
    ? chart('leaf', '1.0.0').tgz()
    : nested(levels - 1).then((inner) =>
        chart(levels === 1 ? 'sub' : `sub${levels}`, '1.0.0')
          .with('charts/in.tgz', inner)
          .tgz(),
      )
