import { chartlet } from '../../reader/chartlet.ts'
import { findFile, isCalled } from '../../reader/files.ts'
import { iconSource, pictureOf } from '../../reader/icon.ts'
import type { IconSource, Picture, PictureKind } from '../../reader/icon.ts'
import { isRegistryError } from '../../errors.ts'
import { newestRelease } from '../../registry/releases.ts'
import { readEntry } from '../../registry/search-chart.ts'
import { program } from '../../version.ts'
import type { Found, Open, Prepared, Reading } from '../chart-reader.ts'
import { sendObject } from '../conditional.ts'
import type { Ask } from '../route.ts'
import type { WebParts } from './parts.ts'

const types: Readonly<Record<PictureKind, string>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  svg: 'image/svg+xml',
}

/** Opened by itself a picture runs nothing and loads nothing; an SVG keeps the styles it brings. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

/**
 * The picture of a chart, of one version or of the newest: its own, when it is in Chart.yaml or in the archive, else a
 * drawing. Always 200, so that no page ever shows a broken picture; nothing is fetched from elsewhere.
 */
export async function sendIcon({ request, repo, params }: Ask, parts: WebParts): Promise<Response> {
  const repository = parts.registry.repository(repo)
  const versions = await repository.versions(params.name)
  const version =
    params.version === '' || params.version === 'latest'
      ? newestRelease(versions)
      : versions.find((one) => one.version === params.version)
  const own = version && (await ownIcon({ repository, version }, parts))
  const { body, tag, type = types.svg } = typeof own === 'object' ? own : drawing(params.name)
  const headers = {
    'content-security-policy': policy,
    'cache-control': own === 'not now' ? 'no-store' : 'private, max-age=86400',
  }
  const modified = new Date(version?.modified ?? 0)
  return sendObject({ request, body, size: body.size, etag: tag, modified, type, headers })
}

/** Undefined when the chart brings none that can be shown; "not now" when that could not be found out. */
async function ownIcon(found: Found, { reader }: WebParts): Promise<Prepared | 'not now' | undefined> {
  const source = iconSource(readEntry(found.version).icon)
  if (source === undefined) return undefined
  try {
    return await reader.read(found, readIcon(source))
  } catch (error) {
    if (!isRegistryError(error)) throw error
    return error.code === 'not_found' ? undefined : 'not now'
  }
}

function readIcon(source: IconSource): Reading {
  return {
    kind: 'icon',
    async make({ open }) {
      const picture = source.kind === 'picture' ? source.picture : await pictureIn(open, source.path)
      if (picture === undefined) return { absent: 'no picture' }
      return { bytes: picture.bytes, type: types[picture.kind] }
    },
  }
}

async function pictureIn(open: Open, path: string): Promise<Picture | undefined> {
  const { files } = await open((name) => isCalled(name, path))
  const file = findFile(files, path)
  return file && pictureOf(file.data)
}

function drawing(name: string): Prepared {
  const text = chartlet(name)
  const hash = new Bun.CryptoHasher('sha256').update(text).digest('hex').slice(0, 16)
  return { body: new Blob([text]), tag: `${hash}-${program.version}` }
}
