/** @jsxImportSource preact */
import { accessRule, nobodyIs, Preferences, SignInLink, SignOutForm } from './menus.tsx'
import type { Page } from './page.ts'
import { Shell } from './shell.tsx'
import { accountWords } from './words/account.ts'

/** What the reader may do in one repository. */
export interface Rights {
  /** "" for the only one. */
  readonly repository: string
  readonly read: boolean
  readonly upload: boolean
  readonly remove: boolean
}

export interface WhoAmIProps {
  readonly page: Page
  readonly rights: readonly Rights[]
  /** Rights in a repository that does not exist yet; undefined where there is only one. */
  readonly elsewhere: Rights | undefined
  /** Repositories that are not listed. */
  readonly more: number
  /** What the reader lacks who may upload nowhere. */
  readonly lacks: Page['uploadNeeds']
  /** The server deletes at all. */
  readonly deletes: boolean
  /** What a challenge names. */
  readonly realm: string
}

/** Who the reader is, how the server knows, and what they may do. */
export function WhoAmI({ page, rights, elsewhere, more, lacks, deletes, realm }: WhoAmIProps) {
  const words = accountWords[page.language]
  const { user, access } = page
  return (
    <Shell
      page={page}
      title={words.title}
      masthead={
        <>
          <h1>{user === undefined ? words.nobody[nobodyIs(page)] : words.signedInAs(user)}</h1>
          <p class="facts">{words.how[user === undefined ? nobodyIs(page) : 'basic']}</p>
        </>
      }
    >
      <div class="wrap page">
        {page.authentication === 'basic' && (
          <div class="actions">
            <SignOutForm page={page} />
            <SignInLink page={page} />
          </div>
        )}
        <section>
          <h2>{words.rights}</h2>
          <RightsTable page={page} rights={elsewhere === undefined ? rights : [...rights, elsewhere]} />
          {lacks !== undefined && <p class="hint">{words.uploadNeeds[lacks]}</p>}
          {more > 0 && <p class="hint">{words.more(more)}</p>}
          {!deletes && <p class="hint">{words.deletesOff}</p>}
        </section>
        <section>
          <h2>{words.accessTitle}</h2>
          <p>{words.access[accessRule(page)]}</p>
          {access !== 'open' && (
            <p class="hint">
              {words.realm}: <code>{realm}</code>
            </p>
          )}
          <p class="hint">
            {words.forPrograms} <code>Accept: application/json</code>
          </p>
        </section>
        <section>
          <h2>{words.preferences}</h2>
          <Preferences page={page} />
        </section>
      </div>
    </Shell>
  )
}

function RightsTable({ page, rights }: { page: Page; rights: readonly Rights[] }) {
  const words = accountWords[page.language]
  const says = (may: boolean) => (may ? words.yes : words.no)
  return (
    <div class="tw" role="region" tabIndex={0} aria-label={words.rights}>
      <table class="t">
        <thead>
          <tr>
            <th scope="col">{words.repository}</th>
            <th scope="col">{words.read}</th>
            <th scope="col">{words.upload}</th>
            <th scope="col">{words.remove}</th>
          </tr>
        </thead>
        <tbody>
          {rights.map(({ repository, read, upload, remove }) => (
            <tr>
              <th scope="row">{nameOf(page, repository)}</th>
              <td>{says(read)}</td>
              <td>{says(upload)}</td>
              <td>{says(remove)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function nameOf(page: Page, repository: string) {
  const words = accountWords[page.language]
  if (repository === '*') return words.anyRepository
  if (repository === '') return words.mainRepository
  return <a href={`${page.contextPath}/${repository}/`}>{repository}</a>
}

/** What is left to say behind a sign-out: the browser, not the server, keeps the password. */
export function SignedOut({ page }: { page: Page }) {
  const words = accountWords[page.language]
  return (
    <Shell
      page={page}
      title={words.signedOut}
      masthead={
        <>
          <h1>{words.signedOut}</h1>
          <p class="facts">{words.signedOutHint}</p>
        </>
      }
    >
      <div class="wrap page">
        <p>{words.closeWindow}</p>
        <p class="actions">
          {page.authentication === 'basic' && (
            <a class="btn" href={`${page.contextPath}/?signin`}>
              {words.signInAgain}
            </a>
          )}
          {page.access !== 'closed' && <a href={`${page.contextPath}/`}>{words.home}</a>}
        </p>
      </div>
    </Shell>
  )
}
