/** @jsxImportSource preact */
import type { ErrorAbout, ErrorCode } from '../src/errors.ts'
import { SignInLink } from './menus.tsx'
import { atRoot, type Page } from './page.ts'
import { Command } from './parts.tsx'
import { Shell } from './shell.tsx'
import { problemWords } from './words/problem.ts'

export interface ProblemProps {
  readonly page: Page
  /** The HTTP status. */
  readonly status: number
  /** Undefined: nobody foresaw it. */
  readonly code: ErrorCode | undefined
  readonly about: ErrorAbout | undefined
  /** The server's own sentence, in English, where it says more than ours. */
  readonly detail: string | undefined
  /** What may have been meant, to search for. */
  readonly wanted: string | undefined
  /** To quote when asking for help. */
  readonly requestId: string | undefined
}

/** The one page for whatever cannot be answered as asked: the number small, the sentence large, then what to do. */
export function Problem(props: ProblemProps) {
  const { page, status, code, about, detail, requestId } = props
  const words = problemWords[page.language]
  const { tellings } = words
  const narrow = code !== undefined && about !== undefined ? tellings[`${code}/${about}`] : undefined
  const needsToken = code === 'unauthorized' && page.authentication === 'bearer'
  const { sentence, hint } = needsToken ? words.token : (narrow ?? tellings[code ?? 'unknown'])
  return (
    <Shell
      page={page}
      title={sentence.replace(/[.。]$/, '')}
      masthead={
        <>
          <p class="status">{status}</p>
          <h1>{sentence}</h1>
          {hint !== undefined && <p class="facts">{hint}</p>}
        </>
      }
    >
      <div class="wrap page">
        <WhatToDo {...props} />
        {detail !== undefined && (
          <p>
            {words.detail} <span lang="en">{detail}</span>
          </p>
        )}
        {code === 'unauthorized' && !needsToken && (
          <>
            <p>{words.withHelm}</p>
            <Command page={page}>
              {`helm repo add ${page.alias} ${page.repositoryUrl} --username NAME`}
            </Command>
          </>
        )}
        {needsToken && <WithToken page={page} />}
        {requestId !== undefined && (
          <p class="meta">
            {words.quoteRequest} <code>{requestId}</code>
          </p>
        )}
      </div>
    </Shell>
  )
}

/** A browser cannot be made to send a token: who else can, and how. */
function WithToken({ page }: { page: Page }) {
  const { token } = problemWords[page.language]
  return (
    <>
      <p>{token.proxy}</p>
      <p>
        <code>Authorization: Bearer TOKEN</code>
      </p>
      <p>{token.programs}</p>
      <Command page={page}>
        {`curl --fail-with-body --header 'Authorization: Bearer TOKEN' ${page.repositoryUrl}/index.yaml`}
      </Command>
      <Command page={page}>
        {`helm cm-push --access-token TOKEN mychart-0.1.0.tgz ${page.repositoryUrl}`}
      </Command>
    </>
  )
}

function WhatToDo({ page, code, wanted }: ProblemProps) {
  const words = problemWords[page.language]
  const search = page.inRepository ? page.list : atRoot(page, 'search')
  const again = code === 'unavailable' || code === 'too_slow' || code === undefined
  return (
    <p class="actions">
      {(code === 'unauthorized' || code === 'forbidden') && <SignInLink page={page} />}
      {again && (
        <a class="btn" href={page.address}>
          {words.retry}
        </a>
      )}
      {code === 'not_found' && (
        <a class="btn" href={wanted === undefined ? search : `${search}?q=${encodeURIComponent(wanted)}`}>
          {wanted === undefined ? words.searchAnything : words.search(wanted)}
        </a>
      )}
      {code === 'forbidden' && page.canRead && <a href={atRoot(page, 'whoami')}>{words.rights}</a>}
      <a href={`${page.contextPath}/`}>{words.home}</a>
    </p>
  )
}
