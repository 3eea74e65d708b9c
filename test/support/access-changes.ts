import { repository } from './access-modes.ts'
import { chart } from './chart-builder.ts'
import { exact } from './site.ts'

/** Sends a request with the caller's credentials; answers are read whole. */
export type Send = (method: string, path: string, init?: SendInit) => Promise<Sent>

export interface SendInit {
  readonly body?: BodyInit
  readonly headers?: Readonly<Record<string, string>>
}

export interface Sent {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** One request that changes something, as somebody sends it who may. */
export interface Change {
  readonly name: string
  /** The status of the answer where it is allowed. */
  readonly status: number
  /** `own` is a chart that only this caller has. */
  send(send: Send, own: string): Promise<Sent>
}

const api = `/api/${repository}/charts`
const raw = { 'content-type': 'application/x-www-form-urlencoded' }
const page = { accept: 'text/html', ...raw }

/** A provenance as it begins; signatures are not checked when it is published. */
export function provenanceOf(name: string, version: string): string {
  return `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\napiVersion: v2\nname: ${name}\nversion: ${version}\n\n...\n`
}

/** Every kind of change, each on what the one before it left. */
export const changes: readonly Change[] = [
  {
    name: 'upload, raw',
    status: 201,
    send: async (send, own) => send('POST', api, { body: await bytesOf(own, '1.0.0'), headers: raw }),
  },
  {
    name: 'upload, multipart',
    status: 201,
    send: async (send, own) => send('POST', api, { body: await formOf('chart', own, '1.1.0') }),
  },
  {
    name: 'upload of a provenance',
    status: 201,
    send: (send, own) =>
      send('POST', `/api/${repository}/prov`, { body: provenanceOf(own, '1.0.0'), headers: raw }),
  },
  {
    name: 'upload that replaces',
    status: 201,
    send: async (send, own) =>
      send('POST', `${api}?force`, { body: await bytesOf(own, '1.0.0'), headers: raw }),
  },
  {
    name: 'delete a version',
    status: 200,
    send: (send, own) => send('DELETE', `${api}/${own}/1.0.0`),
  },
  {
    name: 'form, upload',
    status: 201,
    send: async (send, own) =>
      send('POST', `/${repository}/-/upload`, {
        body: await formOf('chart', own, '1.2.0'),
        headers: { accept: 'text/html' },
      }),
  },
  {
    name: 'form, delete a version',
    status: 303,
    send: (send, own) => confirmed(send, `/${repository}/-/chart/${own}/1.2.0/delete`),
  },
  {
    name: 'form, restore',
    status: 303,
    async send(send) {
      const { text } = await send('GET', `/${repository}/-/trash`, { headers: page })
      const [, path = `/${repository}/-/trash/none/restore`, t = 'none'] =
        /<form method="post" action="([^"]+\/restore)"><input type="hidden" name="t" value="([^"]+)"/.exec(
          text,
        ) ?? []
      return send('POST', path, { body: new URLSearchParams({ t }).toString(), headers: page })
    },
  },
  {
    name: 'form, delete several versions',
    status: 200,
    send: (send, own) =>
      send('POST', `/${repository}/-/delete`, { body: `chart=${own}&version=1.2.0`, headers: page }),
  },
  {
    name: 'form, delete a chart',
    status: 303,
    send: (send, own) => confirmed(send, `/${repository}/-/chart/${own}/delete`, { name: own }),
  },
  {
    name: 'upload again',
    status: 201,
    send: async (send, own) => send('POST', api, { body: await bytesOf(own, '2.0.0'), headers: raw }),
  },
  { name: 'delete a chart', status: 200, send: (send, own) => send('DELETE', `${api}/${own}`) },
]

/** Sends a form with the ticket of the page that asks; whoever does not see that page sends it without a good one. */
async function confirmed(send: Send, path: string, fields: Record<string, string> = {}): Promise<Sent> {
  const { text } = await send('GET', path, { headers: page })
  const t = /name="t" value="([^"]+)"/.exec(text)?.[1] ?? 'none'
  return send('POST', path, { body: new URLSearchParams({ t, ...fields }).toString(), headers: page })
}

const archives = new Map<string, Promise<Uint8Array<ArrayBuffer>>>()

/** Made once: a caller and the same caller on another server send the same. */
function bytesOf(name: string, version: string): Promise<Uint8Array<ArrayBuffer>> {
  const made = archives.get(`${name} ${version}`) ?? chart(name, version).tgz().then(exact)
  archives.set(`${name} ${version}`, made)
  return made
}

async function formOf(field: string, name: string, version: string): Promise<FormData> {
  const form = new FormData()
  form.append(field, new Blob([await bytesOf(name, version)]), `${name}-${version}.tgz`)
  return form
}
