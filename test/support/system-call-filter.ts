/**
 * `bun system-call-filter.ts CALLS.json COMMAND…`: becomes the command, with a seccomp filter that lets only the calls of
 * the file through (`AllowedCalls`), by libseccomp as systemd does. Imports nothing: it runs from a root of its own.
 */
import { dlopen, ptr } from 'bun:ffi'

const { symbols: seccomp } = dlopen('libseccomp.so.2', {
  seccomp_init: { args: ['u32'], returns: 'ptr' },
  seccomp_syscall_resolve_name: { args: ['ptr'], returns: 'i32' },
  seccomp_rule_add_array: { args: ['ptr', 'u32', 'i32', 'u32', 'ptr'], returns: 'i32' },
  seccomp_load: { args: ['ptr'], returns: 'i32' },
})
const { symbols: libc } = dlopen('libc.so.6', {
  execve: { args: ['ptr', 'ptr', 'ptr'], returns: 'i32' },
})

// From seccomp.h: SCMP_ACT_ERRNO(EPERM), SCMP_ACT_ALLOW, SCMP_CMP_EQ.
const [refuse, allow, equal] = [0x0005_0001, 0x7fff_0000, 4]

const text = (value: string) => Buffer.from(`${value}\0`)
const [callsFile = '', ...command] = process.argv.slice(2)
const calls = JSON.parse(await Bun.file(callsFile).text()) as { names: string[]; families: number[] }

const filter = seccomp.seccomp_init(refuse)
for (const name of calls.names) {
  const number = seccomp.seccomp_syscall_resolve_name(text(name))
  // Calls of other machines have no number here.
  if (number < 0) continue
  const conditions = name === 'socket' ? calls.families.map((family) => whereFirstIs(family)) : [undefined]
  for (const condition of conditions) {
    const failed = seccomp.seccomp_rule_add_array(filter, allow, number, condition ? 1 : 0, condition ?? null)
    if (failed !== 0) throw new Error(`Cannot allow ${name}: ${failed}`)
  }
}

// Made before the filter: afterwards nothing but execve happens.
const keep: Buffer[] = []
const list = (values: readonly string[]) => {
  const pointers = values.map((value) => {
    const bytes = text(value)
    keep.push(bytes)
    return BigInt(ptr(bytes))
  })
  return new BigUint64Array([...pointers, 0n])
}
const args = list(command)
const env = list(Object.entries(process.env).map(([name, value]) => `${name}=${value}`))
const path = text(command[0] ?? '')
const loaded = seccomp.seccomp_load(filter)
if (loaded !== 0) throw new Error(`Cannot load the filter: ${loaded}`)
libc.execve(path, args, env)
throw new Error(`Cannot run ${command[0]}`)

/** struct scmp_arg_cmp: the first argument of the call is equal to the value. */
function whereFirstIs(value: number): Buffer {
  const bytes = Buffer.alloc(24)
  bytes.writeUInt32LE(0, 0)
  bytes.writeUInt32LE(equal, 4)
  bytes.writeBigUInt64LE(BigInt(value), 8)
  return bytes
}
