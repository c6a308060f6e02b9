/** Parquet files made for one test, and the task that reads them. */
import { makeData, RecordBatch, Struct } from 'apache-arrow'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import type { ColumnPath } from '../../format/column-path.ts'
import { bind } from '../../format/expressions/bind.ts'
import type { Expression } from '../../format/expressions/expression.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { ParquetCodec } from '../../format/parquet/codec.ts'
import type { RowGroup, SchemaElement } from '../../format/parquet/footer.ts'
import { encodeFooter, PARQUET_MAGIC } from '../../format/parquet/footer-codec.ts'
import { toParquetSchema } from '../../format/parquet/parquet-schema.ts'
import { loadWasmCodec } from '../../format/parquet/wasm-codec.ts'
import { unpartitionedSpec } from '../../format/partition-spec.ts'
import type { NestedField, StructType, StructValue, Type, Value } from '../../format/types.ts'
import { literalColumn } from '../../readers/literal-column.ts'
import { projectSchema } from '../../readers/projection.ts'
import { type ReadTaskOptions, readTask } from '../../readers/read-task.ts'
import { type PlainRow, type RowOptions, rowReader } from '../../readers/rows.ts'
import { MemoryStore } from '../../storage/memory-store.ts'

export const codec: ParquetCodec = await loadWasmCodec()
export const LOCATION = 'memory://test/data.parquet'

export function optional(id: number, name: string, type: Type, more: Partial<NestedField> = {}): NestedField {
  return { id, name, required: false, type, ...more }
}
export function required(id: number, name: string, type: Type): NestedField {
  return { id, name, required: true, type }
}
export function structOf(...fields: NestedField[]): StructType {
  return { kind: 'struct', fields }
}
export function listOf(elementId: number, element: Type, elementRequired = false): Type {
  return { kind: 'list', elementId, elementRequired, element }
}
export function mapOf(keyId: number, key: Type, valueId: number, value: Type): Type {
  return { kind: 'map', keyId, key, valueId, valueRequired: false, value }
}
/** A map value in internal form. */
export function entries(...pairs: (readonly [Value, Value])[]): Value {
  return { entries: pairs }
}

export type InputRow = { readonly [name: string]: Value }

/** A batch of rows in internal form; what a row leaves out is null. */
export function batchOf(fields: readonly NestedField[], rows: readonly InputRow[]): RecordBatch {
  const schema = arrowSchemaOf(fields)
  const children = fields.map((field) =>
    literalColumn(
      field.type,
      rows.map((row) => row[field.name] ?? null),
    ),
  )
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children }),
  )
}

/** A Parquet file of these row groups. `schemaOf` may rewrite its schema, `pathOf` the paths of its chunks. */
export function parquetFile(
  fields: readonly NestedField[],
  rowGroups: readonly (readonly InputRow[])[],
  schemaOf: (schema: SchemaElement[]) => readonly SchemaElement[] = (schema) => schema,
  pathOf: (path: readonly string[]) => readonly string[] = (path) => path,
): Uint8Array {
  const parts: Uint8Array[] = [PARQUET_MAGIC]
  let offset = BigInt(PARQUET_MAGIC.length)
  const groups: RowGroup[] = rowGroups.map((rows) => {
    const encoded = codec.encodeRowGroup(batchOf(fields, rows), {
      compression: 'ZSTD',
      dataPageSize: 1 << 20,
      dictionaryPageSize: 1 << 20,
      pageRowLimit: 20_000,
    })
    const base = offset
    parts.push(encoded.bytes)
    offset += BigInt(encoded.bytes.length)
    const columns = encoded.columns.map((column) => ({
      ...column,
      pathInSchema: pathOf(column.pathInSchema),
      dataPageOffset: column.dataPageOffset + base,
      ...(column.dictionaryPageOffset === undefined
        ? {}
        : { dictionaryPageOffset: column.dictionaryPageOffset + base }),
    }))
    return { columns, numRows: BigInt(rows.length), totalByteSize: BigInt(encoded.bytes.length) }
  })
  const numRows = rowGroups.reduce((sum, rows) => sum + BigInt(rows.length), 0n)
  parts.push(
    encodeFooter({
      version: 1,
      schema: schemaOf(toParquetSchema({ fields })),
      numRows,
      rowGroups: groups,
      keyValueMetadata: new Map(),
    }),
  )
  return new Uint8Array(Buffer.concat(parts))
}

/** The schema without any field id, as writers that know nothing of Iceberg leave it. */
export function withoutIds(schema: readonly SchemaElement[]): SchemaElement[] {
  return schema.map(({ fieldId: _, ...element }) => element)
}

export interface Reading extends Partial<Omit<ReadTaskOptions, 'projected'>> {
  readonly select?: readonly ColumnPath[]
  readonly partitionType?: StructType
  readonly where?: Expression
  readonly dataFile?: Partial<DataFile>
  readonly sequenceNumber?: bigint
}

/** Reads a file of `numRows` rows with the table schema `fields`. */
export async function* readBatches(
  bytes: Uint8Array,
  numRows: number,
  fields: readonly NestedField[],
  reading: Reading = {},
): AsyncGenerator<{ readonly batch: RecordBatch; readonly projected: readonly NestedField[] }> {
  const { select, partitionType, where = { op: 'true' }, dataFile, sequenceNumber = 7n, ...options } = reading
  const tableSchema = { schemaId: 0, fields, identifierFieldIds: [] }
  const store = options.store ?? (await storeOf(bytes))
  const projected = projectSchema(tableSchema, select, partitionType)
  bind(where, tableSchema)
  const file: DataFile = {
    content: 'data',
    filePath: LOCATION,
    fileFormat: 'parquet',
    specId: 0,
    partition: [],
    recordCount: BigInt(numRows),
    fileSizeInBytes: BigInt(bytes.length),
    ...dataFile,
  }
  const task = { dataFile: file, sequenceNumber, deletes: [], residual: where }
  const defaults = { codec, spec: unpartitionedSpec, formatVersion: 3 as const, tableSchema }
  for await (const batch of readTask(task, { ...defaults, ...options, store, projected })) {
    yield { batch, projected }
  }
}

export async function readRows(
  bytes: Uint8Array,
  numRows: number,
  fields: readonly NestedField[],
  reading: Reading = {},
): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for await (const { batch, projected } of readBatches(bytes, numRows, fields, reading)) {
    rows.push(...batchToRows(batch, projected))
  }
  return rows
}

export function batchToRows(
  batch: RecordBatch,
  fields: readonly NestedField[],
  options?: RowOptions,
): PlainRow[] {
  const rowAt = rowReader(fields, options)(batch)
  return Array.from({ length: batch.numRows }, (_, i) => rowAt(i))
}

export async function storeOf(bytes: Uint8Array): Promise<MemoryStore> {
  const store = new MemoryStore()
  await store.put(LOCATION, bytes)
  return store
}

/** A struct in internal form. */
export function struct(values: Record<string, Value>): StructValue {
  return Object.assign(Object.create(null), values)
}
