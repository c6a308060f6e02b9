import type { ParquetCodec } from './codec.ts'
import { rowStream } from './row-stream.ts'
import { decodeRowGroup } from './wasm-decode.ts'
import { encodeStream } from './wasm-encode.ts'
import {
  type CompiledWasm,
  isTrap,
  loadParquetWasm,
  type ParquetWasm,
  type ParquetWasmFactory,
  type WasmRun,
} from './wasm-module.ts'

export interface WasmCodecOptions {
  /** About how many bytes are decoded at once. Default: 64 MiB. */
  readonly sliceBytes?: number
  /** An instance whose memory has grown past this many bytes is replaced by a fresh one. Default: 1 GiB. */
  readonly recycleAboveBytes?: number
  /** Called when that happens: memory comes back only as the garbage collector sees fit, or when the thread ends. */
  readonly onRecycle?: () => void
  /** What `compileParquetWasm` made in another thread. Default: compiled here. */
  readonly module?: CompiledWasm
}

const GIB = 2 ** 30
const DEFAULT_SLICE_BYTES = 64 * 2 ** 20

/** The `ParquetCodec` over parquet-wasm. Synchronous once loaded; one per thread is enough. */
export async function loadWasmCodec(options: WasmCodecOptions = {}): Promise<ParquetCodec> {
  return wasmCodec(await loadParquetWasm(options.module), options)
}

export function wasmCodec(factory: ParquetWasmFactory, options: WasmCodecOptions = {}): ParquetCodec {
  const { sliceBytes = DEFAULT_SLICE_BYTES, recycleAboveBytes = GIB } = options
  let instance: ParquetWasm | undefined
  const run: WasmRun = <T>(job: (wasm: ParquetWasm) => T): T => {
    instance ??= factory()
    const wasm = instance
    try {
      return job(wasm)
    } catch (error) {
      if (isTrap(error)) instance = undefined
      throw error
    } finally {
      if (wasm.wasmMemory().buffer.byteLength > recycleAboveBytes) {
        instance = undefined
        options.onRecycle?.()
      }
    }
  }
  return {
    encodeRowGroup: (batch, encodeOptions) =>
      encodeStream(rowStream(batch.schema, [batch]), encodeOptions, run),
    encodeStream: (rows, encodeOptions, target) => encodeStream(rows, encodeOptions, run, target),
    decodeRowGroup: (request) => decodeRowGroup(request, sliceBytes, run),
  }
}
