import { atOption } from '../at-option.ts'
import { openNamedTable } from '../catalog-arguments.ts'
import { atOptions, tableArgument, type Verb } from '../verb.ts'

export const partitions: Verb = {
  name: 'partitions',
  summary: 'files, records and bytes by partition',
  arguments: [tableArgument],
  options: atOptions,
  example: 'moraine partitions shop.orders --catalog ./lake',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const records = (await table.inspect.partitions(atOption(options))).map((partition) => ({
      partition: partition.partition,
      spec: partition.specId,
      files: partition.dataFiles,
      records: partition.records,
      bytes: partition.bytes,
      'delete files': partition.deleteFiles,
    }))
    return {
      kind: 'records',
      columns: ['partition', 'spec', 'files', 'records', 'bytes', 'delete files'],
      records,
    }
  },
}
