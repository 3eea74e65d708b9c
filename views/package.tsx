/** @jsxImportSource preact */
import { archivePath, filePath, type Page } from './page.ts'
import { CopyButton } from './parts.tsx'
import { dateText, sizeText } from './words/language.ts'
import { overviewWords } from './words/overview.ts'

/** What is known of the archive of a version. */
export interface PackageProps {
  readonly page: Page
  readonly name: string
  readonly version: string
  readonly file: string
  /** Bytes. */
  readonly size: number
  /** SHA-256, hex. */
  readonly digest: string
  readonly provenance: {
    readonly state: 'none' | 'signed' | 'verified' | 'unreadable' | 'signature' | 'digest' | 'file' | 'key'
    readonly fingerprint: string | undefined
    readonly user: string | undefined
    /** Milliseconds since 1970. */
    readonly signed: number | undefined
  }
  readonly licence: string
  /** The file of the archive with the licence. */
  readonly licenceFile: string | undefined
}

/** The archive of a version: size, digest, signature, licence. */
export function Package(props: PackageProps) {
  const { page, file, size, digest, provenance, licence, licenceFile } = props
  const words = overviewWords[page.language]
  return (
    <section>
      <h2>{words.thisPackage}</h2>
      <dl>
        <dt>{words.size}</dt>
        <dd>{sizeText(size)}</dd>
        <dt>{words.digest}</dt>
        <dd class="mono">
          <span title={`sha256:${digest}`}>
            sha256:{digest.slice(0, 6)}…{digest.slice(-4)}
          </span>{' '}
          <CopyButton page={page} text={`sha256:${digest}`} what={words.digest} />
        </dd>
        <dt>{words.provenance}</dt>
        <dd>
          {provenance.state === 'none' ? (
            words.noProvenance
          ) : (
            <a href={archivePath(page, `${file}.prov`)}>{file}.prov</a>
          )}
        </dd>
        {(licence !== '' || licenceFile !== undefined) && (
          <>
            <dt>{words.licence}</dt>
            <dd>
              {licenceFile === undefined ? (
                licence
              ) : (
                <a href={filePath(page, props.name, props.version, 'files', licenceFile)}>
                  {licence || licenceFile}
                </a>
              )}
            </dd>
          </>
        )}
      </dl>
      {provenance.state !== 'none' && <Signature page={page} provenance={provenance} />}
    </section>
  )
}

function Signature({ page, provenance }: Pick<PackageProps, 'page' | 'provenance'>) {
  const words = overviewWords[page.language]
  const { state, fingerprint, user, signed } = provenance
  return (
    <div class={`signature ${state}`}>
      <p>
        <strong>{words.states[state]}</strong>
        {user !== undefined && ` · ${user}`}
      </p>
      {fingerprint !== undefined && (
        <p>
          {words.signer} <code>{fingerprint.replace(/.{4}(?=.)/g, '$& ')}</code>
        </p>
      )}
      {signed !== undefined && (
        <p>
          {words.signedAt} {dateText(page.language, signed)}
        </p>
      )}
    </div>
  )
}
