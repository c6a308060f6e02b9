import { fieldsById, typeToString } from '../../index.ts'
import { openNamedTable } from '../catalog-arguments.ts'
import { tableArgument, type Verb } from '../verb.ts'

export const schema: Verb = {
  name: 'schema',
  summary: 'the columns of a table at every depth, with their field ids',
  arguments: [tableArgument],
  options: [],
  example: 'moraine schema shop.orders --catalog ./lake',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const identifiers = new Set(table.schema.identifierFieldIds)
    const records = [...fieldsById(table.schema).values()].map(({ field, path }) => ({
      id: field.id,
      name: path.join('.'),
      type: ['struct', 'list', 'map'].includes(field.type.kind) ? field.type.kind : typeToString(field.type),
      required: field.required,
      identifier: identifiers.has(field.id),
      doc: field.doc ?? null,
    }))
    return { kind: 'records', columns: ['id', 'name', 'type', 'required', 'identifier', 'doc'], records }
  },
}
