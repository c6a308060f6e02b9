import { invalidArgument } from '../../index.ts'
import { isLocation, openLake } from '../catalog-arguments.ts'
import { createOptions, createTableOptions, schemaOfFile, schemaOfInput } from '../create-options.ts'
import { inputFormat } from '../input.ts'
import { tableArgument, textOption, type Verb, type VerbContext, type VerbOptions } from '../verb.ts'

export const create: Verb = {
  name: 'create',
  summary: "create an empty table, from a schema or from a data file's columns",
  arguments: [tableArgument],
  options: [
    {
      flags: '--schema <file>',
      description: 'an Iceberg schema as JSON, as `schema --format json` of metadata has it',
    },
    { flags: '--from <file>', description: 'take the columns of a Parquet, NDJSON or CSV file' },
    {
      flags: '--input-format <format>',
      description: 'parquet, ndjson or csv; default: by the ending of the file',
    },
    ...createOptions,
  ],
  example:
    'moraine create shop.orders --from orders.parquet --partition-by "day(placed_at)" --catalog ./lake',
  async run([name], options, context) {
    if (isLocation(name!)) throw invalidArgument('create: name the table as in shop.orders, with --catalog')
    const lake = await openLake(options)
    const table = await lake.createTable(
      name!,
      createTableOptions(await schemaFrom(options, context), options),
    )
    return {
      kind: 'facts',
      facts: { created: name, location: table.location, metadata: table.metadataLocation },
    }
  },
}

async function schemaFrom(options: VerbOptions, { stdin }: VerbContext) {
  const schemaFile = textOption(options, 'schema')
  const dataFile = textOption(options, 'from')
  if (schemaFile !== undefined && dataFile === undefined) return schemaOfFile(schemaFile)
  if (dataFile !== undefined && schemaFile === undefined) {
    const format = inputFormat(dataFile, textOption(options, 'inputFormat'))
    return schemaOfInput({ path: dataFile, format, stdin })
  }
  throw invalidArgument('create: give either --schema <file> or --from <file>')
}
