// The script of pages that show source text: line ranges, the menu of a key, finding keys. They work without it.
const code = document.getElementById('code')
const find = document.getElementById('find')
const matches = document.getElementById('matches')
const mostMatches = 200

// #L5-L9: single lines and keys are the browser's (:target).
function markRange() {
  for (const line of code.querySelectorAll('.on')) line.classList.remove('on')
  const [, from, to] = /^#L(\d+)-L(\d+)$/.exec(location.hash) ?? []
  if (from === undefined) return
  const [first, last] = [Number(from), Number(to)].sort((a, b) => a - b)
  let line = lineAt(first)
  line?.scrollIntoView()
  for (let at = first; line && at <= last; line = lineAt(++at)) line.classList.add('on')
}

const lineAt = (number) => document.getElementById(`L${number}`)

// A click on a line number names the line in the address; with Shift, all from the one named before.
function chooseLine(event) {
  const line = event.target.closest('.block > div')
  if (!line) return false
  const gutter = parseFloat(getComputedStyle(line, '::before').width)
  if (event.clientX - line.getBoundingClientRect().left > gutter) return false
  const [, before] = /^#L(\d+)/.exec(location.hash) ?? []
  const number = line.id.slice(1)
  const { scrollX, scrollY } = window
  location.hash =
    event.shiftKey && before ? `#L${Math.min(before, number)}-L${Math.max(before, number)}` : line.id
  // The place under the pointer stays there.
  markRange()
  scrollTo(scrollX, scrollY)
  getSelection()?.removeAllRanges()
  return true
}

const pathOf = (key) => decodeURIComponent(key.id.slice(2))

let menu

/** The ways to use a key, from its own page, beside it. */
async function openMenu(key, opener) {
  const answer = await fetch(code.dataset.keyPage + encodeURIComponent(pathOf(key)))
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const card = page.getElementById('key')
  if (!card) return
  menu ??= newMenu()
  menu.replaceChildren(...card.children)
  menu.opener = opener
  menu.hidePopover()
  menu.showPopover({ source: key })
  menu.querySelector('button')?.focus({ preventScroll: true })
}

function newMenu() {
  const made = document.createElement('div')
  made.id = 'keymenu'
  made.className = 'menu'
  made.popover = 'auto'
  made.setAttribute('role', 'dialog')
  made.setAttribute('aria-label', code.dataset.keyMenu)
  // Closed by Esc or by following its link; the browser gives the focus back only where it came from.
  made.addEventListener('toggle', (event) => {
    if (event.newState === 'closed' && made.contains(document.activeElement)) made.opener?.focus()
  })
  code.after(made)
  return made
}

/** Lists the keys that have all the words, in the order of the file. */
function showMatches() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean)
  const count = document.getElementById('found')
  matches.hidden = words.length === 0
  if (words.length === 0) {
    matches.replaceChildren()
    count.textContent = count.dataset.all
    return
  }
  const keys = [...code.querySelectorAll('b[id]')]
  const found = keys.filter((key) => {
    const path = pathOf(key).toLowerCase()
    return words.every((word) => path.includes(word))
  })
  matches.replaceChildren(...found.slice(0, mostMatches).map(matchOf))
  count.textContent = count.dataset.found.replace(
    '{found}',
    found.length.toLocaleString(document.documentElement.lang),
  )
}

function matchOf(key) {
  const item = document.createElement('li')
  const link = document.createElement('a')
  link.href = `#${encodeURIComponent(key.id)}`
  link.textContent = pathOf(key)
  item.append(link)
  return item
}

const keyOfLink = (link) => document.getElementById(decodeURIComponent(link.hash.slice(1)))

if (code) {
  markRange()
  addEventListener('hashchange', markRange)
  code.addEventListener('click', (event) => {
    if (event.target.matches('b[id]')) void openMenu(event.target, code)
    else chooseLine(event)
  })
}

if (code && find && matches) {
  find.addEventListener('input', (event) => {
    if (!event.isComposing) showMatches()
  })
  find.addEventListener('compositionend', showMatches)
  find.form.addEventListener('submit', (event) => {
    event.preventDefault()
    matches.querySelector('a')?.focus()
  })
  // Enter on a match, or a click, goes to the key; Enter opens its menu too, because keys in the text take no focus.
  matches.addEventListener('click', (event) => {
    const link = event.target.closest('a')
    const key = link && keyOfLink(link)
    if (key && event.detail === 0) setTimeout(() => openMenu(key, link))
  })
  if (find.value !== find.defaultValue) showMatches()
}
