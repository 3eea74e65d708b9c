import { createReceiver, isForm, type Receiver, type ReceiverSettings } from '../../src/http/body.ts'
import { errorResponse } from '../../src/http/errors.ts'
import type { FormFields } from '../../src/http/multipart.ts'
import { json } from '../../src/http/headers.ts'
import type { Upload } from '../../src/registry/upload.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

/** A real server that receives uploads and tells what it got; uploads are discarded, so its folder must end up empty. */
export interface UploadServer extends AsyncDisposable {
  readonly url: URL
  readonly port: number
  readonly folder: TempFolder
  readonly receiver: Receiver
  /** Sends bytes as they are, with pauses between them, and gives what came back until the other end closed. */
  raw(...pieces: (string | Uint8Array | number)[]): Promise<string>
  /** Waits until nothing is left in the folder and in memory; false when it stays. */
  isClean(): Promise<boolean>
}

export interface Told {
  readonly charts: readonly string[]
  readonly provenances: readonly string[]
  readonly inMemory: readonly boolean[]
}

export async function uploadServer(
  settings: Partial<ReceiverSettings> = {},
  fields: FormFields = { chart: ['chart'], prov: ['prov'] },
): Promise<UploadServer> {
  const folder = await tempFolder()
  const receiver = createReceiver({
    folder: folder.path,
    limit: 1_000_000,
    deadlineMs: 10_000,
    memoryBytes: 10_000,
    totalMemoryBytes: 100_000,
    ...settings,
  })
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request) =>
      answer(request, receiver, fields).catch((error: unknown) => {
        const response = errorResponse(error)
        if (response.status === 500) console.error(error)
        return response
      }),
  })
  const port = server.port as number
  return {
    url: server.url,
    port,
    folder,
    receiver,
    raw: (...pieces) => raw(port, pieces),
    isClean: () => eventually(async () => (await folder.files()).length === 0 && receiver.heldBytes() === 0),
    async [Symbol.asyncDispose]() {
      await server.stop(true)
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function answer(request: Request, receiver: Receiver, fields: FormFields): Promise<Response> {
  if (!isForm(request)) {
    const upload = await receiver.receive(request)
    try {
      return json(await told([upload], []))
    } finally {
      await upload.discard()
    }
  }
  const form = await receiver.receiveForm(request, fields)
  try {
    return json(await told(form.charts, form.provenances))
  } finally {
    await form.discard()
  }
}

async function told(charts: readonly Upload[], provenances: readonly Upload[]): Promise<Told> {
  return {
    charts: await Promise.all(charts.map(described)),
    provenances: await Promise.all(provenances.map(described)),
    inMemory: [...charts, ...provenances].map(({ body }) => body instanceof Uint8Array),
  }
}

/** Short texts as they are, long ones as their size and digest. */
async function described({ body, size }: Upload): Promise<string> {
  const bytes = body instanceof Uint8Array ? body : await body.bytes()
  if (bytes.byteLength !== size) throw new Error(`size ${size} is not ${bytes.byteLength}`)
  return size <= 40 ? new TextDecoder().decode(bytes) : digestOf(bytes)
}

export function digestOf(bytes: Uint8Array): string {
  return `${bytes.byteLength} ${Bun.SHA256.hash(bytes, 'hex')}`
}

/** Waits up to two seconds for something to become true. */
export async function eventually(check: () => Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 100; i++) {
    if (await check()) return true
    await Bun.sleep(20)
  }
  return false
}

function raw(port: number, pieces: (string | Uint8Array | number)[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let received = ''
  const send = async (socket: { write(data: string | Uint8Array): number; end(): void }) => {
    for (const piece of pieces) {
      if (typeof piece === 'number') await Bun.sleep(piece)
      else socket.write(piece)
    }
  }
  Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open: (socket) => void send(socket).then(() => setTimeout(() => socket.end(), 500)),
      data: (_socket, data) => void (received += data.toString('latin1')),
      close: () => resolve(received),
      error: () => resolve(received),
    },
  }).catch(() => resolve('refused'))
  return promise
}
