import type { Log } from '../log.ts'

/** How calls are signed. */
export type AzureSignIn =
  | { readonly kind: 'key'; readonly account: string; readonly key: string }
  /** A shared access signature: the part of an address behind "?". */
  | { readonly kind: 'signature'; readonly query: string }
  | { readonly kind: 'token'; readonly token: () => Promise<AzureToken> }

/** A token of Microsoft Entra, and when it ends, milliseconds since 1970. */
export interface AzureToken {
  readonly token: string
  readonly expiresOnTimestamp: number
}

/** What the driver for Azure Blob Storage has to be told. */
export interface AzureOptions {
  /** Of the account: "https://account.blob.core.windows.net", without a "/" at the end. */
  readonly endpoint: string
  readonly container: string
  /** What stands in front of every key: "", or a text that ends in "/". */
  readonly prefix: string
  readonly signIn: AzureSignIn
  /** The version of the service that is asked for, "2021-12-02"; undefined is the library's own. */
  readonly apiVersion?: string | undefined
  readonly log: Log
  /** Longest wait for a sign of life from the store, milliseconds; a test makes it short. */
  readonly patienceMs?: number
  /** Up to this size an object is sent in one piece, bytes, and so many are asked for at once; a test makes them small. */
  readonly onePieceBytes?: number
  readonly pageSize?: number
}
