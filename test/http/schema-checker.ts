import Ajv from 'ajv'
import addFormats from 'ajv-formats'

/** Looks at a value by a schema of an OpenAPI document: what is wrong with it, in ajv's words; nothing when it fits. */
export function schemaChecker(document: {
  readonly components: object
}): (schema: object, value: unknown) => string[] {
  const ajv = new Ajv({ strict: false, allErrors: true })
  addFormats(ajv)
  ajv.addSchema({ $id: 'document', components: document.components })
  return (schema, value) => {
    const validate = ajv.compile(absolute(schema))
    if (validate(value)) return []
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  }
}

function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"document#/components'))
}
