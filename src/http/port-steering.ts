import { readdirSync, readlinkSync } from 'node:fs'

// Of Linux, for x86-64 and arm64: asm-generic/socket.h.
const SOL_SOCKET = 1
const SO_ACCEPTCONN = 30
const SO_ATTACH_REUSEPORT_CBPF = 51

/** The one instruction of the filter: "answer with this number" (BPF_RET | BPF_K). */
const BPF_RET_K = 0x06

/** Calls `open`, and tells which listening socket it opened: its file descriptor; undefined where that cannot be seen. */
export function openedSocket<T>(open: () => T): { readonly opened: T; readonly socket: number | undefined } {
  const before = new Set(sockets())
  const opened = open()
  const added = sockets().filter((fd) => !before.has(fd))
  return { opened, socket: added.length === 1 ? added[0] : undefined }
}

/**
 * Makes Linux hand every new connection to the second of two sockets that listen on one port, in place of to either by
 * chance. The first then loses nobody when it closes: what waits to be accepted by a socket that closes is reset, and so
 * is every handshake on its way to it (measured: 1.4 connections per change of certificate under twelve clients).
 *
 * Answers false where that is not possible: another system, another C library, or a kernel that refuses.
 */
export async function steerToSecond(socket: number): Promise<boolean> {
  if (process.platform !== 'linux') return false
  try {
    const { dlopen, ptr } = await import('bun:ffi')
    const { symbols, close } = dlopen('libc.so.6', {
      setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
      getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
    })
    try {
      const listens = new Int32Array(1)
      const size = new Uint32Array([listens.byteLength])
      symbols.getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, ptr(listens), ptr(size))
      if (listens[0] !== 1) return false
      // struct sock_filter { u16 code; u8 jt, jf; u32 k }, and struct sock_fprog { u16 len; sock_filter *filter }.
      const filter = new DataView(new ArrayBuffer(8))
      filter.setUint16(0, BPF_RET_K, true)
      filter.setUint32(4, 1, true)
      const program = new DataView(new ArrayBuffer(16))
      program.setUint16(0, 1, true)
      program.setBigUint64(8, BigInt(ptr(filter)), true)
      return symbols.setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, ptr(program), 16) === 0
    } finally {
      close()
    }
  } catch (error) {
    // No such library, or none that Bun can call: connections are then shared out by chance.
    if (error instanceof Error) return false
    throw error
  }
}

function sockets(): number[] {
  try {
    return readdirSync('/proc/self/fd').map(Number).filter(isSocket)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return []
    throw error
  }
}

function isSocket(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}
