import { basename } from 'node:path'
import type { Settings } from '../config/options.ts'
import type { Access } from '../http/access/access.ts'
import type { AppParts } from '../http/app.ts'
import { createFront } from '../http/front.ts'
import { hostCheck, isLoopback } from '../http/host-names.ts'
import type { Metrics } from '../http/metrics.ts'
import { compile } from '../http/paths.ts'
import { selfSignedFiles } from '../http/self-signed.ts'
import { addresses } from '../http/public-url.ts'
import type { OperatorFolder } from '../http/web/operator-folder.ts'
import type { WebSettings } from '../http/web/parts.ts'
import type { LogWriter } from '../log-writer.ts'
import type { Keyring } from '../reader/keyring.ts'
import type { Registry } from '../registry/registry.ts'
import type { Scratch } from '../storage/scratch.ts'
import { program } from '../version.ts'
import { overwriteRule } from './open-registry.ts'
import { createRoutes } from './routes.ts'

/** What a server is made of, besides its settings. */
export interface ServerParts {
  readonly settings: Settings
  readonly log: LogWriter
  readonly access: Access
  /** True where the server itself speaks TLS. */
  readonly tls: boolean
  /** Whose signatures count; undefined: nobody's are checked. */
  readonly keyring: Keyring | undefined
  /** The operator's own pages, when there are any. */
  readonly operator: OperatorFolder | undefined
  readonly registry: Registry
  readonly scratch: Scratch | undefined
  /** Undefined: nothing is counted. */
  readonly metrics?: Metrics | undefined
  readonly draining: { readonly now: boolean }
}

/** Puts a server together: its routes, and the front that every request passes. What listens makes an app of it. */
export function assemble(parts: ServerParts): AppParts {
  const { settings, log, access, operator, metrics } = parts
  const { contextPath, depth, depthDynamic: dynamic, debug, logHealth } = settings
  const publicUrl = settings.publicUrl === '' ? {} : { publicUrl: settings.publicUrl }
  const loopbackOnly = access.open && isLoopback(settings.listenHost)
  const ownHome = operator?.home !== undefined
  const web = webSettings(settings, { loopbackOnly, open: access.open, ownHome })
  const rows = createRoutes({ ...parts, web, overwrite: overwriteRule(settings) })
  const front = createFront({
    matcher: compile(rows.scoped, { contextPath, depth, dynamic }),
    access,
    addresses: addresses({
      ...publicUrl,
      contextPath,
      tls: parts.tls,
      trustedProxies: settings.trustedProxies,
    }),
    hostRefusal: hostCheck({ loopbackOnly, ...publicUrl }),
    log,
    logHealth,
    debug,
    contextPath,
    corsOrigin: settings.corsAlloworigin,
    ...(metrics && { observe: metrics.observe }),
    problemPage: async (problem) => (await import('../http/web/problem.ts')).problemPage(web, problem),
  })
  return {
    front: metrics?.around(front) ?? front,
    rootRows: rows.root,
    fixedRows: rows.fixed,
    contextPath,
    // Bun counts whole seconds up to 255.
    idleSeconds: Math.min(settings.writeTimeout, 255),
  }
}

/** How pages for people are set. */
export function webSettings(
  settings: Settings,
  { open, ...mode }: { loopbackOnly: boolean; open: boolean; ownHome: boolean },
): WebSettings {
  const tokens = !open && settings.bearerAuth
  return {
    contextPath: settings.contextPath,
    depth: settings.depth,
    dynamic: settings.depthDynamic,
    version: program.version,
    ...mode,
    authentication: open ? 'none' : tokens ? 'bearer' : 'basic',
    ...(tokens && { realm: settings.authRealm, service: settings.authService }),
    anonymousPull: settings.authAnonymousGet,
    // ChartMuseum has no other way to change something.
    readOnly: settings.disableApi,
    systemFonts: settings.uiFonts === 'system',
    repositoryAlias: settings.uiRepoAlias,
    caHint: settings.uiCaHint || ownAuthority(settings),
  }
}

/** The certificate that clients must be told of; behind a proxy they see that of the proxy. */
function ownAuthority(settings: Settings): string {
  const { tlsSelfSigned, tlsSelfSignedDir, publicUrl, trustedProxies } = settings
  const seen = tlsSelfSigned && publicUrl === '' && trustedProxies.length === 0
  return seen ? basename(selfSignedFiles(tlsSelfSignedDir).certFile) : ''
}
