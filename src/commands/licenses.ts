import thirdParty from '../../THIRD-PARTY.md' with { type: 'file' }

/** What `--licenses` prints: name, version and licence of everything that is shipped. */
export function licensesText(): Promise<string> {
  return Bun.file(thirdParty).text()
}
