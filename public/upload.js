// Sends charts one by one, two at a time, with their progress. The page works without it, as one form. Rows come from
// the server as HTML and are adopted as nodes; the few that are needed while it cannot be reached stand in templates.
const atOnce = 2
const byId = (id) => document.getElementById(id)
const waiting = []
let running = 0
let published = 0
/** What each row stands for: { chart, prov, row, request, ticket }. */
const items = new WeakMap()

const uploader = () => byId('uploader')
const queue = () => byId('queue')

/** Takes in files that somebody chose or dropped. */
function add(files) {
  const isProvenance = ({ name }) => /\.prov$/i.test(name)
  const provenances = [...files].filter(isProvenance)
  const added = []
  for (const file of files) {
    if (isProvenance(file)) continue
    const own = provenances.findIndex(({ name }) => name === `${file.name}.prov`)
    added.push({ chart: file, prov: own < 0 ? undefined : provenances.splice(own, 1)[0] })
  }
  for (const prov of provenances) {
    // Its chart may still wait for its turn.
    const chart = waiting.find((item) => !item.prov && prov.name === `${item.chart?.name}.prov`)
    if (chart) show(Object.assign(chart, { prov }), 'WAITING')
    else added.push({ prov })
  }
  for (const item of added) begin(item)
}

/** Checks what can be known here, and queues the rest. */
function begin(item) {
  const file = item.chart ?? item.prov
  if (!/\.(tgz|tar\.gz|prov)$/i.test(file.name)) show(item, 'NOT_GZIP')
  else if (file.size > Number(uploader().dataset.limit)) show(item, 'TOO_LARGE')
  else {
    show(item, 'WAITING')
    waiting.push(item)
  }
  next()
}

function next() {
  while (running < atOnce && waiting.length > 0) send(waiting.shift())
  summarize()
}

function send(item) {
  const form = uploader().querySelector('form')
  const body = new FormData()
  if (item.ticket) {
    body.set('t', item.ticket)
    body.set('replace', 'yes')
  }
  for (const file of [item.chart, item.prov]) if (file) body.append('chart', file, file.name)
  const request = new XMLHttpRequest()
  item.request = request
  item.percent = 0
  running += 1
  request.upload.onprogress = ({ loaded, total }) =>
    progress(item, total ? Math.floor((loaded / total) * 100) : 0)
  request.onload = () => answered(item, request)
  request.onerror = () => show(item, 'NETWORK')
  request.onabort = () => show(item, 'CANCELLED')
  request.onloadend = () => {
    running -= 1
    item.request = undefined
    next()
  }
  request.open('POST', form.action)
  request.setRequestHeader('accept', 'text/html')
  request.send(body)
}

function progress(item, percent) {
  item.percent = percent
  item.row.querySelector('progress').value = percent
  const state = percent < 100 ? `${percent} %` : uploader().dataset.judging
  item.row.querySelector('[data-slot="state"]').textContent = state
}

/** The answer is the page with the row of this file; anything else is a page about something else. */
function answered(item, request) {
  const page = new DOMParser().parseFromString(request.responseText, 'text/html')
  const row = page.querySelector('#queue > li')
  const problems = { 401: 'SIGNED_OUT', 403: 'FORBIDDEN' }
  if (row) replaceRow(item, document.adoptNode(row))
  else show(item, problems[request.status] ?? (request.status === 0 ? 'NETWORK' : 'FAILED'))
  if (['PUBLISHED', 'REPLACED', 'PROV_ADDED'].includes(row?.dataset.code)) published += 1
}

/** Puts a row of our own in the place of the item's. */
function show(item, code) {
  const row = byId(`row-${code}`).content.firstElementChild.cloneNode(true)
  const file = item.chart ?? item.prov
  const slots = { name: file.name, size: sizeText(file.size), percent: String(item.percent ?? 0) }
  for (const [slot, text] of Object.entries(slots)) {
    for (const place of row.querySelectorAll(`[data-slot="${slot}"]`)) place.textContent = text
  }
  if (!item.chart || !item.prov) row.querySelector('[data-slot="prov"]')?.remove()
  replaceRow(item, document.importNode(row, true))
}

function replaceRow(item, row) {
  const hadFocus = item.row?.contains(document.activeElement)
  if (item.row?.isConnected) item.row.replaceWith(row)
  else queue().append(row)
  item.row = row
  items.set(row, item)
  if (hadFocus) row.focus()
  if (row.dataset.code !== 'WAITING')
    say(`${(item.chart ?? item.prov).name}: ${row.querySelector('p')?.textContent}`)
  summarize()
}

function say(text) {
  const status = byId('status')
  if (status) status.textContent = text
}

function summarize() {
  const { done, running: busy, attention } = uploader().dataset
  const rows = [...queue().children]
  const count = (end) => rows.filter((row) => (row.dataset.end ?? 'busy') === end).length
  const parts = [
    [count('good'), done],
    [count('busy'), busy],
    [count('bad') + count('warn'), attention],
  ]
  const text = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`)
  byId('upload-summary').textContent = text.join(', ')
}

const units = ['B', 'KiB', 'MiB', 'GiB']

/** As the server words it. */
function sizeText(bytes) {
  const unit = bytes < 1024 ? 0 : Math.min(3, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** unit
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

const actions = {
  cancel(item) {
    if (item.request) return item.request.abort()
    waiting.splice(waiting.indexOf(item), 1)
    show(item, 'CANCELLED')
  },
  retry: begin,
  remove({ row }) {
    const neighbour = row.nextElementSibling ?? row.previousElementSibling ?? byId('files')
    row.remove()
    neighbour.focus()
    summarize()
  },
  replace: ({ row }) => row.querySelector('dialog').showModal(),
  close: ({ row }) => row.querySelector('dialog').close(),
  'replace-now'(item) {
    const dialog = item.row.querySelector('dialog')
    dialog.close()
    begin(Object.assign(item, { ticket: dialog.dataset.ticket }))
  },
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('#queue [data-act]')
  const row = button?.closest('#queue > li')
  if (row && items.has(row)) actions[button.dataset.act](items.get(row))
})

document.addEventListener('change', ({ target }) => {
  if (target.id !== 'files') return
  add(target.files)
  // The same file may be chosen again once it was packaged anew.
  target.value = ''
})

addEventListener('beforeunload', (event) => {
  if (running > 0 || waiting.length > 0) event.preventDefault()
})

// Files may be dropped anywhere on the page; where there is no form the upload page is fetched for its own.
const here = byId('drop-here')
let depth = 0
const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes('Files')

function cover(shown) {
  if (!shown) depth = 0
  here.hidden = !shown
}

if (here) {
  addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return
    depth += 1
    cover(true)
  })
  addEventListener('dragleave', (event) => {
    if (!hasFiles(event)) return
    depth -= 1
    if (depth <= 0) cover(false)
  })
  addEventListener('dragover', (event) => {
    if (hasFiles(event)) event.preventDefault()
  })
  addEventListener('drop', (event) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    cover(false)
    void dropped([...event.dataTransfer.files])
  })
}

async function dropped(files) {
  if (!uploader()) await openDialog()
  if (uploader()) add(files)
}

/** The form of the upload page, in a dialog over this one. */
async function openDialog() {
  const { upload, title, dismiss } = here.dataset
  const response = await fetch(upload).catch(() => undefined)
  const page = new DOMParser().parseFromString((await response?.text()) ?? '', 'text/html')
  const form = page.getElementById('uploader')
  // Signed out, or out of reach: the page itself says what is the matter.
  if (!form) return location.assign(upload)
  const dialog = document.createElement('dialog')
  const heading = document.createElement('h2')
  const button = document.createElement('button')
  heading.textContent = title
  heading.id = 'upload-title'
  button.textContent = dismiss
  button.className = 'btn'
  button.onclick = () => {
    if (running + waiting.length === 0) dialog.close()
    else byId('upload-summary').textContent = uploader().dataset.leave
  }
  dialog.className = 'uploads'
  dialog.setAttribute('aria-labelledby', heading.id)
  dialog.append(heading, document.adoptNode(form), button)
  dialog.oncancel = (event) => {
    if (running + waiting.length > 0) event.preventDefault()
  }
  dialog.onclose = () => {
    dialog.remove()
    if (published > 0) location.reload()
  }
  document.body.append(dialog)
  dialog.showModal()
}
