import { RegistryError } from '../errors.ts'
import { systemCode } from './file-calls.ts'

/** What the driver was doing, as the first words of a message. */
export type FileAction = 'store' | 'read' | 'list' | 'delete'

/** Reasons that a visitor can be told, by the operating system's word. What is not here gets the last sentence. */
const unavailable: Readonly<Record<string, string>> = {
  EACCES: 'the server has no permission for it in its storage folder; its operator has to grant it',
  EPERM: 'the server has no permission for it in its storage folder; its operator has to grant it',
  EROFS: 'the storage folder is read-only; its operator has to make it writable',
  EIO: 'the disk of the storage folder reports errors; tell the operator',
  ESTALE: 'the storage folder is gone, perhaps a lost mount; tell the operator',
  EMFILE: 'the server has too many files open; try again later',
  ENFILE: 'the server has too many files open; try again later',
  EXDEV:
    'a folder inside the storage folder lies on another file system; its operator has to keep them on one',
}

/**
 * Words an error of the operating system for the outside: no path but the key, no driver text; the original goes into
 * `cause`. A RegistryError, such as one thrown by the body's own stream, passes as it is.
 */
export function fileError(action: FileAction, key: string, error: unknown): unknown {
  const code = systemCode(error)
  if (error instanceof RegistryError || code === undefined) return error
  const cannot = `Cannot ${action} "${key}"`
  switch (code) {
    case 'EEXIST':
      return new RegistryError('conflict', 'storage', `${cannot}: it exists already`, {}, { cause: error })
    case 'EISDIR':
    case 'ENOTDIR':
    case 'ENOTEMPTY': {
      const message = `${cannot}: a folder and a file in storage would need the same name; choose another name`
      return new RegistryError('conflict', 'storage', message, {}, { cause: error })
    }
    case 'ENOSPC':
    case 'EDQUOT': {
      const message = `${cannot}: the disk of the storage folder is full; its operator has to free some space`
      return new RegistryError('full', 'storage', message, {}, { cause: error })
    }
    default: {
      const why = unavailable[code] ?? `the storage folder cannot be used now (${code}); try again later`
      return new RegistryError('unavailable', 'storage', `${cannot}: ${why}`, {}, { cause: error })
    }
  }
}
