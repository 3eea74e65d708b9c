/** Hues of the drawings, in degrees: far enough apart to be told from each other, with equal contrast (see styles). */
const hues = [205, 28, 260, 160, 330, 190] as const

/** Half widths of the five contour lines; their heights are 0.63 of that. */
const contours = [9.1, 16.9, 24.7, 33.8, 42.9] as const

/**
 * The picture of a chart that brings none: contour lines around a centre and two letters, as an SVG of some 0.8 KB.
 * The name decides everything, so a chart looks the same wherever it is. Both themes are in the one file: a picture in
 * a page follows the page's `color-scheme` (measured in Chromium 147).
 */
export function chartlet(name: string): string {
  const hash = fnv1a(name)
  const hue = hues[hash % hues.length] ?? hues[0]
  const turn = (hash >>> 3) % 360
  const x = 14 + ((hash >>> 12) % 20)
  const y = 9 + ((hash >>> 17) % 21)
  const lines = contours.map(
    (half) => `<ellipse cx="${x}" cy="${y}" rx="${half}" ry="${Math.round(half * 6.3) / 10}"/>`,
  )
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><style>${styles(hue)}</style>` +
    `<rect class="b" width="48" height="48"/>` +
    `<g fill="none" class="l" stroke-opacity=".5" transform="rotate(${turn} 24 24)">${lines.join('')}</g>` +
    `<text x="24" y="31" text-anchor="middle" font-family="Georgia,serif" font-size="20" font-weight="600" ` +
    `class="t">${monogram(name)}</text></svg>`
  )
}

/** `kube-prometheus-stack` is "kp", `redis` is "re": only letters and digits, so nothing needs escaping. */
function monogram(name: string): string {
  const words = name.slice(0, 250).match(/[\p{L}\p{N}]+/gu) ?? []
  const [first = [], second = []] = words.map((word) => [...word])
  const letters = second.length > 0 ? [first[0], second[0]] : first.slice(0, 2)
  return letters.join('').toLowerCase()
}

function styles(hue: number): string {
  const paint = (base: string, line: string, text: string) =>
    `.b{fill:hsl(${hue} ${base})}.l{stroke:hsl(${hue} ${line})}.t{fill:hsl(${hue} ${text})}`
  const night = paint('34% 17%', '45% 62%', '60% 86%')
  return `${paint('42% 88%', '55% 36%', '60% 20%')}@media(prefers-color-scheme:dark){${night}}`
}

/** FNV-1a of the UTF-8 bytes, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/). */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
