import { compile, isRegistered, TreeInterpreter, type JSONValue } from '@jmespath-community/jmespath'

/** What a query is asked about. */
export interface AccessNames {
  /** The repository's name, or `repo` where it has none. */
  readonly namespace: string
  readonly type: string
}

/** Finds the allowed actions in a token's claims: whatever the query selects, null where that is nothing. */
export type AccessQuery = (claims: JSONValue, names: AccessNames) => unknown

/** What ChartMuseum asks when nothing else is set. */
export const defaultAccessQuery = "access[?name=='$NAMESPACE' && type=='$ACCESS_ENTRY_TYPE'].actions[]"

const placeholder = /\$(?:NAMESPACE|ACCESS_ENTRY_TYPE)/g
/** The three kinds of quoted text in JMESPath, or an identifier with a placeholder in it. */
const parts =
  /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|\w*(?:\$(?:NAMESPACE|ACCESS_ENTRY_TYPE)\w*)+/gs

/**
 * Reads a JMESPath with `$NAMESPACE` and `$ACCESS_ENTRY_TYPE` in it. It is parsed once, with the placeholders where they
 * stand; names are put into the parsed query later, as values, so that no name can become a part of the query. Outside
 * of quotes a placeholder is the name of a field, which is what ChartMuseum makes of it.
 *
 * @throws Error whose message says what is wrong with the expression.
 */
export function parseAccessQuery(expression: string): AccessQuery {
  const tree = template(parsed(expression))
  return (claims, names) => TreeInterpreter.search(tree(names) as never, claims)
}

/** The tree of an expression: plain JSON, with the texts of the expression as strings. */
function parsed(expression: string): JSONValue {
  // The library reads a quote that is never closed as if it were.
  if (/['"`]/.test(expression.replace(parts, ''))) throw new Error('a quote is not closed')
  const tree = compile(expression.replace(parts, (part) => (/^['"`]/.test(part) ? part : `"${part}"`)))
  // Nodes are JSON without signatures of an index, which JSONValue has.
  const nodes = tree as unknown as JSONValue
  const unknown = functionsIn(nodes).find((name) => !isRegistered(name))
  if (unknown !== undefined) throw new Error(`there is no function ${unknown}()`)
  return nodes
}

/**
 * Makes the tree for given names; what has no placeholder in it is shared by all of them. Types of nodes and the names of
 * their fields never hold one.
 */
function template(value: JSONValue): (names: AccessNames) => JSONValue {
  if (typeof value === 'string' && value.includes('$')) {
    return (names) =>
      value.replace(placeholder, (found) => (found === '$NAMESPACE' ? names.namespace : names.type))
  }
  if (value === null || typeof value !== 'object' || !JSON.stringify(value).includes('$')) return () => value
  if (Array.isArray(value)) {
    const items = value.map(template)
    return (names) => items.map((item) => item(names))
  }
  const fields = Object.entries(value).map(([key, field]) => [key, template(field)] as const)
  return (names) => {
    const copy: Record<string, JSONValue> = {}
    for (const [key, field] of fields) copy[key] = field(names)
    return copy
  }
}

function functionsIn(value: JSONValue): string[] {
  if (value === null || typeof value !== 'object') return []
  // What stands in a literal is data, whatever it looks like.
  if (!Array.isArray(value) && value['type'] === 'Literal') return []
  const below = Object.values(value).flatMap(functionsIn)
  if (Array.isArray(value) || value['type'] !== 'Function') return below
  return [String(value['name']), ...below]
}
