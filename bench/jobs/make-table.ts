import { icebergSchema } from '../data/iceberg-schema.ts'
import { streamArrow } from '../data/read.ts'
import { type LakeOptions, openLake } from './lake.ts'

/** Writes a generated file into a table of ours; one that is there is dropped. Returns its metadata's location. */
export async function makeTable(options: LakeOptions, name: string, file: string): Promise<string> {
  const lake = await openLake(options)
  try {
    if (await lake.tableExists(name)) await lake.dropTable(name, { purge: true })
    const batches = streamArrow(file)
    const first = await batches.next()
    if (first.done) throw new Error(`${file} holds no rows`)
    const table = await lake.createTable(name, { schema: icebergSchema(first.value.schema.fields) })
    return (await table.append(all(first.value, batches))).metadataLocation
  } finally {
    await lake.close()
  }
}

async function* all<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first
  yield* rest
}
