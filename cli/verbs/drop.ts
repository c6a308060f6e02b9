import { openExistingLake, tableName } from '../catalog-arguments.ts'
import { tableNameArgument, type Verb } from '../verb.ts'

export const drop: Verb = {
  name: 'drop',
  summary: 'drop a table from its catalog; its data stays unless --purge is given',
  arguments: [tableNameArgument],
  options: [{ flags: '--purge', description: 'also delete the data and metadata; there is no way back' }],
  example: 'moraine drop shop.orders --catalog ./lake',
  async run([name], options) {
    const table = tableName(name!)
    const lake = await openExistingLake(options)
    const { keptMetadataLocation } = await lake.dropTable(table, { purge: options['purge'] === true })
    return { kind: 'facts', facts: { dropped: name, metadata_kept_at: keptMetadataLocation ?? null } }
  },
}
