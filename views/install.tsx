/** @jsxImportSource preact */
import type { Page } from './page.ts'
import { Command, CopyButton } from './parts.tsx'
import { overviewWords } from './words/overview.ts'

/** What people type to use a version, ready to be pasted. */
export interface InstallCommands {
  readonly add: string
  readonly install: string
  readonly upgrade: string
  readonly pull: string
  readonly values: string
  readonly dependency: string
}

/** How to use a version: adding the repository, and one way of several opened. Works without script. */
export function Install({
  page,
  commands,
  library,
}: {
  page: Page
  commands: InstallCommands
  /** Nothing to install: only other charts use it. */
  library: boolean
}) {
  const words = overviewWords[page.language]
  const ways = library ? (['pull'] as const) : (['upgrade', 'pull', 'values'] as const)
  return (
    <section id="install">
      <h2>{library ? words.methods.dependency : words.install}</h2>
      {library && <p>{words.library}</p>}
      {library && <Dependency page={page}>{commands.dependency}</Dependency>}
      <Command page={page}>{commands.add}</Command>
      {!library && <Command page={page}>{commands.install}</Command>}
      <div class="methods">
        {ways.map((way) => (
          <details name="method">
            <summary>{words.methods[way]}</summary>
            <Command page={page}>{commands[way]}</Command>
          </details>
        ))}
        {!library && (
          <details name="method">
            <summary>{words.methods.dependency}</summary>
            <Dependency page={page}>{commands.dependency}</Dependency>
          </details>
        )}
      </div>
    </section>
  )
}

/** Lines for a Chart.yaml. */
function Dependency({ page, children }: { page: Page; children: string }) {
  return (
    <div class="cmd lines">
      <code>{children}</code>
      <CopyButton page={page} />
    </div>
  )
}
