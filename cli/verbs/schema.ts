import { fieldsById, schemaToJson, typeToString } from '../../index.ts'
import { openNamedTable } from '../catalog-arguments.ts'
import { formatNamePath } from '../name-path.ts'
import { remapOption, tableArgument, type Verb } from '../verb.ts'

export const schema: Verb = {
  name: 'schema',
  summary: 'the columns of a table at every depth; as JSON the schema itself, which `create --schema` takes',
  arguments: [tableArgument],
  options: [remapOption],
  example: 'moraine schema shop.orders --catalog ./lake',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    if (options.format === 'json') return { kind: 'facts', facts: schemaToJson(table.schema) }
    const identifiers = new Set(table.schema.identifierFieldIds)
    const records = [...fieldsById(table.schema).values()].map(({ field, path }) => ({
      id: field.id,
      name: formatNamePath(path),
      type: ['struct', 'list', 'map'].includes(field.type.kind) ? field.type.kind : typeToString(field.type),
      required: field.required,
      identifier: identifiers.has(field.id),
      doc: field.doc ?? null,
    }))
    return { kind: 'records', columns: ['id', 'name', 'type', 'required', 'identifier', 'doc'], records }
  },
}
