/** An upsert that reads nothing: whatever has one of the keys is deleted by them, whether it is there or not, as Flink does. */
import { unsupported } from '../../format/errors.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { readProperty } from '../../format/table-properties.ts'
import { allDone } from '../all-done.ts'
import type { WritingContext } from '../writing-context.ts'
import type { RowChange } from './commit-change.ts'
import { equalityDeleteWriter } from './equality-delete-writer.ts'
import { requireColumns } from './require-columns.ts'
import { rowCounts } from './row-counts.ts'
import { rowWriter } from './row-writer.ts'
import type { UpsertInput } from './upsert-input.ts'

/** Throws UNSUPPORTED where a table has no such deletes, or wants none. */
export function requireEqualityDeletes({ formatVersion, properties }: TableMetadata): void {
  if (formatVersion < 2) {
    throw unsupported(
      'upsert: equality deletes need format version 2: upgrade with update().upgradeFormatVersion(2)',
    )
  }
  if (readProperty(properties, 'write.merge.mode') === 'copy-on-write') {
    throw unsupported("upsert: the table's write.merge.mode is copy-on-write, which equality deletes are not")
  }
}

/** Counts are of the input: what was there is not known. */
export function blindUpsert(writing: WritingContext, taken: UpsertInput, operationId: string): RowChange {
  const { metadata, rowInput, rows, gone, columns } = taken
  const writer = rowWriter(writing, metadata, rows, {
    operationId,
    input: rowInput,
    gone,
    isAll: gone.size === 0,
  })
  const deletes = equalityDeleteWriter(writing, rows, { operationId, inputFields: rowInput.input.fields })
  return {
    async changeOf(fresh, parent) {
      requireColumns(fresh, currentSchema(metadata), columns)
      const [addData, addDeletes] = await allDone([
        writer.write(NOTHING_FOUND, false),
        deletes.write(fresh, parent),
      ])
      return { addData, addDeletes, remove: [], counts: rowCounts({ inserted: rows.size - gone.size }) }
    },
    discard: async () => {
      await Promise.all([writer.discard(), deletes.discard()])
    },
  }
}

const NOTHING_FOUND = Promise.resolve({ rowIds: undefined, unchanged: new Set<number>(), before: undefined })
