import { type FileRow, invalidArgument, type Table } from '../../index.ts'
import { atOption } from '../at-option.ts'
import { openNamedTable } from '../catalog-arguments.ts'
import { atOptions, remapOption, tableArgument, textOption, type Verb, type VerbOptions } from '../verb.ts'

export const files: Verb = {
  name: 'files',
  summary: 'the live data and delete files of a snapshot',
  arguments: [tableArgument],
  options: [
    {
      flags: '--partition <path>',
      description: 'only files of this partition, as the listing writes it, and of those below it',
    },
    ...atOptions,
    remapOption,
  ],
  example: 'moraine files shop.orders --partition placed_at_day=2026-11-21',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const partition = partitionOption(table, options)
    const records = recordsOf(table.inspect.files(atOption(options)), partition)
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

/** The path with a slash at its end. A field that no partitioning of the table has can only be a mistake. */
function partitionOption({ metadata }: Table, options: VerbOptions): string | undefined {
  const given = textOption(options, 'partition')?.replace(/\/$/, '')
  if (given === undefined) return undefined
  const names = new Set(metadata.partitionSpecs.flatMap((spec) => spec.fields.map((field) => field.name)))
  for (const segment of given === '' ? [] : given.split('/')) {
    const name = fieldName(segment)
    if (name !== undefined && names.has(name)) continue
    const known =
      names.size === 0 ? 'the table is not partitioned' : `its fields are ${[...names].join(', ')}`
    throw invalidArgument(`--partition: expected a path such as field=value, found '${given}'; ${known}`)
  }
  return `${given}/`
}

/** Undefined for a segment that no listing writes. */
function fieldName(segment: string): string | undefined {
  const name = /^([^=]*)=/.exec(segment)?.[1]
  try {
    return name === undefined ? undefined : decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

async function* recordsOf(files: AsyncIterable<FileRow>, partition: string | undefined) {
  for await (const file of files) {
    if (partition !== undefined && !`${file.partition}/`.startsWith(partition)) continue
    yield {
      content: file.content,
      file_format: file.fileFormat,
      partition: file.partition,
      record_count: file.recordCount,
      file_size_in_bytes: file.fileSizeInBytes,
      sequence_number: file.sequenceNumber,
      spec_id: file.specId,
      sort_order_id: file.sortOrderId ?? null,
      file_path: file.filePath,
    }
  }
}
