import type { Option } from './option.ts'

/** Where the path of a file stands that holds a setting's value: `--x-file`, `X_FILE`, `x.yfile`. */
export interface Twin {
  readonly flag: string
  readonly variable: string | undefined
  readonly key: string
}

/**
 * How the file of a setting is named: every secret may be read from one, so that it stands in no process list.
 * Undefined for what has to be given itself.
 */
export function twinOf(
  names: { readonly flag: string; readonly variable: string | undefined },
  { key, secret, inFile }: Pick<Option<unknown>, 'key' | 'secret' | 'inFile'>,
): Twin | undefined {
  if (secret !== true && inFile !== true) return undefined
  const { flag, variable } = names
  return {
    flag: `${flag}-file`,
    variable: variable === undefined ? undefined : `${variable}_FILE`,
    key: key === '' ? '' : `${key}file`,
  }
}
