/** @jsxImportSource preact */
import { Shell, type Place } from './shell.tsx'

export interface ExplorerProps {
  readonly place: Place
  /** The address of the OpenAPI document. */
  readonly document: string
  /** Addresses of Swagger UI and of the script that starts it. */
  readonly stylesheet: string
  readonly scripts: readonly string[]
}

/** The page of the API explorer: three words of introduction, then Swagger UI. */
export function Explorer({ place, document, stylesheet, scripts }: ExplorerProps) {
  return (
    <Shell
      place={place}
      title="API explorer"
      stylesheets={[stylesheet]}
      scripts={scripts}
      masthead={
        <>
          <h1>API explorer</h1>
          <p class="facts">
            Every endpoint of this server. <b>Try it out</b> sends real requests: uploads are stored, and
            deletes are final.
          </p>
        </>
      }
    >
      <div class="wrap page">
        <dl class="faces">
          <div>
            <dt>Helm protocol</dt>
            <dd>
              <code>index.yaml</code> and <code>charts/…</code>, what <code>helm repo</code> and{' '}
              <code>helm pull</code> read.
            </dd>
          </div>
          <div>
            <dt>Chart API</dt>
            <dd>
              Below <code>/api</code>: list, read, upload and delete charts, for curl,{' '}
              <code>helm cm-push</code> and programs.
            </dd>
          </div>
          <div>
            <dt>Health</dt>
            <dd>
              <code>/livez</code>, <code>/readyz</code> and <code>/health</code> for probes; they never ask
              for credentials.
            </dd>
          </div>
        </dl>
        <div id="explorer" data-document={document}>
          <p class="note">
            The explorer needs JavaScript. Without it, read <a href={document}>the OpenAPI document</a>.
          </p>
        </div>
      </div>
    </Shell>
  )
}
