/**
 * The structures of a Parquet footer as Thrift descriptions, one table each for reading and writing.
 * Field ids are those of https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */
import { invalidData, unsupported } from '../errors.ts'
import type {
  ChunkStatistics,
  ColumnChunk,
  CompressionCodec,
  FileFooter,
  PageEncodingStats,
  PhysicalType,
  Repetition,
  RowGroup,
  SchemaElement,
} from './footer.ts'
import { logicalType } from './logical-type-thrift.ts'
import {
  binary,
  bool,
  i32,
  i64,
  list,
  optional,
  readFields,
  required,
  struct,
  type ThriftType,
  text,
  writeStop,
} from './thrift.ts'

const physicalTypes: readonly PhysicalType[] = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
]
const repetitions: readonly Repetition[] = ['REQUIRED', 'OPTIONAL', 'REPEATED']
const codecs: readonly CompressionCodec[] = [
  'UNCOMPRESSED',
  'SNAPPY',
  'GZIP',
  'LZO',
  'BROTLI',
  'LZ4',
  'ZSTD',
  'LZ4_RAW',
]

const physicalType = enumOf('Type', physicalTypes)

const schemaElement = struct<SchemaElement>('SchemaElement', {
  type: optional(1, physicalType),
  typeLength: optional(2, i32),
  repetition: optional(3, enumOf('FieldRepetitionType', repetitions)),
  name: required(4, text),
  numChildren: optional(5, i32),
  convertedType: optional(6, i32),
  scale: optional(7, i32),
  precision: optional(8, i32),
  fieldId: optional(9, i32),
  logicalType: optional(10, logicalType),
})

const statistics = struct<ChunkStatistics>('Statistics', {
  legacyMax: optional(1, binary),
  legacyMin: optional(2, binary),
  nullCount: optional(3, i64),
  distinctCount: optional(4, i64),
  max: optional(5, binary),
  min: optional(6, binary),
  isMaxExact: optional(7, bool),
  isMinExact: optional(8, bool),
})

const pageEncodingStats = struct<PageEncodingStats>('PageEncodingStats', {
  pageType: required(1, i32),
  encoding: required(2, i32),
  count: required(3, i32),
})

type RawColumnMetaData = Pick<
  ColumnChunk,
  | 'type'
  | 'encodings'
  | 'pathInSchema'
  | 'codec'
  | 'numValues'
  | 'totalUncompressedSize'
  | 'totalCompressedSize'
  | 'dataPageOffset'
  | 'dictionaryPageOffset'
  | 'statistics'
  | 'encodingStats'
  | 'bloomFilterOffset'
  | 'bloomFilterLength'
>

const columnMetaData = struct<RawColumnMetaData>('ColumnMetaData', {
  type: required(1, physicalType),
  encodings: required(2, list(i32)),
  pathInSchema: required(3, list(text)),
  codec: required(4, enumOf('CompressionCodec', codecs)),
  numValues: required(5, i64),
  totalUncompressedSize: required(6, i64),
  totalCompressedSize: required(7, i64),
  dataPageOffset: required(9, i64),
  dictionaryPageOffset: optional(11, i64),
  statistics: optional(12, statistics),
  encodingStats: optional(13, list(pageEncodingStats)),
  bloomFilterOffset: optional(14, i64),
  bloomFilterLength: optional(15, i32),
})

interface RawColumnChunk {
  readonly filePath?: string
  readonly fileOffset: bigint
  readonly metaData?: RawColumnMetaData
  readonly offsetIndexOffset?: bigint
  readonly offsetIndexLength?: number
  readonly columnIndexOffset?: bigint
  readonly columnIndexLength?: number
  readonly cryptoMetadata?: boolean
}

const columnChunk = convert<RawColumnChunk, ColumnChunk>(
  struct<RawColumnChunk>('ColumnChunk', {
    filePath: optional(1, text),
    fileOffset: required(2, i64),
    metaData: optional(3, columnMetaData),
    offsetIndexOffset: optional(4, i64),
    offsetIndexLength: optional(5, i32),
    columnIndexOffset: optional(6, i64),
    columnIndexLength: optional(7, i32),
    cryptoMetadata: optional(8, presence()),
  }),
  ({ fileOffset: _, metaData, cryptoMetadata, ...rest }) => {
    if (metaData === undefined) {
      throw unsupported('a column of this Parquet file is encrypted; Moraine reads unencrypted files only')
    }
    return { ...metaData, ...rest, ...(cryptoMetadata ? { encrypted: true } : {}) }
  },
  (column) => ({
    ...column,
    fileOffset: column.dictionaryPageOffset ?? column.dataPageOffset,
    metaData: column,
    ...(column.encrypted ? { cryptoMetadata: true } : {}),
  }),
)

const rowGroup = struct<RowGroup>('RowGroup', {
  columns: required(1, list(columnChunk)),
  totalByteSize: required(2, i64),
  numRows: required(3, i64),
  fileOffset: optional(5, i64),
  totalCompressedSize: optional(6, i64),
})

interface KeyValue {
  readonly key: string
  readonly value?: string
}
const keyValue = struct<KeyValue>('KeyValue', { key: required(1, text), value: optional(2, text) })

/** A `ColumnOrder` union: whether its member is TYPE_ORDER, the only one that min and max are read under. */
const columnOrder: ThriftType<boolean> = {
  wire: 12,
  read: (input) => {
    let typeOrder = false
    readFields(input, (id) => {
      typeOrder = id === 1
      return false
    })
    return typeOrder
  },
  write: (output) => typeOrderMember.write(output, { typeOrder: true }),
}
const typeOrderMember = struct<{ typeOrder: boolean }>('ColumnOrder', { typeOrder: required(1, presence()) })

interface RawFileMetaData {
  readonly version: number
  readonly schema: readonly SchemaElement[]
  readonly numRows: bigint
  readonly rowGroups: readonly RowGroup[]
  readonly keyValueMetadata?: readonly KeyValue[]
  readonly createdBy?: string
  readonly columnOrders?: readonly boolean[]
  readonly encryption?: boolean
}

export const fileMetaData = convert<RawFileMetaData, FileFooter>(
  struct<RawFileMetaData>('FileMetaData', {
    version: required(1, i32),
    schema: required(2, list(schemaElement)),
    numRows: required(3, i64),
    rowGroups: required(4, list(rowGroup)),
    keyValueMetadata: optional(5, list(keyValue)),
    createdBy: optional(6, text),
    columnOrders: optional(7, list(columnOrder)),
    encryption: optional(8, presence()),
  }),
  ({ columnOrders, encryption: _, keyValueMetadata, rowGroups, ...rest }) => ({
    ...rest,
    rowGroups: withTypeOrderOnly(rowGroups, columnOrders ?? []),
    keyValueMetadata: new Map(keyValueMetadata?.map(({ key, value }) => [key, value ?? ''])),
  }),
  ({ keyValueMetadata, ...rest }) => ({
    ...rest,
    keyValueMetadata: [...keyValueMetadata].map(([key, value]) => ({ key, value })),
    columnOrders: rest.schema.filter((element) => element.type !== undefined).map(() => true),
  }),
)

/**
 * Bounds of a column in an order that we do not know mean nothing to us; without column orders, none is known
 * (parquet.thrift, `column_orders`). The deprecated bounds have an order of their own.
 */
function withTypeOrderOnly(rowGroups: readonly RowGroup[], orders: readonly boolean[]): readonly RowGroup[] {
  const leaves = rowGroups[0]?.columns.length ?? 0
  if (orders.length >= leaves && orders.every((typeOrder) => typeOrder)) return rowGroups
  return rowGroups.map((group) => ({
    ...group,
    columns: group.columns.map((column, i) => (orders[i] === true ? column : withoutBounds(column))),
  }))
}

function withoutBounds({
  columnIndexOffset: _1,
  columnIndexLength: _2,
  ...column
}: ColumnChunk): ColumnChunk {
  if (column.statistics === undefined) return column
  const { min: _3, max: _4, isMinExact: _5, isMaxExact: _6, ...statistics } = column.statistics
  return { ...column, statistics }
}

function enumOf<T extends string>(name: string, values: readonly T[]): ThriftType<T> {
  return convert(
    i32,
    (number) => {
      const value = values[number]
      if (value === undefined) {
        throw invalidData(`${name} ${number} is not known; known are 0 to ${values.length - 1}`, {
          rule: `Parquet: ${name}`,
        })
      }
      return value
    },
    (value) => values.indexOf(value),
  )
}

function convert<Raw, T>(
  type: ThriftType<Raw>,
  decode: (raw: Raw) => T,
  encode: (value: T) => Raw,
): ThriftType<T> {
  return {
    wire: type.wire,
    read: (input, wire) => decode(type.read(input, wire)),
    write: (output, value) => type.write(output, encode(value)),
  }
}

/** A struct of which only the presence counts. */
function presence(): ThriftType<boolean> {
  return {
    wire: 12,
    read: (input) => {
      readFields(input, () => false)
      return true
    },
    write: (output) => writeStop(output),
  }
}
