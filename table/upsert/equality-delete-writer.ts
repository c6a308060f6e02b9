import type { Data, RecordBatch } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { arrowSchemaOf, arrowTypeOf } from '../../format/arrow/arrow-schema.ts'
import { batchOf } from '../../format/arrow/batch-of.ts'
import { unsupported } from '../../format/errors.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import { unsortedOrder } from '../../format/sort-order.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema, defaultSpec } from '../../format/table-metadata-build.ts'
import type { NestedField } from '../../format/types.ts'
import { pruneFields } from '../../readers/projection.ts'
import { readManifestList, specInSchema } from '../../snapshot/manifests.ts'
import { type WriteResult, writeDataFiles } from '../../writers/write-data-files.ts'
import { dataFileOptions, type WritingContext } from '../writing-context.ts'
import type { KeyedRows } from './keyed-rows.ts'

export interface EqualityDeleteWriter {
  /** Delete files that hit all rows of a version that have one of the keys. Files are written once for each spec. */
  write(metadata: TableMetadata, snapshot: Snapshot | undefined): Promise<readonly DataFile[]>
  /** Deletes what was written. */
  discard(): Promise<void>
}

export interface EqualityDeleteParts {
  readonly operationId: string
  /** Of the keyed rows. */
  readonly inputFields: readonly NestedField[]
}

/**
 * Deletes by key without reading a row. A file of such deletes is for the partition that it is in, of the spec that it is
 * written by (spec: "Scan Planning"), so that there is one of each spec that a live data file may have.
 *
 * Throws UNSUPPORTED where a spec divides rows by other columns than those of the key: a row with the same key may be in
 * any of its partitions.
 */
export function equalityDeleteWriter(
  context: WritingContext,
  rows: KeyedRows,
  { operationId, inputFields }: EqualityDeleteParts,
): EqualityDeleteWriter {
  const written = new Map<number, WriteResult>()
  const discard = async () => {
    // A courtesy: what cannot be deleted now is left to orphan removal.
    await Promise.all([...written.values()].map((result) => result.abort().catch(() => undefined)))
    written.clear()
  }
  const ids = rows.keys.map(({ field }) => field.id)
  return {
    async write(metadata, snapshot) {
      const { signal, store } = context
      const specs = new Set([defaultSpec(metadata).specId])
      if (snapshot !== undefined) {
        for (const manifest of await readManifestList({ metadata, store }, snapshot, { signal })) {
          if (manifest.content === 'data') specs.add(manifest.partitionSpecId)
        }
      }
      for (const specId of specs) {
        if (!written.has(specId)) written.set(specId, await writeFor(specId, metadata))
      }
      const used = [...specs].flatMap((specId) => written.get(specId)!.files)
      return used.map(({ sortOrderId: _, ...file }) => ({
        ...file,
        content: 'equality-deletes',
        equalityIds: ids,
        sortOrderId: unsortedOrder.orderId,
      }))
    },
    discard,
  }

  async function writeFor(specId: number, metadata: TableMetadata): Promise<WriteResult> {
    const known = specInSchema(metadata, specId)
    if (known === undefined) {
      throw unsupported(
        `upsert: files of the table have partition spec ${specId}, which it does not have any more`,
      )
    }
    const { spec } = known
    const other = spec.fields.find(
      ({ transform, sourceIds }) => transform.kind !== 'void' && sourceIds.some((id) => !ids.includes(id)),
    )
    if (other !== undefined) {
      throw unsupported(
        `upsert: equality deletes need every column that rows are partitioned by in the key, and '${other.name}' ` +
          `of spec ${specId} is by another; add it to 'on', or leave 'deletes' out`,
        { partitionField: other.name, specId },
      )
    }
    const schema = {
      ...currentSchema(metadata),
      fields: pruneFields(currentSchema(metadata).fields, new Set(ids)),
    }
    return writeDataFiles({
      ...(await dataFileOptions(context, metadata)),
      schema,
      spec,
      sortOrder: unsortedOrder,
      batches: keysOf(rows, inputFields, schema.fields),
      operationId: `${operationId}-deletes-${specId}`,
    })
  }
}

async function* keysOf(
  { batches }: KeyedRows,
  own: readonly NestedField[],
  keys: readonly NestedField[],
): AsyncGenerator<RecordBatch> {
  const schema = arrowSchemaOf(keys)
  for (const { data, numRows: length } of batches) {
    const children = prunedColumns(data.children, own, keys)
    yield batchOf(schema, children, length)
  }
}

/** Of the columns of `own` those of `fields`, which are parts of them. */
function prunedColumns(
  columns: readonly Data[],
  own: readonly NestedField[],
  fields: readonly NestedField[],
): Data[] {
  return fields.map(({ id, type }) => {
    const place = own.findIndex((field) => field.id === id)
    const column = columns[place]!
    const ownType = own[place]!.type
    if (type.kind !== 'struct' || ownType.kind !== 'struct') return column
    const children = prunedColumns(column.children, ownType.fields, type.fields)
    const nullBitmap = column.nullCount > 0 ? (column.nullBitmap as Uint8Array) : undefined
    return arrowData(arrowTypeOf(type), column.length, { nullBitmap, offset: column.offset, children })
  })
}
