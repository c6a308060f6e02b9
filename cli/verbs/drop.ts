import { openExistingLake, tableName } from '../catalog-arguments.ts'
import { probeOption, tableNameArgument, type Verb } from '../verb.ts'

export const drop: Verb = {
  name: 'drop',
  summary:
    'drop a table from its catalog; its data stays, and `register` brings it back, unless --purge is given',
  arguments: [tableNameArgument],
  options: [
    { flags: '--purge', description: 'also delete the data and metadata; there is no way back' },
    probeOption,
  ],
  example: 'moraine drop shop.orders --catalog ./lake',
  async run([name], options) {
    const table = tableName(name!)
    const lake = await openExistingLake(options)
    const { keptMetadataLocation } = await lake.dropTable(table, { purge: options['purge'] === true })
    if (keptMetadataLocation === undefined) return { kind: 'facts', facts: { dropped: name } }
    const words = ['moraine', 'register', name!, keptMetadataLocation]
    if (options.catalog !== undefined) words.push('--catalog', options.catalog)
    const facts = {
      dropped: name,
      metadata_kept_at: keptMetadataLocation,
      brought_back_by: words.map(shellWord).join(' '),
    }
    return { kind: 'facts', facts }
  },
}

/** A word as a POSIX shell takes it. */
function shellWord(word: string): string {
  return /^[\w./:=+,@%-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
