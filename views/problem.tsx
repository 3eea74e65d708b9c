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
  const { sentence, hint } = narrow ?? tellings[code ?? 'unknown']
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
        {code === 'unauthorized' && (
          <>
            <p>{words.withHelm}</p>
            <Command page={page}>
              {`helm repo add ${page.alias} ${page.repositoryUrl} --username NAME`}
            </Command>
          </>
        )}
        {requestId !== undefined && (
          <p class="meta">
            {words.quoteRequest} <code>{requestId}</code>
          </p>
        )}
      </div>
    </Shell>
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
      <a href={`${page.contextPath}/`}>{words.home}</a>
    </p>
  )
}
