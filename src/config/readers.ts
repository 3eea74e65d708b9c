import type { Reader } from './option.ts'

/** A path prefix: one "/" at the end is dropped and one in front added, as ChartMuseum does; "" means none. */
export const contextPath: Reader<string> = {
  takes: 'PATH',
  expected: 'a path of plain segments, such as /charts',
  read: (text) => {
    const inner = text.replace(/^\//, '').replace(/\/$/, '')
    if (inner === '') return text === '' || text === '/' || text === '//' ? '' : undefined
    const segments = inner.split('/')
    const plain = segments.every((part) => /^[A-Za-z0-9._~-]+$/.test(part) && part !== '.' && part !== '..')
    return plain ? `/${inner}` : undefined
  },
}

/** An http or https address without user, query or fragment; the value has no "/" at its end. */
export const webAddress: Reader<string> = {
  takes: 'URL',
  expected: 'an http:// or https:// address without user, query or fragment',
  read: (text) => {
    if (text === '') return ''
    const url = URL.parse(text)
    if (!url || !/^https?:$/.test(url.protocol)) return undefined
    if (url.username || url.password || /[?#\s]/.test(text)) return undefined
    return url.href.replace(/\/+$/, '')
  },
}

/** A host name or address to listen on; brackets around IPv6 are dropped, nothing means every address. */
export const listenHost: Reader<string> = {
  takes: 'HOST',
  expected: 'a host name or an address, without a port',
  read: (text) => {
    if (text === '') return '0.0.0.0'
    return /^[A-Za-z0-9._:%-]+$/.test(text) ? text : /^\[([0-9A-Fa-f:.]+)\]$/.exec(text)?.[1]
  },
}

/** Text that may stand in an HTTP header. */
export const headerText: Reader<string> = {
  takes: 'ORIGIN',
  expected: 'text of visible ASCII characters',
  read: (text) => (/^[\x21-\x7e]*$/.test(text) ? text : undefined),
}

/** `id` for the root repository or `repo=id`, split at the first "="; the value maps repositories to ids. */
export const repositoryIds: Reader<ReadonlyMap<string, string>> = {
  takes: '[REPO=]ID',
  expected: 'an id, or a repository and its id as repo=id',
  read: (text) => {
    if (text === '') return new Map()
    const at = text.indexOf('=')
    return new Map([at < 0 ? ['', text] : [text.slice(0, at).replace(/^\/|\/$/g, ''), text.slice(at + 1)]])
  },
  join: (maps) => new Map(maps.flatMap((map) => [...map])),
}
