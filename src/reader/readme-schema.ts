import { defaultSchema } from 'rehype-sanitize'
import type { Options as SanitizeSchema } from 'rehype-sanitize'

const headings = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6']
const aligned: Record<string, ['align']> = Object.fromEntries(
  [...headings, 'div', 'p'].map((name) => [name, ['align']]),
)

/**
 * What a README may be made of. Every other element is unwrapped; those of `strip` go with all that is in them.
 * Addresses are judged once more by readme-links.ts, ids are rewritten by readme-tree.ts.
 */
export const readmeSchema: SanitizeSchema = {
  tagNames: [
    ...headings,
    ...'p br hr ul ol li blockquote pre code a strong b em i del s ins'.split(' '),
    ...'table thead tbody tfoot tr th td caption img details summary div span'.split(' '),
    ...'sup sub kbd mark dl dt dd abbr input'.split(' '),
  ],
  strip: [
    ...'script style iframe object embed form svg math template link meta base video audio'.split(' '),
    ...'noscript noembed noframes textarea select button title frameset applet'.split(' '),
  ],
  attributes: {
    '*': ['id'],
    ...aligned,
    a: ['href', 'title'],
    img: ['src', 'alt', 'title', 'width', 'height'],
    td: ['align', 'colSpan', 'rowSpan', 'scope'],
    th: ['align', 'colSpan', 'rowSpan', 'scope'],
    code: [['className', /^language-[\w+-]{1,30}$/]],
    details: ['open'],
    ol: ['start'],
    input: [['type', 'checkbox'], 'checked', ['disabled', true]],
  },
  protocols: { href: ['http', 'https', 'mailto'], src: ['http', 'https'] },
  ancestors: defaultSchema.ancestors ?? {},
  required: { input: { type: 'checkbox', disabled: true } },
  // Ids get their prefix where links are rewritten to meet them.
  clobber: [],
  clobberPrefix: '',
  allowComments: false,
  allowDoctypes: false,
}
