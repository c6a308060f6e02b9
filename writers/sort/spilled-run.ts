/**
 * A run on disk: its parts, one after another.
 *
 *     u32  partition id
 *     u32  length of what follows, in bytes
 *          the rows, as an Arrow IPC stream of one batch
 */
import { type RecordBatch, type Schema, Table, tableFromIPC, tableToIPC } from 'apache-arrow'
import { batchOf } from '../../format/arrow/batch-of.ts'
import { throwIfAborted } from '../../storage/abort.ts'
import type { ScratchFile } from '../../storage/scratch-file.ts'
import type { Run, RunRows } from './run-rows.ts'

export interface SpilledRun {
  readonly file: ScratchFile
  /** Bytes. */
  readonly length: number
}

const HEAD_BYTES = 8

/** Writes the run to the file, which it closes when that fails. */
export async function spillRun(
  run: Run,
  file: ScratchFile,
  signal: AbortSignal | undefined,
): Promise<SpilledRun> {
  try {
    let length = 0
    for await (const { partitionId, rows } of run) {
      throwIfAborted(signal)
      const body = tableToIPC(new Table(rows.schema, [rows]), 'stream')
      const head = new DataView(new ArrayBuffer(HEAD_BYTES))
      head.setUint32(0, partitionId, true)
      head.setUint32(4, body.length, true)
      await file.write(new Uint8Array(head.buffer))
      await file.write(body)
      length += HEAD_BYTES + body.length
    }
    return { file, length }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** `schema` is that of the rows that were spilled. */
export async function* readRun({ file, length }: SpilledRun, schema: Schema): AsyncGenerator<RunRows> {
  for (let position = 0; position < length; ) {
    const head = new DataView((await file.read(position, HEAD_BYTES)).buffer)
    const size = head.getUint32(4, true)
    const body = await file.read(position + HEAD_BYTES, size)
    position += HEAD_BYTES + size
    yield { partitionId: head.getUint32(0, true), rows: rowsOf(body, schema) }
  }
}

/** The stream's own schema has other names for the insides of maps. */
function rowsOf(body: Uint8Array, schema: Schema): RecordBatch {
  const { numRows: length, data } = tableFromIPC(body).batches[0]!
  const { children } = data
  return batchOf(schema, children, length)
}
