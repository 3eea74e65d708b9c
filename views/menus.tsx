/** @jsxImportSource preact */
import { atRoot, signInAddress, themes, type Page } from './page.ts'
import { accountWords } from './words/account.ts'
import { languageNames, languages } from './words/language.ts'
import { shellWords } from './words/shell.ts'

/** Above so many repositories the list has a field to find one. */
const mostWithoutField = 12

/** Where the page is, and the other repositories to go to. */
export function RepositoryMenu({ page }: { page: Page }) {
  const words = shellWords[page.language]
  const { repositories, repo } = page
  if (repositories.length === 0 && repo === '') return null
  const name = repo === '' ? words.repositories : repo.split('/').join(' / ')
  return (
    <span class="crumb">
      <span aria-hidden="true">/</span>
      <button type="button" class="btn ghost" popovertarget="repos">
        {name} <span aria-hidden="true">▾</span>
      </button>
      <div id="repos" class="menu" popover="auto">
        {repositories.length > mostWithoutField && (
          <input type="search" class="needs-js" aria-label={words.findRepository} data-filter="repos-list" />
        )}
        <ul id="repos-list">
          {repositories.map((each) => (
            <li>
              <a
                href={`${page.contextPath}/${each}${each === '' ? '' : '/'}`}
                {...(each === repo && page.inRepository && { 'aria-current': 'page' as const })}
              >
                {each === '' ? '/' : each}
              </a>
            </li>
          ))}
        </ul>
        <a href={`${page.contextPath}/`}>{words.allRepositories}</a>
      </div>
    </span>
  )
}

/** Who is signed in, and how the pages should be for them; a link to sign in for those who are not. */
export function AccountMenu({ page }: { page: Page }) {
  const words = shellWords[page.language]
  return (
    <>
      <SignInLink page={page} />
      <button type="button" class="btn ghost me" popovertarget="me">
        {page.user ?? words.settings} <span aria-hidden="true">▾</span>
      </button>
      <div id="me" class="menu" popover="auto">
        <Role page={page} />
        <Preferences page={page} />
        <SignOutForm page={page} />
      </div>
    </>
  )
}

/** What to call a reader without a name. */
export function nobodyIs(page: Page): 'open' | 'anonymous' | 'token' | 'tokenless' {
  if (page.access === 'open') return 'open'
  if (page.authentication !== 'bearer') return 'anonymous'
  // Where everybody may read, whoever may do no more has brought no token that counts.
  return (page.access === 'closed' ? page.canRead : page.canUpload) ? 'token' : 'tokenless'
}

/** Who may do what on this server, as the words have it. */
export function accessRule({ access, authentication }: Page) {
  return access === 'open' || authentication !== 'bearer' ? access : (`${access}-token` as const)
}

/** What the reader may do here, in words, and where to read more about it. */
function Role({ page }: { page: Page }) {
  const words = accountWords[page.language]
  const { user, access, canRead, canUpload, canDelete } = page
  const may = canRead ? 'read' : 'nothing'
  const role = canUpload ? (canDelete ? 'all' : 'upload') : may
  return (
    <div class="role">
      <p>
        <b>{user ?? (access === 'open' ? words.everybody : words.nobody[nobodyIs(page)])}</b> ·{' '}
        {words.role[role]}
      </p>
      <p class="hint">{words.access[accessRule(page)]}</p>
      {may === 'read' && <a href={atRoot(page, 'whoami')}>{words.rights}</a>}
    </div>
  )
}

/**
 * Signs in at the root, wherever it stands: a browser sends basic credentials by itself only to addresses below the one
 * that asked for them (RFC 7617, 2.2).
 */
export function SignInLink({ page, next }: { page: Page; next?: string }) {
  if (page.access === 'open' || page.authentication !== 'basic' || page.user !== undefined) return null
  return (
    <a class="btn" href={signInAddress(page, next)}>
      {shellWords[page.language].signIn}
    </a>
  )
}

/** Ends the sign-in, where there is one to end. With script it happens without the question for another password. */
export function SignOutForm({ page }: { page: Page }) {
  if (page.authentication !== 'basic' || page.user === undefined) return null
  return (
    <form method="post" action={atRoot(page, 'signout')} data-signed-out={atRoot(page, 'signed-out')}>
      <button class="btn">{shellWords[page.language].signOut}</button>
    </form>
  )
}

/** Theme, language and keys, kept in cookies. */
export function Preferences({ page }: { page: Page }) {
  const words = shellWords[page.language]
  return (
    <form method="post" action={atRoot(page, 'prefs')} class="form">
      <input type="hidden" name="next" value={page.address} />
      <fieldset>
        <legend>{words.theme}</legend>
        {themes.map((theme) => (
          <label>
            <input type="radio" name="theme" value={theme} checked={theme === page.theme} />{' '}
            {words.themes[theme]}
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>{words.language}</legend>
        {languages.map((language) => (
          <label lang={language}>
            <input type="radio" name="lang" value={language} checked={language === page.language} />{' '}
            {languageNames[language]}
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>{words.shortcuts}</legend>
        {(['on', 'off'] as const).map((state) => (
          <label>
            <input type="radio" name="keys" value={state} checked={page.shortcuts === (state === 'on')} />{' '}
            {words[state]}
          </label>
        ))}
      </fieldset>
      <button class="btn">{words.apply}</button>
    </form>
  )
}
