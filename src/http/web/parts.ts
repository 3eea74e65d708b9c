import type { Authentication } from '../../../views/page.ts'
import type { Keyring } from '../../reader/keyring.ts'
import type { Registry } from '../../registry/registry.ts'
import type { Receiver } from '../body.ts'
import type { ChartReader } from '../chart-reader.ts'
import type { FormFields } from '../multipart.ts'
import type { Row } from '../route.ts'
import type { OperatorFolder } from './operator-folder.ts'

/** How the server is set, as far as pages and the OpenAPI document say it. */
export interface WebSettings {
  /** "" or "/ctx". */
  readonly contextPath: string
  /** How many path segments name a repository. */
  readonly depth: number
  /** Repositories of every depth stand side by side. */
  readonly dynamic: boolean
  readonly version: string
  /** How callers are recognised. */
  readonly authentication: Authentication
  /** What a challenge names: for bearer tokens the address of the token server. The one of basic auth where none is given. */
  readonly realm?: string
  /** What a challenge for tokens calls this server. */
  readonly service?: string
  /** Where credentials are asked for, reading needs none. */
  readonly anonymousPull?: boolean
  /** Nothing can be uploaded or deleted here, by nobody. */
  readonly readOnly?: boolean
  /** Only loopback names are served. */
  readonly loopbackOnly?: boolean
  /** The operator has a home page of their own: the list of the root is at `/-/` then. */
  readonly ownHome?: boolean
  /** Pages for people use their reader's fonts. */
  readonly systemFonts?: boolean
  /** What `helm repo add` should call a repository, in the commands that pages show; "" for the last part of its path. */
  readonly repositoryAlias?: string
  /** File name of the certificate authority in those commands; "" for none. */
  readonly caHint?: string
}

/** What the web rows need of the rest. */
export interface WebParts {
  /** Every row of the server, these included: what the OpenAPI document is made of. Asked at the first request for it. */
  readonly documentRows: () => readonly Row[]
  readonly settings: WebSettings
  readonly registry: Registry
  /** Shared with the API: what was read of an archive is read once for both. */
  readonly reader: ChartReader
  readonly receiver: Receiver
  /** Form field names that hold charts and provenance files. */
  readonly fields: FormFields
  /** What may be done here by anybody at all; who may do it is the caller's. */
  readonly rules: {
    readonly deletes: boolean
    readonly overwrite: 'never' | 'with-force' | 'always'
    /** Bytes of one upload. */
    readonly maxUploadBytes: number
    /** How long what was deleted can come back, milliseconds; 0: not at all. */
    readonly trashMs: number
  }
  /** What action tickets are signed with; "": something random, made at start. */
  readonly ticketSecret: string
  /** Whose signatures count; undefined: provenance is not checked. */
  readonly keyring: Keyring | undefined
  /** The operator's own pages, when there are any. */
  readonly operator: OperatorFolder | undefined
}
