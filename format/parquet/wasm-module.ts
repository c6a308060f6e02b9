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

/** A WebAssembly.Module, which other threads can be sent. */
export interface CompiledWasm {
  readonly [Symbol.toStringTag]: string
}

/** What is used of the global; its types are the DOM's, which Node's leave out. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly compile: (bytes: Uint8Array) => Promise<CompiledWasm>
    readonly Instance: unknown
  }
}

let compiling: Promise<CompiledWasm> | undefined

/** parquet-wasm's module, compiled once for the process: threads that are given it share its code. */
export function compileParquetWasm(): Promise<CompiledWasm> {
  compiling ??= readFile(GLUE_PATH.replace(/\.js$/, '_bg.wasm')).then((wasm) => WebAssembly.compile(wasm))
  return compiling
}

const GLUE_PATH = createRequire(import.meta.url).resolve('parquet-wasm/node')

/**
 * Reads parquet-wasm's two files. The only input/output of `format/`, and of the kind that an `import` does: it loads
 * code.
 *
 * A plain import will not do. A wasm instance that trapped is not to be trusted again (its stack pointer stays where
 * it was), and its memory never shrinks; yet the library's module makes one instance for its lifetime. So its glue
 * code is compiled here as a function, and every call of that makes an instance that the garbage collector can take.
 */
export async function loadParquetWasm(
  module: CompiledWasm | Promise<CompiledWasm> = compileParquetWasm(),
): Promise<ParquetWasmFactory> {
  const [glue, compiled] = await Promise.all([readFile(GLUE_PATH, 'utf8'), module])
  const parameters = ['exports', 'require', '__dirname', 'WebAssembly']
  const instantiate = compileFunction(glue, parameters, { filename: GLUE_PATH })
  // The glue asks for the file's bytes, by require('fs').readFileSync, and compiles them: it gets what is compiled.
  const require = () => ({ readFileSync: () => undefined })
  const Module = new Proxy(class {}, { construct: () => compiled })
  return () => {
    const exports: Partial<ParquetWasm> = {}
    instantiate(exports, require, '', { Instance: WebAssembly.Instance, Module })
    return exports as ParquetWasm
  }
}

/** Runs a job on the instance of the moment, and gives the instance up when the job has trapped. */
export type WasmRun = <T>(job: (wasm: ParquetWasm) => T) => T

/** The library throws plain Errors; anything else is a trap, after which the instance is not to be trusted. */
export function isTrap(error: unknown): boolean {
  return !(error instanceof Error) || error.constructor !== Error
}
