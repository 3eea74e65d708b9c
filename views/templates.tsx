/** @jsxImportSource preact */
import type { TemplateEntry, TemplateGroup } from '../src/reader/template-list.ts'
import { ChartShell, type ChartHead } from './chart-head.tsx'
import { filePath, type Page } from './page.ts'
import { sizeText } from './words/language.ts'
import { filesWords } from './words/files.ts'

/** Templates of one group, in the order of their names. */
export interface TemplateSection {
  readonly group: TemplateGroup
  readonly entries: readonly TemplateEntry[]
}

export interface TemplatesProps {
  readonly page: Page
  readonly head: ChartHead
  readonly sections: readonly TemplateSection[]
}

/** The address of a template: CRDs do not lie below `templates/` and are shown among the files. */
export function templatePath(page: Page, { name, version }: ChartHead, path: string): string {
  const inside = 'templates/'
  return path.startsWith(inside)
    ? filePath(page, name, version, 'templates', path.slice(inside.length))
    : filePath(page, name, version, 'files', path)
}

/** The templates of a version by what they are for. */
export function TemplatesPage({ page, head, sections }: TemplatesProps) {
  const words = filesWords[page.language].templates
  return (
    <ChartShell page={page} head={head} section="templates" title={words.title}>
      <div class="wrap page">
        {sections.length === 0 ? (
          <div class="empty">
            <h2>{words.none}</h2>
            <p>{words.noneHint}</p>
          </div>
        ) : (
          <>
            <h2 class="vh">{words.title}</h2>
            <div class="codebar">
              <label class="vh" for="filter">
                {words.filter}
              </label>
              <input
                id="filter"
                class="needs-js"
                type="search"
                placeholder={words.filter}
                data-filter="templates"
                autocomplete="off"
                spellcheck={false}
              />
            </div>
            <Table page={page} head={head} sections={sections} />
          </>
        )}
      </div>
    </ChartShell>
  )
}

function Table({ page, head, sections }: TemplatesProps) {
  const words = filesWords[page.language].templates
  return (
    <div class="tw" role="region" tabIndex={0} aria-label={words.list}>
      <table class="t">
        <thead>
          <tr>
            <th scope="col">{words.file}</th>
            <th scope="col">{words.kind}</th>
            <th scope="col" class="n">
              {words.size}
            </th>
          </tr>
        </thead>
        <tbody id="templates">
          {sections.map(({ group, entries }) => (
            <>
              <tr class="group">
                <th scope="colgroup" colSpan={3}>
                  {words.groups[group]}
                </th>
              </tr>
              {entries.map(({ name, kinds, size }) => (
                <tr data-row>
                  <th scope="row">
                    <a class="mono" href={templatePath(page, head, name)}>
                      {shownName(name)}
                    </a>
                  </th>
                  <td>
                    {kinds.map((kind) => (
                      <>
                        <span class="chip">{kind}</span>{' '}
                      </>
                    ))}
                  </td>
                  <td class="n">{sizeText(size)}</td>
                </tr>
              ))}
            </>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The list beside a template: the same groups, short. */
export function TemplateNav({
  page,
  head,
  sections,
  current,
}: TemplatesProps & {
  /** The file that is shown. */
  current: string
}) {
  const words = filesWords[page.language].templates
  return (
    <nav class="tree" aria-label={words.list}>
      {sections.map(({ group, entries }) => (
        <>
          <h2>{words.groups[group]}</h2>
          <ul>
            {entries.map(({ name, kinds: [kind] }) => (
              <li>
                <a
                  href={templatePath(page, head, name)}
                  {...(name === current && { 'aria-current': 'page' as const })}
                >
                  {shownName(name)}
                  {kind !== undefined && <span class="chip">{kind}</span>}
                </a>
              </li>
            ))}
          </ul>
        </>
      ))}
    </nav>
  )
}

function shownName(name: string): string {
  return name.replace(/^templates\//, '')
}
