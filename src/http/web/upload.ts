import { h } from 'preact'
import { Upload, type UploadProps } from '../../../views/upload.tsx'
import type { UploadCode, UploadRowData } from '../../../views/upload-data.ts'
import type { OpenedArchive } from '../../registry/archive.ts'
import { noteRejections, type RejectionReason } from '../rejections.ts'
import type { Ask } from '../route.ts'
import { assetUrl } from './assets.ts'
import { pushCommand, uploadCommand } from './commands.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'
import { errandFor, ticketsOf, type Errand } from './ticket.ts'
import { pairsOf, publishPair, type JudgeParts, type SentPair } from './upload-judge.ts'

/**
 * Files of full size that one form may bring: without script people choose all of theirs at once. It bounds what one
 * request can fill of the disk for unfinished uploads.
 */
const mostFiles = 50

/** Answers the page on which charts are uploaded. */
export async function sendUpload(ask: Ask, parts: WebParts): Promise<Response> {
  return send(ask, parts, [])
}

/**
 * Publishes the files of a form, each on its own: a bad one does not stop the others. The answer is the page again, with
 * one row for each file; the script of the page takes the rows out of it.
 */
export async function receiveUpload(ask: Ask, parts: WebParts): Promise<Response> {
  const form = await parts.receiver.receiveFiles(ask.request, mostFiles)
  try {
    if (form.files.length === 0) return await send(ask, parts, [], 'nothing')
    const asked = form.fields.has('replace')
    const ticket = form.fields.get('t')
    const judge = judgeParts(ask, parts, asked ? ticket : undefined)
    const rows = await publishAll(judge, pairsOf(form.files))
    noteRejections(
      ask.request,
      rows.flatMap(({ code }) => reasons[code] ?? []),
    )
    const expired = asked && rows.some(({ code }) => code === 'EXISTS')
    return await send(ask, parts, rows, expired ? 'expired' : undefined)
  } finally {
    await form.discard()
  }
}

/** Charts first, so that a provenance under another name finds its own; the answers in the order of the files. */
async function publishAll(judge: JudgeParts, pairs: readonly SentPair[]): Promise<readonly UploadRowData[]> {
  const rows = new Map<SentPair, UploadRowData>()
  const charts = pairs.filter(({ chart }) => chart !== undefined)
  const alone = pairs.filter(({ chart }) => chart === undefined)
  for (const pair of [...charts, ...alone]) rows.set(pair, await publishPair(judge, pair))
  return pairs.flatMap((pair) => rows.get(pair) ?? [])
}

/** A ticket of the form is for every file in it, one of a row for exactly those bytes. */
function judgeParts(ask: Ask, parts: WebParts, ticket: string | undefined): JudgeParts {
  const tickets = ticketsOf(parts)
  const { overwrite, maxUploadBytes } = parts.rules
  const forAll = overwrite !== 'never' && tickets.accepts(ticket, replaceErrand(ask))
  return {
    repository: parts.registry.repository(ask.repo),
    maxBytes: maxUploadBytes,
    mayReplace: (opened) =>
      overwrite !== 'never' && (forAll || tickets.accepts(ticket, replaceErrand(ask, opened))),
    replaceTicket: (opened) =>
      overwrite === 'never' ? undefined : tickets.issue(replaceErrand(ask, opened)),
  }
}

function replaceErrand({ caller, repo }: Ask, opened?: OpenedArchive): Errand {
  const archive = opened === undefined ? [] : [opened.metadata.name, opened.metadata.version, opened.digest]
  return { ...errandFor(caller), verb: 'replace', target: [repo, ...archive] }
}

async function send(
  ask: Ask,
  parts: WebParts,
  rows: readonly UploadRowData[],
  problem?: UploadProps['problem'],
): Promise<Response> {
  const page = await pageOf(ask, parts)
  const { overwrite, maxUploadBytes: maxBytes } = parts.rules
  const ticket = overwrite === 'never' ? undefined : ticketsOf(parts).issue(replaceErrand(ask))
  const script = await assetUrl(page.contextPath, 'upload.js')
  const commands = [uploadCommand(page), pushCommand(page)]
  const props = { page, script, overwrite, maxBytes, ticket, rows, problem, commands }
  return sendPage(ask.request, h(Upload, props), { status: problem === 'nothing' ? 422 : statusFor(rows) })
}

/** Why a file was refused, for those who count; files that were taken have none. */
const reasons: Partial<Record<UploadCode, RejectionReason>> = {
  EXISTS: 'conflict',
  NAME_TAKEN: 'conflict',
  NOT_GZIP: 'not_gzip',
  DAMAGED: 'damaged',
  NO_CHART_YAML: 'no_chart_yaml',
  BAD_YAML: 'bad_yaml',
  BAD_NAME: 'bad_name',
  BAD_VERSION: 'bad_version',
  BAD_CHART: 'bad_chart',
  UNSAFE_PATH: 'unsafe_path',
  BOMB: 'bomb',
  TOO_LARGE: 'too_large',
  PROV_MISMATCH: 'invalid',
  PROV_ALONE: 'invalid',
  BAD_PROV: 'invalid',
  QUOTA: 'full',
  STORE_FULL: 'full',
  BUSY: 'unavailable',
}

const statuses: Partial<Record<UploadCode, number>> = {
  PUBLISHED: 201,
  REPLACED: 201,
  PROV_ADDED: 201,
  SAME: 200,
  EXISTS: 409,
  NAME_TAKEN: 409,
  TOO_LARGE: 413,
  QUOTA: 507,
  STORE_FULL: 507,
  BUSY: 503,
}

/** One file decides the status of the answer; of several the page says it, row by row. */
function statusFor(rows: readonly UploadRowData[]): number {
  const all = new Set(rows.map(({ code }) => statuses[code] ?? 422))
  const [only] = all
  return all.size === 1 && only !== undefined ? only : 200
}
