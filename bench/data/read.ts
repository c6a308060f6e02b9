import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { type RecordBatch, RecordBatchReader, type Table, tableFromIPC } from 'apache-arrow'

/** All of a generated file, in memory. */
export function loadArrow(file: string): Table {
  return tableFromIPC(readFileSync(file))
}

/** The first batch of a generated file, which tells its columns. */
export async function firstBatch(file: string): Promise<RecordBatch> {
  for await (const batch of streamArrow(file)) return batch
  throw new Error(`${file} has no rows`)
}

/** A generated file batch by batch, each read when it is pulled. */
export async function* streamArrow(file: string): AsyncGenerator<RecordBatch> {
  const handle = await open(file)
  try {
    const reader = await RecordBatchReader.from(handle)
    for await (const batch of await reader.open()) yield batch
  } finally {
    await handle.close()
  }
}
