/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'

/** What every page needs to know of the place it stands in. */
export interface Place {
  /** "" or "/ctx". */
  readonly contextPath: string
  readonly version: string
  /** Addresses of the files that the page loads. */
  readonly stylesheet: string
  readonly icon: string
}

interface ShellProps {
  readonly place: Place
  /** What the page is: "API explorer". The name of the program follows. */
  readonly title: string
  /** Loaded before the stylesheet of the pages, which has the last word. */
  readonly stylesheets?: readonly string[]
  readonly scripts?: readonly string[]
  /** Stands on the tinted band below the header. */
  readonly masthead: ComponentChildren
  readonly children?: ComponentChildren
}

/** The frame of every page: head, header with the neatline, masthead, content, footer. */
export function Shell({ place, title, stylesheets = [], scripts = [], masthead, children }: ShellProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>{title === 'Chartroom' ? title : `${title} · Chartroom`}</title>
        <link rel="icon" type="image/svg+xml" href={place.icon} />
        {[...stylesheets, place.stylesheet].map((href) => (
          <link rel="stylesheet" href={href} />
        ))}
        {scripts.map((src) => (
          <script src={src} defer />
        ))}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <header class="top">
          <div class="wrap bar">
            <a class="brand" href={`${place.contextPath}/`}>
              <Rose />
              Chartroom
            </a>
          </div>
          <div class="neat" />
        </header>
        <main id="main" tabIndex={-1}>
          <div class="masthead">
            <Isobaths />
            <div class="wrap">{masthead}</div>
          </div>
          {children}
        </main>
        <footer>
          <div class="wrap foot">
            <span>Chartroom {place.version}</span>
            <a href={`${place.contextPath}/-/api`}>API explorer</a>
          </div>
        </footer>
      </body>
    </html>
  )
}

/** A command to type, whole with one click. Lines break between words only, never behind the dashes of a flag. */
export function Command({ children }: { readonly children: string }) {
  return (
    <pre class="cmd">
      <code>
        {children.split(' ').map((word, index) => (
          <>
            {index > 0 && ' '}
            <span>{word}</span>
          </>
        ))}
      </code>
    </pre>
  )
}

/** The mark: a four-point compass rose. */
function Rose() {
  return (
    <svg viewBox="0 0 24 24" width="26" height="26" aria-hidden="true">
      <circle cx="12" cy="12" r="10.2" fill="none" stroke="currentColor" stroke-width="1.2" />
      <path fill="currentColor" d="M12 1.6 13.9 10.1 22.4 12 13.9 13.9 12 22.4 10.1 13.9 1.6 12 10.1 10.1Z" />
    </svg>
  )
}

/** Depth contours with their figures, drawn behind the masthead of wide windows. */
function Isobaths() {
  return (
    <svg class="iso" viewBox="0 0 620 180" preserveAspectRatio="xMaxYMin slice" aria-hidden="true">
      <g fill="none" stroke="currentColor" stroke-width="1.1">
        <path d="M240 0C222 60 190 112 158 180" />
        <path d="M302 0C282 66 246 120 214 180" />
        <path d="M368 0C338 70 306 116 268 180" />
        <path d="M436 0C396 62 384 128 330 180" />
        <path d="M512 0C462 46 486 116 372 180" />
        <path d="M588 0C530 52 560 128 404 180" />
      </g>
      <g fill="currentColor" font-size="13">
        <text x="206" y="140">
          46
        </text>
        <text x="270" y="92">
          31
        </text>
        <text x="352" y="128">
          24
        </text>
        <text x="410" y="66">
          18
        </text>
        <text x="486" y="104">
          12
        </text>
        <text x="548" y="60">
          7
        </text>
      </g>
    </svg>
  )
}
