/** The generated data, as Arrow IPC files that every engine reads. Made once for a number of rows. */
import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type RecordBatch, RecordBatchFileWriter } from 'apache-arrow'
import { benchFolder } from '../case.ts'
import { longs } from './arrow-columns.ts'
import { batchOf, type Columns } from './columns.ts'
import { flatColumns } from './flat.ts'
import { nestedColumns } from './nested.ts'

const BATCH_ROWS = 131_072

/** The file of `rows` rows of 12 flat columns. */
export function flatData(rows: number): Promise<string> {
  return generated('flat-v1', flatColumns, rows)
}

/** The file of `rows` rows of 31 leaves. */
export function nestedData(rows: number): Promise<string> {
  return generated('nested-v2', nestedColumns, rows)
}

/**
 * The `number`-th change of a table of `tableRows` flat rows: `count` rows, in turn one that the table has, spread over
 * it, and one that is new.
 */
export function upsertData(tableRows: number, count: number, number: number): Promise<string> {
  const half = Math.ceil(count / 2)
  const known = (i: number) => (Math.floor((i * tableRows) / half) + number * 7919) % tableRows
  const added = (i: number) => tableRows + number * half + i
  const id = longs((row) => (row % 2 === 0 ? known(row / 2) : added((row - 1) / 2)))
  return generated(`upsert-v1-${tableRows}-${number}`, { ...flatColumns, id }, count)
}

/** `name` ends in a number to be raised when the data changes: files of earlier versions are not used again. */
async function generated(name: string, columns: Columns, rows: number): Promise<string> {
  const folder = resolve(benchFolder, 'data')
  const file = join(folder, `${name}-${rows}.arrow`)
  if (existsSync(file)) return file
  console.log(`making ${file}`)
  mkdirSync(folder, { recursive: true })
  const unfinished = `${file}.unfinished`
  await pipeline(
    Readable.from(batches(columns, rows)),
    RecordBatchFileWriter.throughNode(),
    createWriteStream(unfinished),
  )
  renameSync(unfinished, file)
  return file
}

function* batches(columns: Columns, rows: number): Generator<RecordBatch> {
  for (let start = 0; start < rows; start += BATCH_ROWS) {
    yield batchOf(columns, start, Math.min(BATCH_ROWS, rows - start))
  }
}
