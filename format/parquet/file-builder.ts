/**
 * Puts encoded row groups together into a Parquet file whose footer is ours: field ids, annotations and names come
 * from the table's schema, whatever the encoder knows of them.
 *
 *     const draft = startParquetFile(schema)    // write PARQUET_HEAD
 *     const added = addRowGroup(draft, encoded) // write encoded.bytes, go on with added
 *     finishParquetFile(added, …)               // write the result
 */
import { invalidArgument } from '../errors.ts'
import type { Schema } from '../schema.ts'
import type { EncodedRowGroup } from './codec.ts'
import type { ChunkStatistics, ColumnChunk, FileFooter, RowGroup, SchemaElement } from './footer.ts'
import { encodeFooter, PARQUET_MAGIC } from './footer-codec.ts'
import { moveChunk } from './move-chunk.ts'
import { leafPaths } from './parquet-schema.ts'
import { toParquetSchema } from './to-parquet-schema.ts'

/** A file in the making, as plain data: `length` bytes of it are written, or will be. */
export interface ParquetDraft {
  readonly schema: readonly SchemaElement[]
  /** Leaf columns, in the order in which row groups must bring them. */
  readonly leaves: readonly ParquetLeaf[]
  readonly rowGroups: readonly RowGroup[]
  readonly length: number
}
export interface ParquetLeaf {
  readonly element: SchemaElement
  readonly path: readonly string[]
}

export interface FinishOptions {
  /** Such as `iceberg.schema`. */
  readonly keyValueMetadata: ReadonlyMap<string, string>
  /** As '<application> version <version>'. */
  readonly createdBy: string
}

/** The bytes that a file starts with. */
export const PARQUET_HEAD: Uint8Array = PARQUET_MAGIC

export function startParquetFile(schema: Pick<Schema, 'fields'>): ParquetDraft {
  const elements = toParquetSchema(schema)
  const paths = leafPaths(elements)
  const leaves = elements.filter((element) => element.type !== undefined)
  return {
    schema: elements,
    leaves: leaves.map((element, i) => ({ element, path: paths[i]! })),
    rowGroups: [],
    length: PARQUET_HEAD.length,
  }
}

/** The draft with `encoded.bytes` at its end. INVALID_ARGUMENT when the columns are not those of the schema. */
export function addRowGroup(draft: ParquetDraft, encoded: EncodedRowGroup): ParquetDraft {
  if (encoded.columns.length !== draft.leaves.length) {
    throw invalidArgument(
      `a row group has ${encoded.columns.length} columns, the schema has ${draft.leaves.length}`,
    )
  }
  const columns = encoded.columns.map((column, i) => placed(column, draft.leaves[i]!, draft.length))
  const rowGroup: RowGroup = {
    columns,
    numRows: BigInt(encoded.numRows),
    totalByteSize: columns.reduce((sum, column) => sum + column.totalUncompressedSize, 0n),
    totalCompressedSize: columns.reduce((sum, column) => sum + column.totalCompressedSize, 0n),
    fileOffset: BigInt(draft.length),
  }
  return {
    ...draft,
    rowGroups: [...draft.rowGroups, rowGroup],
    length: draft.length + encoded.bytes.length,
  }
}

/** All bytes after the last row group. The file is complete with them. */
export function finishParquetFile(draft: ParquetDraft, options: FinishOptions): Uint8Array {
  return encodeFooter(draftFooter(draft, options))
}

export function draftFooter(draft: ParquetDraft, { keyValueMetadata, createdBy }: FinishOptions): FileFooter {
  return {
    version: 1,
    schema: draft.schema,
    numRows: draft.rowGroups.reduce((sum, group) => sum + group.numRows, 0n),
    rowGroups: draft.rowGroups,
    keyValueMetadata,
    createdBy,
  }
}

/** Where row groups start: a data file's split offsets. */
export function splitOffsets(draft: Pick<ParquetDraft, 'rowGroups'>): bigint[] {
  return draft.rowGroups.map((group) => group.fileOffset!)
}

function placed(column: ColumnChunk, { element, path }: ParquetLeaf, base: number): ColumnChunk {
  if (column.type !== element.type) {
    throw invalidArgument(
      `column '${path.join('.')}' is encoded as ${column.type}, its schema says ${element.type}`,
    )
  }
  const { statistics, ...moved } = moveChunk(column, base)
  return { ...moved, statistics: statistics && boundsForAll(statistics, element), pathInSchema: path }
}

/**
 * Without the bounds of uuids on both sides of the sign: Iceberg Java takes a uuid for two signed longs, finds the
 * least above the greatest and skips row groups that match.
 */
function boundsForAll(statistics: ChunkStatistics, element: SchemaElement): ChunkStatistics {
  const { min, max, isMinExact: _, isMaxExact: __, ...counts } = statistics
  const isUuid = element.logicalType?.kind === 'UUID'
  return isUuid && min !== undefined && max !== undefined && min[0]! >> 7 !== max[0]! >> 7
    ? counts
    : statistics
}
