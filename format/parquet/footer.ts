/** A Parquet footer as plain data, named after parquet.thrift (`FileMetaData` and below). */

export type PhysicalType =
  | 'BOOLEAN'
  | 'INT32'
  | 'INT64'
  | 'INT96'
  | 'FLOAT'
  | 'DOUBLE'
  | 'BYTE_ARRAY'
  | 'FIXED_LEN_BYTE_ARRAY'
export type Repetition = 'REQUIRED' | 'OPTIONAL' | 'REPEATED'
export type CompressionCodec =
  | 'UNCOMPRESSED'
  | 'SNAPPY'
  | 'GZIP'
  | 'LZO'
  | 'BROTLI'
  | 'LZ4'
  | 'ZSTD'
  | 'LZ4_RAW'

/** The `LogicalType` union. */
export type LogicalType =
  | {
      readonly kind:
        | 'STRING'
        | 'MAP'
        | 'LIST'
        | 'ENUM'
        | 'DATE'
        | 'UNKNOWN'
        | 'JSON'
        | 'BSON'
        | 'UUID'
        | 'FLOAT16'
    }
  | { readonly kind: 'DECIMAL'; readonly scale: number; readonly precision: number }
  | {
      readonly kind: 'TIME' | 'TIMESTAMP'
      readonly isAdjustedToUtc: boolean
      readonly unit: 'MILLIS' | 'MICROS' | 'NANOS'
    }
  | { readonly kind: 'INTEGER'; readonly bitWidth: number; readonly isSigned: boolean }
  | { readonly kind: 'VARIANT'; readonly specificationVersion?: number }
  | { readonly kind: 'GEOMETRY'; readonly crs?: string }
  | { readonly kind: 'GEOGRAPHY'; readonly crs?: string; readonly algorithm?: number }
  /** A union member that this version does not know. */
  | { readonly kind: 'OTHER'; readonly fieldId: number }

export interface SchemaElement {
  readonly name: string
  readonly type?: PhysicalType
  readonly typeLength?: number
  /** Absent on the root. */
  readonly repetition?: Repetition
  readonly numChildren?: number
  /** The deprecated ConvertedType enum, by number. */
  readonly convertedType?: number
  readonly scale?: number
  readonly precision?: number
  readonly fieldId?: number
  readonly logicalType?: LogicalType
}

export interface ChunkStatistics {
  readonly nullCount?: bigint
  readonly distinctCount?: bigint
  /** `max_value` / `min_value`, in PLAIN encoding without length. */
  readonly max?: Uint8Array
  readonly min?: Uint8Array
  readonly isMaxExact?: boolean
  readonly isMinExact?: boolean
  /** The deprecated `max` / `min`, signed order; only kept for readers of old files. */
  readonly legacyMax?: Uint8Array
  readonly legacyMin?: Uint8Array
}

export interface PageEncodingStats {
  /** PageType and Encoding enum numbers. */
  readonly pageType: number
  readonly encoding: number
  readonly count: number
}

export interface ColumnChunk {
  readonly type: PhysicalType
  /** Encoding enum numbers. */
  readonly encodings: readonly number[]
  readonly pathInSchema: readonly string[]
  readonly codec: CompressionCodec
  readonly numValues: bigint
  readonly totalUncompressedSize: bigint
  readonly totalCompressedSize: bigint
  /** Absolute file offsets. */
  readonly dataPageOffset: bigint
  readonly dictionaryPageOffset?: bigint
  readonly statistics?: ChunkStatistics
  /** How many pages of which kind; readers learn from it that a dictionary covers the whole chunk. */
  readonly encodingStats?: readonly PageEncodingStats[]
  readonly bloomFilterOffset?: bigint
  readonly bloomFilterLength?: number
  readonly offsetIndexOffset?: bigint
  readonly offsetIndexLength?: number
  readonly columnIndexOffset?: bigint
  readonly columnIndexLength?: number
  /** Set when the chunk lies in another file, which Iceberg does not allow. */
  readonly filePath?: string
  /** Set when the column is encrypted. */
  readonly encrypted?: boolean
}

export interface RowGroup {
  readonly columns: readonly ColumnChunk[]
  readonly totalByteSize: bigint
  readonly numRows: bigint
  readonly fileOffset?: bigint
  readonly totalCompressedSize?: bigint
}

export interface FileFooter {
  readonly version: number
  /** Depth first, the root first. */
  readonly schema: readonly SchemaElement[]
  readonly numRows: bigint
  readonly rowGroups: readonly RowGroup[]
  readonly keyValueMetadata: ReadonlyMap<string, string>
  readonly createdBy?: string
}
