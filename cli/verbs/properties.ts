import { openNamedTable } from '../catalog-arguments.ts'
import { remapOption, tableArgument, type Verb } from '../verb.ts'

export const properties: Verb = {
  name: 'properties',
  summary: 'the properties of a table',
  arguments: [tableArgument],
  options: [remapOption],
  example: 'moraine properties shop.orders --catalog ./lake',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const records = Object.entries(table.properties).map(([property, value]) => ({ property, value }))
    return { kind: 'records', columns: ['property', 'value'], records }
  },
}
