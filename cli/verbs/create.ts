import { invalidArgument } from '../../index.ts'
import { openLake, tableName } from '../catalog-arguments.ts'
import {
  createOptions,
  createTableOptions,
  inferenceHelp,
  schemaOfFile,
  schemaOfInput,
} from '../create-options.ts'
import { localFile, openInput } from '../input.ts'
import {
  probeOption,
  tableNameArgument,
  textOption,
  type Verb,
  type VerbContext,
  type VerbOptions,
} from '../verb.ts'

export const create: Verb = {
  name: 'create',
  summary: "create an empty table, from a schema or from a data file's columns",
  arguments: [tableNameArgument],
  options: [
    {
      flags: '--schema <file>',
      description: 'an Iceberg schema in JSON, as `moraine schema <table> --format json` prints it',
    },
    {
      flags: '--from <file>',
      description: `take the columns of a Parquet, NDJSON or CSV file; ${inferenceHelp}`,
    },
    {
      flags: '--input-format <format>',
      description: 'parquet, ndjson or csv; default: by the ending of the file',
    },
    ...createOptions,
    probeOption,
  ],
  example:
    'moraine create shop.orders --from orders.parquet --partition-by "day(placed_at)" --catalog ./lake',
  async run([name], options, context) {
    const identifier = tableName(name!)
    const lake = await openLake(options)
    const declared = await schemaFrom(options, context)
    const table = await lake.createTable(identifier, createTableOptions(declared, options))
    return {
      kind: 'facts',
      facts: { created: name, location: table.location, metadata: table.metadataLocation },
    }
  },
}

async function schemaFrom(options: VerbOptions, { stdin }: VerbContext) {
  const schemaFile = textOption(options, 'schema')
  const dataFile = textOption(options, 'from')
  const dataFormat = textOption(options, 'inputFormat')
  if (dataFile === undefined && dataFormat !== undefined) {
    throw invalidArgument('create: --input-format says what --from is; give --from <file>')
  }
  if (schemaFile !== undefined && dataFile === undefined) return schemaOfFile(schemaFile)
  if (dataFile !== undefined && schemaFile === undefined) {
    const { file, remove } = await localFile(openInput(dataFile, dataFormat, stdin))
    try {
      return await schemaOfInput(file, options)
    } finally {
      await remove()
    }
  }
  throw invalidArgument('create: give either --schema <file> or --from <file>')
}
