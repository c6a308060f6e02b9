import { atOption } from '../at-option.ts'
import { openNamedTable } from '../catalog-arguments.ts'
import { atOptions, remapOption, tableArgument, type Verb } from '../verb.ts'

export const partitions: Verb = {
  name: 'partitions',
  summary: 'files, records and bytes by partition',
  arguments: [tableArgument],
  options: [...atOptions, remapOption],
  example: 'moraine partitions shop.orders --catalog ./lake',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const records = (await table.inspect.partitions(atOption(options))).map((partition) => ({
      partition: partition.partition,
      spec_id: partition.specId,
      file_count: partition.dataFiles,
      record_count: partition.records,
      total_data_file_size_in_bytes: partition.bytes,
      delete_file_count: partition.deleteFiles,
    }))
    const columns = [
      'partition',
      'spec_id',
      'file_count',
      'record_count',
      'total_data_file_size_in_bytes',
      'delete_file_count',
    ]
    return {
      kind: 'records',
      columns,
      records,
    }
  },
}
