import type { FileRow } from '../../index.ts'
import { atOption } from '../at-option.ts'
import { openNamedTable } from '../catalog-arguments.ts'
import { atOptions, remapOption, tableArgument, textOption, type Verb } from '../verb.ts'

export const files: Verb = {
  name: 'files',
  summary: 'the live data and delete files of a snapshot',
  arguments: [tableArgument],
  options: [
    { flags: '--partition <path>', description: 'only files of this partition, as the listing writes it' },
    ...atOptions,
    remapOption,
  ],
  example: 'moraine files shop.orders --partition placed_at_day=2026-11-21',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const records = recordsOf(table.inspect.files(atOption(options)), textOption(options, 'partition'))
    const columns = [
      'content',
      'file_format',
      'spec_id',
      'partition',
      'record_count',
      'file_size_in_bytes',
      'sequence_number',
      'file_path',
    ]
    return { kind: 'records', columns, records }
  },
}

async function* recordsOf(files: AsyncIterable<FileRow>, partition: string | undefined) {
  for await (const file of files) {
    if (partition !== undefined && file.partition !== partition) continue
    yield {
      content: file.content,
      file_format: file.fileFormat,
      partition: file.partition,
      record_count: file.recordCount,
      file_size_in_bytes: file.fileSizeInBytes,
      sequence_number: file.sequenceNumber,
      spec_id: file.specId,
      file_path: file.filePath,
    }
  }
}
