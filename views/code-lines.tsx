/** @jsxImportSource preact */

/** A piece of code and what it is, for its colour. */
export interface CodePiece {
  readonly text: string
  readonly kind: 'key' | 'string' | 'number' | 'word' | 'comment' | 'template' | 'plain'
}

export type CodeLine = readonly CodePiece[]

const classes = { string: 's', number: 'n', word: 'b', comment: 'c', template: 't' } as const

/** A few lines of coloured code. */
export function Code({ lines }: { lines: readonly CodeLine[] }) {
  return (
    <pre class="y" tabIndex={0}>
      <code>
        {lines.map((pieces) => (
          <>
            {pieces.map(({ text, kind }) =>
              kind === 'plain' ? text : kind === 'key' ? <b>{text}</b> : <i class={classes[kind]}>{text}</i>,
            )}
            {'\n'}
          </>
        ))}
      </code>
    </pre>
  )
}
