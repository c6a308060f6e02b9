import type { ChunkBytes, EncodeOptions, ParquetCodec } from '../../../format/parquet/codec.ts'
import {
  addRowGroup,
  type FinishOptions,
  finishParquetFile,
  PARQUET_HEAD,
  startParquetFile,
} from '../../../format/parquet/file-builder.ts'
import type { FileFooter, RowGroup } from '../../../format/parquet/footer.ts'
import { chunkRange, decodeFooter, footerLength } from '../../../format/parquet/footer-codec.ts'
import { pruneParquetSchema } from '../../../format/parquet/parquet-schema.ts'
import type { NestedField } from '../../../format/types.ts'
import { batchOf, type Cell, cellsOf } from './sample-batch.ts'

export const encodeOptions: EncodeOptions = {
  compression: 'ZSTD',
  dataPageSize: 2 ** 20,
  dictionaryPageSize: 2 ** 21,
  pageRowLimit: 20_000,
}
export const finishOptions: FinishOptions = {
  keyValueMetadata: new Map([['iceberg.schema', '{}']]),
  createdBy: 'moraine version 0.1.0',
}

type Row = { readonly [name: string]: Cell }

export function fileOf(
  codec: ParquetCodec,
  fields: readonly NestedField[],
  groups: readonly (readonly Row[])[],
  options: Partial<EncodeOptions> = {},
): Uint8Array {
  let draft = startParquetFile({ fields })
  const parts: Uint8Array[] = [PARQUET_HEAD]
  for (const rows of groups) {
    const encoded = codec.encodeRowGroup(batchOf(fields, rows), { ...encodeOptions, ...options })
    parts.push(encoded.bytes)
    draft = addRowGroup(draft, encoded)
  }
  return Uint8Array.from(Buffer.concat([...parts, finishParquetFile(draft, finishOptions)]))
}

export function footerOf(file: Uint8Array): FileFooter {
  const length = footerLength(file.subarray(-8), file.length)
  return decodeFooter(file.subarray(file.length - 8 - length, file.length - 8), file.length)
}

export function chunksOf(file: Uint8Array, group: RowGroup): ChunkBytes[] {
  return group.columns.map((column) => {
    const { start, end } = chunkRange(column)
    return { column, bytes: file.subarray(start, end) }
  })
}

/** The rows of a file as plain values by Parquet name; only the given leaves when `leaves` is set. */
export function rowsOf(
  codec: ParquetCodec,
  file: Uint8Array,
  options: { readonly leaves?: ReadonlySet<number>; readonly batchSize?: number } = {},
): Row[] {
  const footer = footerOf(file)
  const { leaves } = options
  const schema = leaves === undefined ? footer.schema : pruneParquetSchema(footer.schema, leaves)
  return footer.rowGroups.flatMap((group) => {
    const chunks = chunksOf(file, group).filter((_, i) => leaves === undefined || leaves.has(i))
    const batches = codec.decodeRowGroup({
      schema,
      chunks,
      numRows: Number(group.numRows),
      ...(options.batchSize === undefined ? {} : { batchSize: options.batchSize }),
    })
    return [...batches].flatMap((batch) => cellsOf(batch.data) as Row[])
  })
}
