import type { Log } from '../log.ts'
import type { Environment } from './aws-profile.ts'
import type { AzureSettings } from './azure-settings.ts'
import { checked } from './checked.ts'
import type { EtcdSettings } from './etcd-settings.ts'
import type { GoogleSettings } from './google-options.ts'
import { localStorage } from './local.ts'
import { amazonOptions, cloudOptions, minioOptions } from './s3-settings.ts'
import type { AmazonSettings, CloudSettings, MinioSettings } from './s3-settings.ts'
import { s3Storage } from './s3.ts'
import type { Storage } from './storage.ts'

/** A folder of this computer. */
export interface LocalSettings {
  readonly backend: 'local'
  /** The folder; relative to the working directory. */
  readonly rootdir: string
}

/** Which driver, with what that driver needs. */
export type StorageSettings =
  | LocalSettings
  | MinioSettings
  | AmazonSettings
  | CloudSettings
  | EtcdSettings
  | GoogleSettings
  | AzureSettings

/** How a store is opened. */
export interface OpenHow {
  /** False: without a look at what the store can do, and without writing to it, for a store that is only read. */
  readonly probe?: boolean
  /** False: a store that is away is told at once (StoreAway), to somebody who tries again. */
  readonly wait?: boolean
}

/** Opens the storage that the settings name. Throws RegistryError `unavailable`, worded for the operator. */
export async function openStorage(
  settings: StorageSettings,
  log: Log,
  env: Environment = process.env,
  { probe = true, wait = true }: OpenHow = {},
): Promise<Storage> {
  switch (settings.backend) {
    case 'local':
      return checked(await localStorage({ root: settings.rootdir, log }))
    case 'minio':
      return checked(await s3Storage({ ...minioOptions(settings, log), probe, wait }))
    case 'amazon':
      return checked(await s3Storage({ ...amazonOptions(settings, env, log), probe, wait }))
    case 'alibaba':
    case 'tencent':
    case 'baidu':
      return checked(await s3Storage({ ...cloudOptions(settings, env, log), probe, wait }))
    case 'microsoft': {
      const { azureOptions } = await import('./azure-settings.ts')
      const { azureStorage } = await import('./azure.ts')
      return checked(await azureStorage(azureOptions(settings, env, log)))
    }
    case 'etcd': {
      const { etcdOptions } = await import('./etcd-settings.ts')
      const { etcdStorage } = await import('./etcd.ts')
      return checked(await etcdStorage({ ...etcdOptions(settings, log), probe }))
    }
    case 'google': {
      const { googleOptions } = await import('./google-options.ts')
      const { googleStorage } = await import('./google.ts')
      return checked(await googleStorage({ ...googleOptions(settings, env, log), probe }))
    }
  }
}
