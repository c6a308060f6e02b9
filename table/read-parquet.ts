import { openParquetInput, type ParquetInput } from '../readers/parquet-input.ts'
import { FileStore } from '../storage/file-store.ts'
import { sharedCodec } from './connect.ts'
import { locationOf } from './location-of.ts'

/** Opens a Parquet file on this machine as input for `createTable` (its `schema`) and `append` (its `batches()`). */
export function readParquet(path: string): Promise<ParquetInput> {
  return openParquetInput(new FileStore({}), locationOf(path), sharedCodec)
}
