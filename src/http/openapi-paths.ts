/** One path parameter as OpenAPI writes it, without `in` and `required`. */
export interface PathParameter {
  readonly name: string
  readonly description: string
  readonly schema: object
  readonly example: string
}

/** One OpenAPI path that a row's path stands for. */
export interface PathTemplate {
  /** "/{repo}/index.yaml". */
  readonly path: string
  readonly parameters: readonly PathParameter[]
  /** What is added to the operation's id so that ids stay unique: "", "AtDepth1". */
  readonly suffix: string
}

/**
 * The OpenAPI paths of a row's path. Where it holds `/:repo`, that part is spelled out for the configured depth
 * (nothing at 0, `/{repo}` at 1, `/{repo1}/{repo2}` at 2), because a parameter of OpenAPI never spans a slash.
 * With repositories at any depth, depths 0 to 2 are listed.
 */
export function pathTemplates(
  path: string,
  { depth, dynamic }: { readonly depth: number; readonly dynamic: boolean },
): PathTemplate[] {
  if (!path.includes('/:repo')) return [template(path, '')]
  if (!dynamic) return [template(path.replace('/:repo', repositoryPath(depth)), '')]
  return [0, 1, 2].map((at) => {
    return template(path.replace('/:repo', repositoryPath(at)), at === 0 ? '' : `AtDepth${at}`)
  })
}

function repositoryPath(depth: number): string {
  if (depth === 1) return '/:repo'
  return Array.from({ length: depth }, (_, index) => `/:repo${index + 1}`).join('')
}

function template(path: string, suffix: string): PathTemplate {
  const parameters: PathParameter[] = []
  // Elysia's wildcard stands for a path of any length, which OpenAPI has no word for.
  const openApiPath = path.replace('*', ':file').replaceAll(/:(\w+)/g, (_, name: string) => {
    parameters.push(parameter(name))
    return `{${name}}`
  })
  return { path: openApiPath, parameters, suffix }
}

const segment = { type: 'string', pattern: '^[A-Za-z0-9._-]+$' }
const text = { type: 'string', minLength: 1 }

const known: Readonly<Record<string, Omit<PathParameter, 'name'>>> = {
  repo: { description: 'The repository.', schema: segment, example: 'org1' },
  name: { description: 'The name of the chart.', schema: text, example: 'mychart' },
  version: {
    description:
      'The version. Reading also takes `latest` (the newest that is not a pre-release) and a range such as `~0.1` ' +
      'or `^1`; deleting takes the exact version only.',
    schema: text,
    example: '0.1.0',
  },
  filename: {
    description: 'The file: `<name>-<version>.tgz`, or `<name>-<version>.tgz.prov` for its provenance.',
    schema: text,
    example: 'mychart-0.1.0.tgz',
  },
  hash: {
    description: 'The first 16 hex digits of the SHA-256 of the file.',
    schema: text,
    example: '0123456789abcdef',
  },
  path: { description: 'Where the file is, slashes included.', schema: text, example: 'logo.svg' },
  file: { description: 'The name of the file.', schema: text, example: 'chartroom.css' },
}

function parameter(name: string): PathParameter {
  const about = known[name]
  if (about !== undefined) return { name, ...about }
  const part = /^repo(\d+)$/.exec(name)?.[1]
  if (part === undefined) return { name, description: name, schema: text, example: name }
  return {
    name,
    description: `Part ${part} of the path of the repository.`,
    schema: segment,
    example: part === '1' ? 'org1' : 'team1',
  }
}
