import { chart, type ChartBuilder } from './chart-builder.ts'

/** Called by whatever of this comes alive; the tests define it, and ask whether somebody called it. */
const call = 'window.__alive=1'

/** Everything that could act, in one text: markup, htmx's own tags and attributes, links, order of characters, colours. */
export const hostileText = [
  `"><script>${call}</script>`,
  `'><img src=x onerror=${call}>`,
  `<hx-x hx-post='/-/chart/hostile/delete' hx-trigger='load'></hx-x>`,
  `<hx-partial hx-target='body'>x</hx-partial>`,
  `<div hx-get=/ hx-trigger=load data-hx-get=/></div>`,
  `<svg onload=${call}><a xlink:href='javascript:${call}'>x</a></svg>`,
  `<iframe srcdoc='<script>parent.__alive=1</script>'></iframe>`,
  `<base href='https://evil.example/'><meta http-equiv=refresh content='0;https://evil.example/'>`,
  `<link rel=stylesheet href=https://evil.example/x.css><style>@import 'https://evil.example/y.css'</style>`,
  `</title></textarea></code></pre></article>`,
  `\u202Etxt.exe\u2066\u200f`,
  `\u001b]8;;https://evil.example\u0007\u001b[31m\u009b31m`,
  `{{ "{{" }} \${call} <!-- --> ]]>`,
].join(' ')

/** The same without the characters that a Chart.yaml is refused for. */
// oxlint-disable-next-line no-control-regex
const oneLine = hostileText.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ')

const links = [
  'javascript:',
  'JaVaScRiPt:',
  'data:text/html,',
  'vbscript:',
  '//evil.example/',
  'https://evil.example/',
]

const readme = `# ${oneLine}

${oneLine}

<img src=x onerror=${call}>
${links.map((link) => `[x ${link}](${link}${call}) <a href="${link}${call}" target=_blank>y</a>`).join('\n')}
![a](${links[0]}${call}) ![b](https://evil.example/b.png) <img src="${links[2]}<script>${call}</script>">
[x](http://a "<hx-partial hx-target=body>") [\u202Egnp.exe](https://evil.example/x)

<svg><script>${call}</script></svg>
<math><mtext><style><img onerror=${call} src=x></style></mtext></math>
<iframe srcdoc="<script>${call}</script>"></iframe>
<form action=/-/chart/hostile/delete method=post><button>b</button><input name=q><button formaction=/x>c</button></form>
<details ontoggle=${call} open><summary>s</summary>t</details>
<input autofocus onfocus=${call}>
<div id=main><p id=status style="position:fixed;inset:0;background:url(https://evil.example/z.png)">x</p></div>
<img name=body><picture><source srcset=https://evil.example/p.png><img src=https://evil.example/q.png></picture>
<div data-key="/" data-copy="x" data-row data-hx-get="/" hx-post="/" hx-trigger="load" class="btn pri" popover>z</div>

| a | <hx-partial> |
|---|---|
| <img src=x onerror=${call}> | \`<hx-x hx-post=/>\` |

\`\`\`bash
$ curl <hx-x hx-post=/ hx-trigger=load>
\`\`\`
\`\`\`<hx-x>
x
\`\`\`
`

const values = `# ${oneLine}
# @param ${'a.b'} <img src=x onerror=${call}>
evil: ${JSON.stringify(oneLine)}
${JSON.stringify(`<img src=x onerror=${call}>`)}: ${JSON.stringify(oneLine)}
"<hx-x hx-post=/ hx-trigger=load>":
  "\\" onmouseover=${call} x=\\"": [1, "</code></pre><script>${call}</script>"]
plain: 1
block: |
  ${oneLine}
`

const schema = JSON.stringify({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: oneLine,
  description: oneLine,
  type: 'object',
  required: [oneLine],
  properties: {
    evil: {
      type: 'string',
      title: oneLine,
      description: oneLine,
      default: oneLine,
      pattern: '<hx-x>',
      examples: [oneLine],
    },
    [oneLine]: { enum: [oneLine, 1, null], $ref: `javascript:${call}` },
    plain: { type: 'integer', minimum: 0, deprecated: true, format: oneLine },
  },
})

/** Names that a file may have in an archive, each of them an attempt. */
export const hostileFiles = [
  `templates/<img src=x onerror=${call}>.yaml`,
  `templates/<hx-x hx-post=.>.yaml`,
  `docs/" onmouseover=${call} x=".md`,
  `docs/javascript:${call}.txt`,
  `docs/<script>${call}.js`,
  `docs/\u202Egnp.html`,
  `docs/page.html`,
  `docs/picture.svg`,
] as const

const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="${call}"><script>${call}</script><image href="https://evil.example/i.png"/></svg>`

/** A chart whose every text is an attempt, as far as Helm itself would take it. */
export function hostileChart(version: string): ChartBuilder {
  const link = { name: oneLine, url: `javascript:${call}` }
  let builder = chart('hostile', version)
    .chartYaml({
      description: oneLine,
      appVersion: oneLine.slice(0, 120),
      home: `javascript:${call}//"><hx-x>`,
      icon: `data:image/svg+xml;base64,${btoa(svg)}`,
      keywords: [oneLine, '<hx-partial>', 'x" onclick="y'],
      sources: [...links.map((start) => start + call), oneLine],
      maintainers: [
        { name: oneLine, email: `x"><script>${call}</script>@evil.example`, url: `javascript:${call}` },
        { name: 'zwei', email: 'a@b.example?subject=<hx-x>', url: 'https://evil.example/"onclick=x' },
      ],
      annotations: {
        category: oneLine,
        licenses: oneLine,
        'artifacthub.io/license': oneLine,
        'artifacthub.io/links': `- name: ${JSON.stringify(link.name)}\n  url: ${JSON.stringify(link.url)}\n`,
        'artifacthub.io/changes': `- ${JSON.stringify(oneLine)}\n`,
        'artifacthub.io/images': `- name: ${JSON.stringify(oneLine)}\n  image: ${JSON.stringify(oneLine)}\n`,
        [oneLine.slice(0, 60)]: oneLine,
      },
      dependencies: [
        {
          name: 'hostile',
          version: '>=0.0.1',
          repository: `javascript:${call}`,
          condition: oneLine,
          tags: [oneLine],
        },
        { name: 'other', version: '1.x.x', repository: `https://evil.example/"><hx-x>`, alias: 'alias' },
      ],
      condition: oneLine,
      tags: oneLine,
    })
    .with('README.md', readme + version)
    .with('values.yaml', values.replace('plain: 1', `plain: ${version.length}`))
    .with('values.schema.json', schema)
    .with('LICENSE', oneLine)
    .with('CHANGELOG.md', readme)
    .with('templates/NOTES.txt', `${hostileText} {{ .Values.evil }} ${version}`)
    .with('crds/evil.yaml', `kind: CustomResourceDefinition\nmetadata:\n  name: ${JSON.stringify(oneLine)}\n`)
  for (const file of hostileFiles) {
    builder = builder.with(
      file,
      file.endsWith('.svg') ? svg : `${hostileText}\n{{ .Values.plain }} ${version}\n`,
    )
  }
  return builder
}

/** A provenance that says the same again; nothing of it verifies. */
export const hostileProvenance = `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

name: hostile
version: 1.1.0
description: ${JSON.stringify(oneLine)}

...
files:
  hostile-1.1.0.tgz: sha256:<script>${call}</script>
-----BEGIN PGP SIGNATURE-----

wsBcBAEBCgAQ<hx-x>
-----END PGP SIGNATURE-----
`
