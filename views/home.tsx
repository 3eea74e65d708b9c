/** @jsxImportSource preact */
import { Command, Shell, type Place } from './shell.tsx'

export interface HomeProps {
  readonly place: Place
  /** Without a trailing slash: "https://charts.example.com/ctx". */
  readonly publicUrl: string
  /** How many charts there are; undefined where they are spread over repositories that nobody counted. */
  readonly charts: number | undefined
  /** How repositories are named: "" when there is one at the root, else an example such as "org1/team1". */
  readonly exampleRepository: string
  /** Repositories of every depth stand side by side. */
  readonly dynamic: boolean
  /** Whose credentials helm and curl should send; undefined when none are needed. */
  readonly user: string | undefined
}

/** What a browser at the root meets: how to add the repository, how to upload, where the API is explained. */
export function Home({ place, publicUrl, charts, exampleRepository, dynamic, user }: HomeProps) {
  const below = exampleRepository === '' ? '' : `/${exampleRepository}`
  const name = exampleRepository === '' ? 'chartroom' : exampleRepository.replaceAll('/', '-')
  const helmUser = user === undefined ? '' : ` --username ${user}`
  const curlUser = user === undefined ? '' : `--user ${user} `
  return (
    <Shell
      place={place}
      title="Chartroom"
      masthead={
        <>
          <h1>Helm charts</h1>
          {charts !== undefined && <p class="facts">{countText(charts)}</p>}
          <Command>{`helm repo add ${name} ${publicUrl}${below}${helmUser}`}</Command>
        </>
      }
    >
      <div class="wrap page">
        {(below !== '' || dynamic) && <Repositories example={exampleRepository} dynamic={dynamic} />}
        <div class="steps">
          <section>
            <h2>Find and install</h2>
            <Command>{`helm repo update && helm search repo ${name}`}</Command>
            <Command>{`helm install my-release ${name}/mychart`}</Command>
          </section>
          <section>
            <h2>Upload a chart</h2>
            <Command>{'helm package mychart'}</Command>
            <Command>
              {`curl ${curlUser}--fail-with-body --data-binary @mychart-0.1.0.tgz ${publicUrl}/api${below}/charts`}
            </Command>
          </section>
          <section>
            <h2>Use the API</h2>
            <p>
              The <a href={`${place.contextPath}/-/api`}>API explorer</a> shows every endpoint and lets you
              try it: list, upload, delete. Programs read{' '}
              <a href={`${place.contextPath}/-/openapi.json`}>the OpenAPI document</a>.
            </p>
          </section>
        </div>
      </div>
    </Shell>
  )
}

function Repositories({ example, dynamic }: { readonly example: string; readonly dynamic: boolean }) {
  const depth = example === '' ? 0 : example.split('/').length
  return (
    <p class="note">
      {dynamic
        ? 'Repositories can have a path of any length, '
        : `Repositories here have a path of ${depth} ${depth === 1 ? 'part' : 'parts'}, `}
      such as <code>{dynamic && example === '' ? 'org1/team1' : example}</code>. A repository comes into being
      with its first chart.
    </p>
  )
}

function countText(charts: number): string {
  if (charts === 0) return 'No charts yet'
  return charts === 1 ? '1 chart' : `${charts.toLocaleString('en')} charts`
}
