import type { Log } from '../log.ts'
import type { Environment } from './aws-profile.ts'
import { checked } from './checked.ts'
import { localStorage } from './local.ts'
import { amazonOptions, minioOptions } from './s3-settings.ts'
import type { AmazonSettings, MinioSettings } from './s3-settings.ts'
import { s3Storage } from './s3.ts'
import type { Storage } from './storage.ts'

/** A folder of this computer. */
export interface LocalSettings {
  readonly backend: 'local'
  /** The folder; relative to the working directory. */
  readonly rootdir: string
}

/** Which driver, with what that driver needs. */
export type StorageSettings = LocalSettings | MinioSettings | AmazonSettings

/** Opens the storage that the settings name. Throws RegistryError `unavailable`, worded for the operator. */
export async function openStorage(
  settings: StorageSettings,
  log: Log,
  env: Environment = process.env,
): Promise<Storage> {
  switch (settings.backend) {
    case 'local':
      return checked(await localStorage({ root: settings.rootdir, log }))
    case 'minio':
      return checked(await s3Storage(minioOptions(settings, log)))
    case 'amazon':
      return checked(await s3Storage(amazonOptions(settings, env, log)))
  }
}
