import { invalidArgument } from '../../index.ts'
import { isLocation, openLake } from '../catalog-arguments.ts'
import { tableArgument, type Verb } from '../verb.ts'

export const drop: Verb = {
  name: 'drop',
  summary: 'drop a table from its catalog; its data stays unless --purge is given',
  arguments: [tableArgument],
  options: [{ flags: '--purge', description: 'also delete the data and metadata; there is no way back' }],
  example: 'moraine drop shop.orders --catalog ./lake',
  async run([name], options) {
    if (isLocation(name!))
      throw invalidArgument('drop: name the table as its catalog does (shop.orders), with --catalog')
    const lake = await openLake(options)
    const { keptMetadataLocation } = await lake.dropTable(name!, { purge: options['purge'] === true })
    return { kind: 'facts', facts: { dropped: name, metadata_kept_at: keptMetadataLocation ?? null } }
  },
}
