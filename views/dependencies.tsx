/** @jsxImportSource preact */
import { ChartShell, type ChartHead } from './chart-head.tsx'
import type { Page } from './page.ts'
import { CopyButton, Icon } from './parts.tsx'
import { dependenciesWords } from './words/dependencies.ts'

/** One chart that is needed. */
export interface NeedRow {
  readonly name: string
  /** "2.x.x", or "2.x.x → 2.9.0". */
  readonly version: string
  /** Its page here. */
  readonly address: string | undefined
  /** Where Helm asks for it: here, nowhere because the archive has it, or at an address. */
  readonly place:
    | { readonly kind: 'here' }
    | { readonly kind: 'archive' }
    | { readonly kind: 'elsewhere'; readonly text: string }
  readonly alias: string
  readonly condition: string
  readonly tags: readonly string[]
  readonly included: boolean
}

/** A chart below `charts/` that Chart.yaml does not name. */
export interface IncludedRow {
  readonly name: string
  readonly version: string
  readonly path: string
}

export interface DependenciesProps {
  readonly page: Page
  readonly head: ChartHead
  readonly needs: readonly NeedRow[]
  readonly undeclared: readonly IncludedRow[]
  /** Why the archive cannot be read; undefined when it can. */
  readonly problem: string | undefined
}

/** What a version needs, where that comes from, and what the archive brings along. */
export function Dependencies({ page, head, needs, undeclared, problem }: DependenciesProps) {
  const words = dependenciesWords[page.language]
  return (
    <ChartShell page={page} head={head} section="dependencies" title={words.title}>
      <div class="wrap page">
        {problem !== undefined && (
          <p class="note bad" role="alert">
            {words.unreadable} {problem}
          </p>
        )}
        <section>
          <h2>{words.needs(needs.length)}</h2>
          {needs.length === 0 ? <p>{words.none}</p> : <Needs page={page} needs={needs} />}
        </section>
        {undeclared.length > 0 && (
          <section>
            <h2>{words.undeclared}</h2>
            <p>{words.undeclaredNote}</p>
            <ul class="links mono">
              {undeclared.map(({ name, version, path }) => (
                <li>
                  {name} {version} <span class="meta">{path}</span>
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </ChartShell>
  )
}

function Needs({ page, needs }: { page: Page; needs: readonly NeedRow[] }) {
  const words = dependenciesWords[page.language]
  return (
    <div class="tw" tabIndex={0} role="region" aria-label={words.caption}>
      <table class="t">
        <caption class="vh">{words.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{words.name}</th>
            <th scope="col">{words.version}</th>
            <th scope="col">{words.repository}</th>
            <th scope="col">{words.options}</th>
            <th scope="col">{words.included}</th>
          </tr>
        </thead>
        <tbody>
          {needs.map((need) => (
            <tr data-row>
              <th scope="row">
                {need.address === undefined ? need.name : <a href={need.address}>{need.name}</a>}
              </th>
              <td class="mono">{need.version}</td>
              <td>
                <Place page={page} need={need} />
              </td>
              <td>
                <Options page={page} need={need} />
              </td>
              <td>
                {need.included ? (
                  <span class="yes">
                    <Icon page={page} name="check" size={14} /> {words.yes}
                  </span>
                ) : (
                  <span class="no">{words.no}</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** An address elsewhere is no link: what answers there is for helm, and it may be gone. */
function Place({ page, need }: { page: Page; need: NeedRow }) {
  const words = dependenciesWords[page.language]
  const { place } = need
  if (place.kind === 'here') return <>{words.here}</>
  if (place.kind === 'archive') return <>{words.inArchive}</>
  return (
    <>
      <code>{place.text}</code> <CopyButton page={page} text={place.text} what={need.name} />
    </>
  )
}

function Options({ page, need }: { page: Page; need: NeedRow }) {
  const words = dependenciesWords[page.language]
  const { alias, condition, tags } = need
  const options = [
    [words.alias, alias],
    [words.condition, condition],
    [words.tags, tags.join(', ')],
  ].filter(([, value]) => value !== '')
  return (
    <>
      {options.map(([name, value]) => (
        <div>
          {name} <code>{value}</code>
        </div>
      ))}
    </>
  )
}
