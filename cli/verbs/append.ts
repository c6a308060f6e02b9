import { invalidArgument, type Lake, type RecordBatch, type Table } from '../../index.ts'
import { isLocation, openLake } from '../catalog-arguments.ts'
import { createOptions, createTableOptions, schemaOfInput } from '../create-options.ts'
import { type Input, inputFormat, readInput } from '../input.ts'
import { tableArgument, textOption, type Verb, type VerbContext, type VerbOptions } from '../verb.ts'

export const append: Verb = {
  name: 'append',
  summary: 'add the rows of a file, or of standard input, in one commit',
  arguments: [tableArgument, { name: '<file>', description: 'Parquet, NDJSON or CSV; - is standard input' }],
  options: [
    {
      flags: '--input-format <format>',
      description: 'parquet, ndjson or csv; default: by the ending of the file',
    },
    { flags: '--create', description: "create the table with the file's columns if it does not exist" },
    ...createOptions,
  ],
  example: 'moraine append shop.orders data.parquet --catalog ./lake',
  async run([name, path], options, context) {
    if (isLocation(name!))
      throw invalidArgument('append: name the table as its catalog does (shop.orders), with --catalog')
    const input: Input = {
      path: path!,
      format: inputFormat(path!, textOption(options, 'inputFormat')),
      stdin: context.stdin,
    }
    const table = await openOrCreate(await openLake(options), name!, input, options)
    const started = Date.now()
    const after = await table.append(counted(readInput(input, table.schema.fields), context, started))
    const summary =
      after.metadataLocation === table.metadataLocation ? {} : (after.currentSnapshot?.summary ?? {})
    return {
      kind: 'facts',
      facts: {
        appended: summary['added-records'] ?? '0',
        files: summary['added-data-files'] ?? '0',
        bytes: summary['added-files-size'] ?? '0',
        snapshot: after.currentSnapshot?.snapshotId ?? null,
        seconds: (Date.now() - started) / 1000,
      },
    }
  },
}

async function openOrCreate(lake: Lake, name: string, input: Input, options: VerbOptions): Promise<Table> {
  if (options['create'] !== true || (await lake.tableExists(name))) return lake.loadTable(name)
  return (await lake.createTable(name, createTableOptions(await schemaOfInput(input), options))) as Table
}

type Item = Record<string, unknown> | RecordBatch

/** Passes items on and reports their number about twice a second. */
async function* counted(items: AsyncIterable<Item>, { progress }: VerbContext, started: number) {
  let rows = 0
  let next = started + 500
  for await (const item of items) {
    yield item as Record<string, unknown>
    rows += 'numRows' in item && typeof item.numRows === 'number' ? item.numRows : 1
    if (Date.now() < next) continue
    const seconds = (Date.now() - started) / 1000
    progress(`${rows.toLocaleString('en')} rows, ${Math.round(rows / seconds).toLocaleString('en')} rows/s`)
    next = Date.now() + 500
  }
  progress('')
}
