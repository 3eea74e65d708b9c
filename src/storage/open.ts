import type { Log } from '../log.ts'
import { checked } from './checked.ts'
import { localStorage } from './local.ts'
import type { Storage } from './storage.ts'

/** Which driver, with what that driver needs. */
export type StorageSettings = {
  readonly backend: 'local'
  /** The folder; relative to the working directory. */
  readonly rootdir: string
}

/** Opens the storage that the settings name. Throws RegistryError `unavailable`, worded for the operator. */
export async function openStorage(settings: StorageSettings, log: Log): Promise<Storage> {
  switch (settings.backend) {
    case 'local':
      return checked(await localStorage({ root: settings.rootdir, log }))
  }
}
