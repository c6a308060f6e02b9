import { openExistingLake, tableName } from '../catalog-arguments.ts'
import { tableNameArgument, type Verb } from '../verb.ts'

export const rename: Verb = {
  name: 'rename',
  summary:
    'give a table another name, where its catalog can: one in a folder or bucket cannot, and says what to do',
  arguments: [tableNameArgument, { name: '<name>', description: 'the new name: shop.orders_2025' }],
  options: [],
  example: 'moraine rename shop.orders shop.orders_2025 --catalog ./lake',
  async run([name, newName], options) {
    const [from, to] = [tableName(name!), tableName(newName!)]
    const lake = await openExistingLake(options)
    await lake.renameTable(from, to)
    return { kind: 'facts', facts: { renamed: name, to: newName } }
  },
}
