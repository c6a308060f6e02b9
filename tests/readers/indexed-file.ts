/** Parquet files with page indexes, which the codec does not keep: written whole by the library behind it. */
import { type RecordBatch, Table, tableToIPC } from 'apache-arrow'
import { storedColumns } from '../../format/parquet/stored-columns.ts'
import { loadParquetWasm } from '../../format/parquet/wasm-module.ts'

const wasm = (await loadParquetWasm())()

export interface FileShape {
  readonly rowsPerGroup: number
  /** Bytes after which a page of a column ends, unless it has a dictionary. */
  readonly pageBytes: number
  readonly dictionary: boolean
  /** Data pages of the second version. */
  readonly v2: boolean
}

export function indexedFile(batch: RecordBatch, shape: FileShape): Uint8Array {
  const properties = new wasm.WriterPropertiesBuilder()
    .setCompression(wasm.Compression.ZSTD)
    .setStatisticsEnabled(wasm.EnabledStatistics.Page)
    .setMaxRowGroupSize(shape.rowsPerGroup)
    .setWriteBatchSize(8)
    .setDataPageSizeLimit(shape.pageBytes)
    .setDictionaryEnabled(shape.dictionary)
    .setWriterVersion(shape.v2 ? 1 : 0)
    .build()
  const ipc = tableToIPC(new Table([storedColumns(batch)]), 'stream')
  return wasm.writeParquet(wasm.Table.fromIPCStream(ipc), properties)
}
