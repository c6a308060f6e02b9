import { absoluteLocation, openLake, tableName } from '../catalog-arguments.ts'
import { probeOption, tableNameArgument, type Verb } from '../verb.ts'

export const register: Verb = {
  name: 'register',
  summary: 'make the table of a metadata file a table of the catalog, such as a dropped one again',
  arguments: [
    tableNameArgument,
    {
      name: '<metadata>',
      description:
        'the path or URI of a metadata.json below the folder of the catalog, or what `drop` says it kept',
    },
  ],
  options: [probeOption],
  example:
    'moraine register shop.orders ./lake/shop/orders/metadata/dropped-4-f79c3e09-677c-4bbd-a479-3f349cb785e7.metadata.json.kept --catalog ./lake',
  async run([name, metadata], options) {
    const identifier = tableName(name!)
    const lake = await openLake(options)
    const table = await lake.registerTable(identifier, absoluteLocation(metadata!))
    return {
      kind: 'facts',
      facts: { registered: name, location: table.location, metadata: table.metadataLocation },
    }
  },
}
