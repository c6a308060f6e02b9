import { inFile } from '../../format/errors.ts'
import type { Decoding, OpenDataFile } from '../open-file.ts'
import { planRows } from '../row-plan.ts'
import { openAvroFile } from './avro-file.ts'
import { avroFileSchema } from './avro-file-schema.ts'
import { avroWindows } from './avro-windows.ts'

/**
 * Opens an Avro data file. It has no statistics and no index of its blocks, so it is one piece, which is fetched as
 * its rows are pulled.
 */
export const openAvro: OpenDataFile = async ({ task, location, filter, deletes, options, store, signal }) => {
  const { recordCount } = task.dataFile
  const [source, taskDeletes] = await Promise.all([openAvroFile(store, location, signal), deletes])
  return inFile(location, () => {
    const schema = avroFileSchema(source.header.schema, options.tableSchema, options.nameMapping)
    const plan = planRows({ task, filter, options, deletes: taskDeletes, file: schema, costOfLeaf: () => 0n })
    const rows = { source, schema, leaves: plan.leaves, recordCount }
    const whole: Decoding = {
      bytes: source.length,
      windows: ({ batchSize, signal }) => avroWindows(rows, batchSize, signal),
    }
    return { task, location, plan, pieces: [{ bytes: 0, fetch: async () => [whole] }] }
  })
}
