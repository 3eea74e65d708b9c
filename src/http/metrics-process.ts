import { readdirSync, readFileSync } from 'node:fs'
import { gauge } from './metrics-definitions.ts'
import type { Definition, Sample } from './metrics-registry.ts'

/**
 * What Prometheus wants to know of every process, by its names. Not by prom-client's collectors: they count the time of
 * the processor from their own start, and half of them tell of Node.js what does not exist in Bun (measured with 15.1.3).
 */
export function processDefinitions(): readonly Definition[] {
  return [
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'Total user and system CPU time spent in seconds.',
      read() {
        const { user, system } = process.cpuUsage()
        return [gauge((user + system) / 1e6)]
      },
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'Start time of the process since unix epoch in seconds.',
      read: () => [gauge(performance.timeOrigin / 1000)],
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Resident memory size in bytes.',
      read: () => [gauge(process.memoryUsage.rss())],
    },
    {
      name: 'process_virtual_memory_bytes',
      type: 'gauge',
      help: 'Virtual memory size in bytes.',
      read: () => numberIn('/proc/self/status', /^VmSize:\s*(\d+) kB/m, 1024),
    },
    {
      name: 'process_open_fds',
      type: 'gauge',
      help: 'Number of open file descriptors.',
      read: () => ofSystem(() => [gauge(readdirSync('/proc/self/fd').length)]),
    },
    {
      name: 'process_max_fds',
      type: 'gauge',
      help: 'Maximum number of open file descriptors.',
      read: () => numberIn('/proc/self/limits', /^Max open files\s+(\d+)/m, 1),
    },
    {
      name: 'chartroom_heap_bytes',
      type: 'gauge',
      help: 'Bytes of objects in the heap of JavaScript.',
      read: () => [gauge(process.memoryUsage().heapUsed)],
    },
  ]
}

function numberIn(file: string, pattern: RegExp, unit: number): Sample[] {
  return ofSystem(() => {
    const found = pattern.exec(readFileSync(file, 'utf8'))?.[1]
    return found === undefined ? [] : [gauge(Number(found) * unit)]
  })
}

/** What only Linux tells; elsewhere, and where `/proc` may not be read, there is nothing to tell. */
function ofSystem(read: () => Sample[]): Sample[] {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return []
    throw error
  }
}
