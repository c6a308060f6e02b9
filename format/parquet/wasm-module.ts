import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { compileFunction } from 'node:vm'

/** What the codec uses of parquet-wasm. */
export type ParquetWasm = Pick<
  typeof import('parquet-wasm/node'),
  | 'Compression'
  | 'EnabledStatistics'
  | 'readParquet'
  | 'Table'
  | 'wasmMemory'
  | 'writeParquet'
  | 'WriterPropertiesBuilder'
>

/** Makes a fresh instance with a memory of its own, synchronously. */
export type ParquetWasmFactory = () => ParquetWasm

let loading: Promise<ParquetWasmFactory> | undefined

/**
 * Reads parquet-wasm's two files, once for the process. The only input/output of `format/`, and of the kind that an
 * `import` does: it loads code.
 *
 * A plain import will not do. A wasm instance that trapped is not to be trusted again (its stack pointer stays where
 * it was), and its memory never shrinks; yet the library's module makes one instance for its lifetime. So its glue
 * code is compiled here as a function, and every call of that makes an instance that the garbage collector can take.
 */
export function loadParquetWasm(): Promise<ParquetWasmFactory> {
  loading ??= load()
  return loading
}

async function load(): Promise<ParquetWasmFactory> {
  const gluePath = createRequire(import.meta.url).resolve('parquet-wasm/node')
  const wasmPath = gluePath.replace(/\.js$/, '_bg.wasm')
  const [glue, wasm] = await Promise.all([readFile(gluePath, 'utf8'), readFile(wasmPath)])
  const instantiate = compileFunction(glue, ['exports', 'require', '__dirname'], { filename: gluePath })
  // The glue asks for nothing but the bytes, by require('fs').readFileSync.
  const require = () => ({ readFileSync: () => wasm })
  return () => {
    const exports: Partial<ParquetWasm> = {}
    instantiate(exports, require, '')
    return exports as ParquetWasm
  }
}

/** Runs a job on the instance of the moment, and gives the instance up when the job has trapped. */
export type WasmRun = <T>(job: (wasm: ParquetWasm) => T) => T

/** The library throws plain Errors; anything else is a trap, after which the instance is not to be trusted. */
export function isTrap(error: unknown): boolean {
  return !(error instanceof Error) || error.constructor !== Error
}
