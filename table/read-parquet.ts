import { checkOptions } from '../format/check-options.ts'
import { openParquetInput, type ParquetInput } from '../readers/parquet-input.ts'
import type { S3Options } from '../storage/s3/s3-settings.ts'
import { sharedCodec } from './connect.ts'
import { locationOf } from './location-of.ts'
import { S3_OPTION_NAMES, storeOf } from './store-of.ts'
import { systemEnvironment } from './system-environment.ts'

/**
 * Opens a Parquet file, on this machine or in S3, as input for `createTable` (its `schema`) and `append` (its
 * `batches()`).
 */
export async function readParquet(path: string, options: S3Options = {}): Promise<ParquetInput> {
  checkOptions('readParquet', options, S3_OPTION_NAMES)
  const location = locationOf(path)
  return openParquetInput(storeOf(location, systemEnvironment, options), location, sharedCodec)
}
