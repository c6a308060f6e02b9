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

function jobsOf({ parquetWasm }: WorkerStart): Jobs {
  const loading = import('../format/parquet/wasm-codec.ts').then(({ loadWasmCodec }) =>
    loadWasmCodec({ module: parquetWasm }),
  )
  return {
    /** The row group comes back in the memory that its rows came in, where it fits. */
    async encode({ rows, options }: EncodeJob): Promise<JobResult> {
      const codec = await loading
      const rowGroup = codec.encodeStream(rows, options, rows.bytes)
      return { value: rowGroup, transfer: [rowGroup.bytes.buffer as ArrayBuffer] }
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
