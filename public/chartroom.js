// What HTML and htmx cannot do; every page works without it. It comes before htmx, so that its rules stand first.
// Words are attributes of <html>, in the language of the page.
const root = document.documentElement
const words = root.dataset
const byId = (id) => document.getElementById(id)
const all = (selector) => [...document.querySelectorAll(selector)]
const on = (type, listener, capture) => document.addEventListener(type, listener, capture)

// Opened as https://user:password@host/: fetch refuses the relative addresses of such a page.
if (new URL(document.baseURI).username) {
  location.replace(location.origin + location.pathname + location.search + location.hash)
}
words.js = ''

// htmx only reads: our markup has no other verb, so one comes from planted markup. In the capturing phase, where
// nobody answers before.
on(
  'htmx:config:request',
  (event) => {
    const { method, body } = event.detail.ctx.request
    if (method !== 'GET') event.preventDefault()
    else withoutEmpty(body)
  },
  true,
)

// Fields that nobody filled in stay out of addresses.
on('formdata', ({ target, formData }) => {
  if (target.method === 'get') withoutEmpty(formData)
})

function withoutEmpty(fields) {
  for (const [name, value] of Array.from(fields)) if (value === '') fields.delete(name)
}

// An answer without the part that was wanted would empty its place: a problem page, or the sign-in page of a proxy.
on('htmx:before:swap', (event) => {
  const { ctx, tasks } = event.detail
  if (!ctx.select || tasks.find((task) => task.type === 'main')?.fragment.firstElementChild) return
  event.preventDefault()
  if (ctx.response.status < 400 || ctx.target.id === 'dialogs') location.assign(ctx.request.action)
  else toast(new DOMParser().parseFromString(ctx.text, 'text/html').querySelector('h1')?.textContent, ctx)
})

// Not answered at all (network, timeout): the page stays as it is.
on('htmx:error', ({ detail }) => {
  if (detail.ctx?.request) toast(words.notReached, detail.ctx)
})

on('htmx:after:swap', ({ detail: { ctx } }) => {
  refresh()
  if (ctx.target.id === 'dialogs') openDialog(ctx.sourceElement)
  // The link to another page of the list, which had the focus, was replaced.
  else if (ctx.push && ctx.sourceEvent?.type === 'click') {
    document.querySelector('h1[tabindex="-1"]')?.focus({ preventScroll: true })
  }
})

const clearToast = () => byId('toast').replaceChildren()

/** Says what went wrong, with a button that asks once more. */
function toast(text, { sourceElement: source, target, request }) {
  const retry = document.createElement('button')
  retry.type = 'button'
  retry.className = 'btn'
  retry.textContent = words.retry
  retry.onclick = () => {
    clearToast()
    if (source?.isConnected && source !== document.body) htmx.ajax('GET', request.action, { source, target })
    else location.reload()
  }
  const message = document.createElement('div')
  message.className = 'note warn toast'
  message.append(text ?? words.notReached, ' ', retry)
  byId('toast').replaceChildren(message)
}

// Input methods send `input` for each key of an unfinished word: htmx hears of the finished one.
on(
  'input',
  (event) => {
    if (event.isComposing && event.target.matches('[hx-get]')) event.stopPropagation()
  },
  true,
)
on('compositionend', ({ target }) => {
  if (target.matches('[hx-get]')) target.dispatchEvent(new Event('input', { bubbles: true }))
})

const modal = () => document.querySelector('dialog:modal')

/** The browser keeps the focus inside, and gives it back. */
function openDialog(opener) {
  const dialog = document.querySelector('#dialogs dialog')
  if (!dialog) return
  for (const part of all('#dialogs [data-needs]')) part.hidden = !document.querySelector(part.dataset.needs)
  // As a page of its own, without script, it is open.
  dialog.open = false
  dialog.onclose = () => {
    dialog.remove()
    if (document.activeElement === document.body) opener.focus()
  }
  dialog.showModal()
}

on('click', (event) => {
  const copier = event.target.closest('[data-copy],[data-copy-from]')
  if (copier) void copy(copier)
  // In the page of its own the same control is a link back.
  const dialog = event.target.closest('[data-close]') && modal()
  if (!dialog) return
  event.preventDefault()
  dialog.close()
})

async function copy(button) {
  const { copy: given, copyFrom } = button.dataset
  const source = copyFrom ? byId(copyFrom) : button.closest('.cmd')?.querySelector('code')
  const text = (given || source?.textContent || '').trim()
  const status = byId('status')
  status.textContent = (await toClipboard(text, button)) ? words.copied : words.copyFailed
  clearTimeout(silence)
  silence = setTimeout(() => (status.textContent = ''), 2000)
}
let silence

/** Browsers have a clipboard on HTTPS and localhost only; elsewhere selected text is copied. */
async function toClipboard(text, button) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = document.createElement('textarea')
    field.className = 'vh'
    field.value = text
    // Beside the button: outside of an open dialog nothing can be selected.
    button.after(field)
    field.select()
    const copied = document.execCommand('copy')
    field.remove()
    button.focus()
    return copied
  }
}

// Wrong credentials make the browser forget the right ones without asking for others, as the form alone would.
on('submit', (event) => {
  const form = event.target
  if (!form.dataset.signedOut) return
  event.preventDefault()
  const request = new XMLHttpRequest()
  request.open('POST', form.action, true, 'signed-out', String(Math.random()))
  request.onloadend = () => location.assign(form.dataset.signedOut)
  request.send()
})

const withKey = (key) => all('[data-key]').find((found) => found.dataset.key === key)

on('keydown', (event) => {
  const { key } = event
  if (modal()) return
  if (key === 'Escape') clearToast()
  // "[" and "]" need AltGr on some keyboards, which is Ctrl and Alt on Windows.
  const modified = (event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState('AltGraph')
  if (modified || event.isComposing || event.defaultPrevented || words.shortcuts === 'off') return
  if (!event.target.closest('input,textarea,select,[contenteditable]') && act(key)) event.preventDefault()
})

/** True when the key means something on this page. */
function act(key) {
  if (key === 'j' || key === 'k') return step(key === 'j' ? 1 : -1)
  if (key === 't') return nextTheme()
  const found = withKey(key)
  if (found?.matches('input,select,textarea')) found.focus()
  else found?.click()
  return found
}

/** Focus on the link of the next row; Enter opens it, as everywhere. */
function step(by) {
  const rows = all('[data-row]').filter((row) => row.checkVisibility())
  const at = rows.indexOf(document.activeElement.closest('[data-row]'))
  rows[at < 0 && by < 0 ? rows.length - 1 : at + by]?.querySelector('a').focus()
  return rows.length
}

/** Sends the preferences with the next theme. */
function nextTheme() {
  const themes = all('input[name="theme"]')
  const next = themes[(themes.findIndex((theme) => theme.checked) + 1) % themes.length]
  if (!next) return
  next.checked = true
  next.form.requestSubmit()
  return true
}

on('input', ({ target }) => {
  const wanted = target.value.trim().toLowerCase()
  for (const item of byId(target.dataset.filter)?.children ?? []) {
    item.hidden = !item.textContent.toLowerCase().includes(wanted)
  }
})

// As the server words them. A time without a title is a moment, and stays.
const relative = new Intl.RelativeTimeFormat(root.lang, { numeric: 'auto' })
const spans = Object.entries({
  year: 31557600,
  month: 2629800,
  week: 604800,
  day: 86400,
  hour: 3600,
  minute: 60,
})

function agoText(at) {
  const seconds = Math.round((at - Date.now()) / 1000)
  const [unit, length] = spans.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', Infinity]
  return relative.format(Math.round(seconds / length), unit)
}

function refresh() {
  for (const time of all('time[title]')) time.textContent = agoText(Date.parse(time.dateTime))
  // A command with the public address, read at another one (a tunnel, a name inside the cluster).
  for (const command of all('[data-origin]')) {
    if (command.dataset.origin === location.origin || command.nextSibling?.className === 'elsewhere') continue
    const hint = document.createElement('p')
    hint.className = 'elsewhere'
    hint.textContent = words.otherAddress
    command.after(hint)
  }
}

refresh()
setInterval(refresh, 60_000)
