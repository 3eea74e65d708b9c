import { assetNames, assetUrl } from '../../src/http/web/assets.ts'
import { documentAnswer } from '../../src/http/web/documents.ts'

/** Compiled by a test: prints the address of each file and the version of the document, from inside an executable. */
async function main(): Promise<void> {
  for (const name of assetNames) console.log(await assetUrl('', name))
  const settings = {
    contextPath: '',
    depth: 0,
    dynamic: false,
    version: '0',
    authentication: 'none' as const,
  }
  const answer = documentAnswer({ documentRows: () => [], settings })
  const response = await answer({
    request: new Request('http://localhost/-/openapi.json'),
    repo: '',
    params: { name: '', version: '', filename: '', path: '' },
    query: new URLSearchParams(),
    caller: { name: undefined, may: () => true },
    publicUrl: 'http://localhost',
  })
  const { openapi } = (await response.json()) as { openapi: string }
  console.log(`openapi ${openapi}`)
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
