import { RegistryError } from '../errors.ts'
import type { Registry } from '../registry/registry.ts'
import { healthDoc, infoDoc, livezDoc, readyzDoc } from './docs/system.ts'
import { json } from './headers.ts'
import type { Row } from './route.ts'
import { get } from './route.ts'

export interface SystemParts {
  readonly registry: Registry
  readonly version: string
  /** True from the moment the process was told to stop. */
  readonly isDraining: () => boolean
}

/** What probes ask. These answer at the root and under the context path, without credentials. */
export function systemRows({ registry, isDraining }: SystemParts): Row[] {
  return [
    // ChartMuseum: a constant; monitoring compares the body.
    get('/health', 'none', () => json({ healthy: true }), healthDoc),
    get('/livez', 'none', () => json({ healthy: true }), livezDoc),
    get('/readyz', 'none', () => sendReady(registry, isDraining), readyzDoc),
  ]
}

/** What tells about the program. Answers under the context path only. */
export function infoRows({ version, registry }: SystemParts): Row[] {
  const info = () => json({ version, conditionalWrites: registry.conditionalWrites })
  return [get('/info', 'none', info, infoDoc)]
}

async function sendReady(registry: Registry, isDraining: () => boolean): Promise<Response> {
  if (isDraining()) throw new RegistryError('unavailable', 'request', 'the server is stopping')
  const { degraded } = await registry.check()
  if (degraded === undefined) return json({ healthy: true })
  // Reads are answered, so that no balancer should turn away from this server; its operator should know all the same.
  const { since, reason } = degraded
  return json({ healthy: true, status: 'degraded', since: since.toISOString(), reason })
}
