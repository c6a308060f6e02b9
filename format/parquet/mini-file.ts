import type { DecodeRequest } from './codec.ts'
import type { ColumnChunk, SchemaElement } from './footer.ts'
import { encodeFooter, PARQUET_MAGIC } from './footer-codec.ts'
import { leafPaths } from './parquet-schema.ts'

/**
 * A whole Parquet file of one row group with only the wanted chunks: what a decoder needs that reads files, not
 * chunks. Their bytes are copied as they are; offsets are the new ones; statistics and indexes are left out.
 * `memoryOf` gives that many bytes, with anything in them.
 */
export function miniFile(
  { schema, numRows, chunks }: Omit<DecodeRequest, 'batchSize'>,
  memoryOf: (byteLength: number) => Uint8Array = (byteLength) => new Uint8Array(byteLength),
): Uint8Array {
  const columns: ColumnChunk[] = []
  let offset = PARQUET_MAGIC.length
  const paths = leafPaths(schema)
  for (const [i, { column, bytes }] of chunks.entries()) {
    columns.push({ ...movedChunk(column, offset), pathInSchema: paths[i] ?? column.pathInSchema })
    offset += bytes.length
  }
  const footer = encodeFooter({
    version: 1,
    schema: schema.map(plainElement),
    numRows: BigInt(numRows),
    rowGroups: [
      {
        columns,
        numRows: BigInt(numRows),
        totalByteSize: columns.reduce((sum, column) => sum + column.totalUncompressedSize, 0n),
      },
    ],
    keyValueMetadata: new Map(),
  })
  const file = memoryOf(offset + footer.length)
  file.set(PARQUET_MAGIC)
  let at = PARQUET_MAGIC.length
  for (const { bytes } of chunks) {
    file.set(bytes, at)
    at += bytes.length
  }
  file.set(footer, at)
  return file
}

function movedChunk(column: ColumnChunk, start: number): ColumnChunk {
  const { type, encodings, pathInSchema, codec, numValues, totalUncompressedSize, totalCompressedSize } =
    column
  const { dataPageOffset, dictionaryPageOffset } = column
  const hasDictionary =
    dictionaryPageOffset !== undefined && dictionaryPageOffset > 0n && dictionaryPageOffset < dataPageOffset
  return {
    type,
    encodings,
    pathInSchema,
    codec,
    numValues,
    totalUncompressedSize,
    totalCompressedSize,
    dataPageOffset: BigInt(start) + (hasDictionary ? dataPageOffset - dictionaryPageOffset : 0n),
    ...(hasDictionary ? { dictionaryPageOffset: BigInt(start) } : {}),
  }
}

/**
 * Annotations that change no value are left out, so that a decoder that does not know them decodes all the same;
 * ENUM is text.
 */
function plainElement(element: SchemaElement): SchemaElement {
  const { logicalType, convertedType, ...bare } = element
  switch (logicalType?.kind) {
    case 'ENUM':
      return { ...bare, logicalType: { kind: 'STRING' }, convertedType: 0 }
    case 'UUID':
    case 'VARIANT':
    case 'GEOMETRY':
    case 'GEOGRAPHY':
    case 'BSON':
    case 'UNKNOWN':
    case 'OTHER':
      return bare
    case undefined:
      return convertedType === ENUM ? { ...bare, convertedType: UTF8 } : withoutInterval(element)
    default:
      return element
  }
}

const UTF8 = 0
const ENUM = 4
const INTERVAL = 21

function withoutInterval(element: SchemaElement): SchemaElement {
  if (element.convertedType !== INTERVAL) return element
  const { convertedType: _, ...bare } = element
  return bare
}
