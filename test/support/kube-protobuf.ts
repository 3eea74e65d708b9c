import type { KubeObject } from './kube-objects.ts'

/**
 * Reads a Secret in the binary form in which Helm's client sends its releases; everything else arrives as JSON.
 * Envelope: "k8s\0", then runtime.Unknown (https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding);
 * field numbers: k8s.io/api/core/v1/generated.proto, k8s.io/apimachinery/pkg/apis/meta/v1/generated.proto.
 */
export function readSecret(bytes: Uint8Array): KubeObject {
  if (text(bytes.subarray(0, 4)) !== 'k8s\0') throw new Error('not an object in Kubernetes protobuf form')
  const envelope = fields(bytes.subarray(4))
  const type = fields(first(envelope, 1))
  if (text(first(type, 2)) !== 'Secret') throw new Error(`only Secrets are read, not ${text(first(type, 2))}`)
  const secret = fields(first(envelope, 2))
  const metadata = fields(first(secret, 1))
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: text(first(metadata, 1)),
      namespace: text(first(metadata, 3)),
      labels: Object.fromEntries(entries(metadata, 11).map(([key, value]) => [key, text(value)])),
    },
    data: Object.fromEntries(
      entries(secret, 2).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
    type: text(first(secret, 3)),
  }
}

type Fields = Map<number, Uint8Array[]>

const none = new Uint8Array()

/** The length-delimited fields of a message, by number; numbers in it are skipped. */
function fields(message: Uint8Array): Fields {
  const found: Fields = new Map()
  let at = 0
  const varint = () => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++] ?? 0
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const tag = varint()
    const wire = tag & 7
    if (wire === 0) varint()
    else if (wire === 1) at += 8
    else if (wire === 5) at += 4
    else if (wire === 2) {
      const length = varint()
      const number = tag >>> 3
      found.set(number, [...(found.get(number) ?? []), message.subarray(at, at + length)])
      at += length
    } else throw new Error(`wire type ${wire} is not known`)
  }
  return found
}

function first(message: Fields, number: number): Uint8Array {
  return message.get(number)?.[0] ?? none
}

/** A map field: each entry is a message of key (1) and value (2). */
function entries(message: Fields, number: number): [string, Uint8Array][] {
  return (message.get(number) ?? []).map((entry) => {
    const pair = fields(entry)
    return [text(first(pair, 1)), first(pair, 2)]
  })
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
