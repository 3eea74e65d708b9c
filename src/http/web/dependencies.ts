import { h } from 'preact'
import { Dependencies } from '../../../views/dependencies.tsx'
import type { IncludedRow, NeedRow } from '../../../views/dependencies.tsx'
import type { Page } from '../../../views/page.ts'
import type { Need } from '../../reader/dependencies.ts'
import type { SubChart } from '../../reader/files.ts'
import { resolveNeed, type Here } from '../../reader/resolve-needs.ts'
import { shortened } from '../../reader/text.ts'
import { hereOf } from '../here.ts'
import type { Ask } from '../route.ts'
import { chartPageOf } from './chart-page.ts'
import { frontOf } from './overview.ts'
import { addressOf, versionText } from './overview-side.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'

const most = { rows: 500, text: 200, address: 500 }

/** What a version needs, with links to what is found here. */
export async function sendDependencies(ask: Ask, parts: WebParts): Promise<Response> {
  const page = await pageOf(ask, parts)
  const found = await chartPageOf(ask, parts, page)
  if (found instanceof Response) return found
  const { front, problem } = await frontOf(parts, found)
  const { needs = [], undeclared = [] } = front?.dependencies ?? {}
  const here = await hereOf(ask, parts.registry, parts.settings)
  const props = {
    page,
    head: found.head,
    needs: await Promise.all(needs.slice(0, most.rows).map((need) => rowOf(need, here, page))),
    undeclared: undeclared.slice(0, most.rows).map(includedOf),
    problem,
  }
  return sendPage(ask.request, h(Dependencies, props))
}

async function rowOf(need: Need, here: Here, page: Page): Promise<NeedRow> {
  const { name, repository, alias = '', condition = '', tags, vendored } = need
  const resolved = await resolveNeed(need, here)
  const local = repository === '' || /^file:/i.test(repository)
  return {
    name: shortened(name, most.text),
    version: versionText(need, resolved),
    address: resolved && addressOf(page, name, resolved),
    place:
      resolved !== undefined && !local
        ? { kind: 'here' }
        : repository === ''
          ? { kind: 'archive' }
          : { kind: 'elsewhere', text: shortened(repository, most.address) },
    alias: shortened(alias, most.text),
    condition: shortened(condition, most.text),
    tags: tags.slice(0, most.rows).map((tag) => shortened(tag, most.text)),
    included: vendored !== undefined,
  }
}

function includedOf({ name, version = '', path }: SubChart): IncludedRow {
  return {
    name: shortened(name, most.text),
    version: shortened(version, most.text),
    path: shortened(path, most.address),
  }
}
