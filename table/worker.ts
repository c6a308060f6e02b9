/** What the threads of a lake run: jobs of Parquet, by name. */
import { isMoraineError, MoraineError, messageOf } from '../format/errors.ts'
import type { EncodeOptions, RowStream } from '../format/parquet/codec.ts'
import type { CompiledWasm } from '../format/parquet/wasm-module.ts'
import { type JobResult, type Jobs, serveJobs } from '../threads/serve-jobs.ts'

/** Cloned into every worker. */
export interface WorkerStart {
  readonly parquetWasm: CompiledWasm
}

export interface EncodeJob {
  readonly rows: RowStream
  readonly options: EncodeOptions
}

/** Twice what our own row groups take: only files of others make a thread hold so much. */
const WORN_ABOVE_BYTES = 384 * 2 ** 20

function jobsOf({ parquetWasm }: WorkerStart): Jobs {
  let isWorn = false
  const loading = import('../format/parquet/wasm-codec.ts').then(({ loadWasmCodec }) =>
    loadWasmCodec({
      module: parquetWasm,
      recycleAboveBytes: WORN_ABOVE_BYTES,
      onRecycle: () => {
        isWorn = true
      },
    }),
  )
  return {
    /** The row group comes back in the memory that its rows came in, where it fits. */
    async encode({ rows, options }: EncodeJob): Promise<JobResult> {
      const codec = await loading
      const rowGroup = codec.encodeStream(rows, options, rows.bytes)
      return { value: rowGroup, transfer: [rowGroup.bytes.buffer as ArrayBuffer], retire: isWorn }
    },
  }
}

serveJobs(
  (start) => jobsOf(start as WorkerStart),
  (error) => {
    const typed = isMoraineError(error)
      ? error
      : new MoraineError('INVALID_DATA', `a worker failed: ${messageOf(error)}`, { cause: error })
    return typed.toJSON()
  },
)
