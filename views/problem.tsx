/** @jsxImportSource preact */
import { Shell, type Place } from './shell.tsx'

export interface ProblemProps {
  readonly place: Place
  /** The HTTP status. */
  readonly status: number
  /** What went wrong: "This page does not exist." */
  readonly sentence: string
  /** What to do now. */
  readonly hint?: string | undefined
  /** To quote when asking for help. */
  readonly requestId?: string | undefined
}

/** The one page for everything that cannot be answered as asked: the number small, the sentence large. */
export function Problem({ place, status, sentence, hint, requestId }: ProblemProps) {
  return (
    <Shell
      place={place}
      title={sentence.replace(/\.$/, '')}
      masthead={
        <>
          <p class="status">{status}</p>
          <h1>{sentence}</h1>
          {hint !== undefined && <p class="facts">{hint}</p>}
        </>
      }
    >
      <div class="wrap page">
        <p>
          <a href={`${place.contextPath}/`}>To the home page</a>
        </p>
        {requestId !== undefined && (
          <p class="meta">
            Request <code>{requestId}</code>
          </p>
        )}
      </div>
    </Shell>
  )
}
