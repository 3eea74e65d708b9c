/** No file system takes more in one name. */
const maxSegmentLength = 255

/** True where the last segment ends as the files of a repository do. */
export function looksLikeFile(segments: readonly string[]): boolean {
  const last = segments[segments.length - 1] as string
  return last.endsWith('.tgz') || last.endsWith('.yaml') || last.endsWith('.prov') || last.endsWith('.yml')
}

/**
 * The segments of a raw path below the context path, percent-decoded once, or undefined where one of them can
 * never name anything or the path is not below the context path.
 */
export function segmentsOf(rawPath: string, prefix: string): string[] | undefined {
  if (rawPath.charCodeAt(prefix.length) !== 47 || !rawPath.startsWith(prefix)) return undefined
  const segments = rawPath.slice(prefix.length + 1).split('/')
  if (rawPath.includes('%')) {
    for (let i = 0; i < segments.length; i++) {
      const decoded = decodeSegment(segments[i] as string)
      if (decoded === undefined) return undefined
      segments[i] = decoded
    }
  }
  if (rawPath.length <= maxSegmentLength) return segments
  return segments.every((segment) => segment.length <= maxSegmentLength) ? segments : undefined
}

/** What must not come out of a decoding: separators and control characters, DEL and C1 included. */
// oxlint-disable-next-line no-control-regex
const forbidden = /[/\\\u0000-\u001f\u007f-\u009f]/
/** The same, still encoded: somebody encoded twice so that a second decoder opens it. */
const forbiddenBelow = /%(?:25)*(?:2f|5c|[01][0-9a-f]|7f)/i
const dotsOnly = /^(?:\.|%(?:25)*2e)+$/i

/** One segment decoded once (`+` stays a plus), or undefined where it is not a name. */
function decodeSegment(segment: string): string | undefined {
  if (!segment.includes('%')) return segment
  const decoded = decodeOrUndefined(segment)
  if (decoded === undefined || forbidden.test(decoded)) return undefined
  if (decoded.includes('%') && (forbiddenBelow.test(decoded) || dotsOnly.test(decoded))) return undefined
  return decoded
}

function decodeOrUndefined(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
