import { Buffer } from 'node:buffer'
import type { RecordBatch } from 'apache-arrow'
import { arrowData } from '../format/arrow/arrow-data.ts'
import { arrowSchemaOf } from '../format/arrow/arrow-schema.ts'
import { batchOf } from '../format/arrow/batch-of.ts'
import type { DataFile } from '../format/manifest.ts'
import { startParquetFile } from '../format/parquet/file-builder.ts'
import { partitionKey } from '../format/partition-key.ts'
import { partitionPath } from '../format/partition-path.ts'
import { POSITION_DELETE_FIELDS } from '../format/position-delete-fields.ts'
import { unsortedOrder } from '../format/sort-order.ts'
import { readProperty } from '../format/table-properties.ts'
import type { NestedField } from '../format/types.ts'
import { compareUtf8 } from '../format/values/compare.ts'
import { DataFileWriter } from './data-file-writer.ts'
import { dataLocations } from './data-locations.ts'
import type { DeletedRows, WriteDeletes } from './delete-files.ts'
import { CREATED_BY, encodeOptions, type FileSettings } from './file-settings.ts'
import { encodeHere } from './row-group-encoder.ts'

/**
 * Writes position delete files (spec: "Position Delete Files"), sorted by path and position: one for each partition, or
 * for each data file where `write.delete.granularity` is `file`.
 */
export async function writePositionDeletes(
  options: WriteDeletes,
  deleted: readonly DeletedRows[],
): Promise<readonly DataFile[]> {
  const locate = dataLocations(options.location, options.properties)
  const files: DataFile[] = []
  for (const group of groupsOf(deleted, options)) {
    const { specId, partition } = group[0]!.dataFile
    const { spec, schema } = options.specById(specId)
    const path = partitionPath(spec, schema, partition)
    const location = locate(path, options.fileName(files.length + 1, 'deletes.parquet'))
    files.push(await writeFile(options, location, group))
  }
  return files
}

function groupsOf(
  deleted: readonly DeletedRows[],
  { properties }: WriteDeletes,
): readonly (readonly DeletedRows[])[] {
  if (readProperty(properties, 'write.delete.granularity') === 'file') return deleted.map((rows) => [rows])
  const groups = new Map<string, DeletedRows[]>()
  for (const rows of deleted) {
    const { specId, partition } = rows.dataFile
    const key = partitionKey(specId, partition)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [rows])
    else group.push(rows)
  }
  return [...groups.values()]
}

const ARROW_SCHEMA = arrowSchemaOf(POSITION_DELETE_FIELDS)
const KEY_VALUES = new Map([['delete-type', 'position']])

async function writeFile(
  { store, properties, specById, codec, onFile, signal }: WriteDeletes,
  location: string,
  group: readonly DeletedRows[],
): Promise<DataFile> {
  const { specId, partition } = group[0]!.dataFile
  const settings: FileSettings = {
    store,
    encoder: encodeHere(ARROW_SCHEMA, codec),
    // Its columns are none of a table, and their metrics are few.
    schema: { schemaId: 0, fields: [], identifierFieldIds: [] },
    spec: specById(specId).spec,
    encode: encodeOptions(properties),
    empty: startParquetFile({ fields: POSITION_DELETE_FIELDS }),
    finish: { keyValueMetadata: KEY_VALUES, createdBy: CREATED_BY },
    metricsMode: () => ({ kind: 'none' }),
    targetFileSize: readProperty(properties, 'write.delete.target-file-size-bytes'),
    rowGroupSize: readProperty(properties, 'write.parquet.row-group-size-bytes'),
    sortOrderId: unsortedOrder.orderId,
    signal,
  }
  const sorted = [...group].sort((a, b) => compareUtf8(a.dataFile.filePath, b.dataFile.filePath))
  onFile(location)
  const writer = await DataFileWriter.open(settings, location, partition)
  try {
    for (const rows of rowGroups(sorted)) await writer.startRowGroup([rows]).written
    const { sortOrderId: _, ...file } = await writer.close()
    return { ...file, content: 'position-deletes', ...pathsOf(sorted) }
  } catch (error) {
    await writer.abort()
    throw error
  }
}

/** Which data files it speaks of. */
function pathsOf(sorted: readonly DeletedRows[]): Partial<DataFile> {
  const [{ id }] = POSITION_DELETE_FIELDS as [NestedField, NestedField]
  const bound = (rows: DeletedRows) => new Map([[id, new Uint8Array(Buffer.from(rows.dataFile.filePath))]])
  return {
    lowerBounds: bound(sorted[0]!),
    upperBounds: bound(sorted.at(-1)!),
    ...(sorted.length === 1 ? { referencedDataFile: sorted[0]!.dataFile.filePath } : {}),
  }
}

const ROW_GROUP_ROWS = 250_000

function* rowGroups(sorted: readonly DeletedRows[]): Generator<RecordBatch> {
  let rows: [path: Uint8Array, position: number][] = []
  for (const { dataFile, positions } of sorted) {
    const path = Buffer.from(dataFile.filePath)
    for (const position of positions) {
      rows.push([path, position])
      if (rows.length < ROW_GROUP_ROWS) continue
      yield rowsBatch(rows)
      rows = []
    }
  }
  if (rows.length > 0) yield rowsBatch(rows)
}

function rowsBatch(rows: readonly (readonly [path: Uint8Array, position: number])[]): RecordBatch {
  const { length } = rows
  const [pathType, positionType] = ARROW_SCHEMA.fields.map(({ type }) => type)
  const valueOffsets = new Int32Array(length + 1)
  for (let row = 0; row < length; row++) valueOffsets[row + 1] = valueOffsets[row]! + rows[row]![0].length
  const values = new Uint8Array(valueOffsets[length]!)
  const positions = new BigInt64Array(length)
  for (let row = 0; row < length; row++) {
    values.set(rows[row]![0], valueOffsets[row])
    positions[row] = BigInt(rows[row]![1])
  }
  const children = [
    arrowData(pathType!, length, { valueOffsets, values }),
    arrowData(positionType!, length, { values: positions }),
  ]
  return batchOf(ARROW_SCHEMA, children, length)
}
