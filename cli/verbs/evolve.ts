import { openExistingLake, tableName } from '../catalog-arguments.ts'
import { evolution, evolveOptions } from '../evolve-options.ts'
import { probeOption, tableNameArgument, type Verb } from '../verb.ts'

export const evolve: Verb = {
  name: 'evolve',
  summary: 'change columns, partitioning, sorting, properties and format version, all flags in one commit',
  arguments: [tableNameArgument],
  options: [...evolveOptions, probeOption],
  example:
    'moraine evolve shop.orders --add "coupon string" --rename amount=total --partition-add "bucket(16, order_id)" --catalog ./lake',
  async run([name], options) {
    const identifier = tableName(name!)
    const lake = await openExistingLake(options)
    const before = await lake.loadTable(identifier)
    const after = await evolution(before, options).commit()
    return {
      kind: 'facts',
      facts: {
        evolved: name,
        changed: after.metadataLocation !== before.metadataLocation,
        schema_id: after.schema.schemaId,
        partition_spec_id: after.partitionSpec.specId,
        sort_order_id: after.sortOrder.orderId,
        format_version: after.metadata.formatVersion,
        metadata: after.metadataLocation,
      },
    }
  },
}
