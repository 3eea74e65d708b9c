/**
 * Why the system cannot read a file, as the end of a sentence for the operator. Throws the error again when it is about
 * something else.
 */
export function unreadableBecause(error: unknown): string {
  if (!(error instanceof Error && 'code' in error)) throw error
  const why: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    ENOTDIR: 'there is no such file, a part of its path is no folder',
    EACCES: 'the file cannot be read, its permissions forbid it',
    EISDIR: 'that is a folder, not a file',
  }
  return why[String(error.code)] ?? `the file cannot be read (${String(error.code)})`
}
