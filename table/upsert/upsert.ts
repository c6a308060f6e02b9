/**
 * Upsert: the rows of the table that have a key of the input are taken out, and the input is written to new data
 * files, in one snapshot. A lost race finds the rows anew, and keeps the data files.
 */
import type { LoadedTable } from '../../catalog/catalog.ts'
import { checkOptions } from '../../format/check-options.ts'
import type { ColumnPath } from '../../format/column-path.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import type { AppendOptions } from '../append.ts'
import type { WritableContext } from '../context.ts'
import { inputBatches, type RowsInput } from '../input-batches.ts'
import { commitChange } from './commit-change.ts'
import { findRows } from './find-rows.ts'
import { keyFields } from './key-fields.ts'
import { KeyedRows } from './keyed-rows.ts'
import { requireColumns } from './require-columns.ts'
import { rowWriter } from './row-writer.ts'
import { rowRemover } from './write-mode.ts'

export interface UpsertOptions extends AppendOptions {
  /** The columns by which rows are told apart, at any depth of structs. Default: the table's identifier fields. */
  readonly on?: readonly ColumnPath[]
  /** What becomes of rows of the input that have one key. Default: the last one wins. */
  readonly duplicates?: 'last' | 'error'
}

const OPTIONS = ['on', 'duplicates', 'branch', 'commitId', 'summary', 'signal']

/** See `Table.upsert`. */
export async function upsert(
  context: WritableContext,
  held: LoadedTable,
  input: RowsInput,
  options: UpsertOptions = {},
): Promise<LoadedTable> {
  checkOptions('upsert', options, OPTIONS)
  const { on, duplicates = 'last' } = options
  return commitChange(context, held, options, async ({ metadata }, writing, operationId) => {
    const schema = currentSchema(metadata)
    const keys = keyFields('upsert', schema, on)
    const ids = new Set(keys.map(({ field }) => field.id))
    const batches = inputBatches('upsert', schema.fields, input)
    const rows = await KeyedRows.take('upsert', batches, { keys, duplicates, signal: writing.signal })
    const writer = rowWriter(writing, metadata, rows, operationId)
    const remover = rowRemover(writing, metadata, 'write.merge.mode', operationId)
    return {
      async changeOf(fresh, parent) {
        requireColumns(fresh, schema, ids)
        const found = await findRows(writing, fresh, parent, rows)
        const { addData: kept, addDeletes, remove } = await remover.write(fresh, found.deleted)
        const written = await writer.write(found.rowIds)
        return {
          addData: kept.length === 0 ? written : [...written, ...kept],
          addDeletes,
          remove,
          summary: {
            'moraine.rows-inserted': String(rows.size - found.count),
            'moraine.rows-updated': String(found.count),
          },
        }
      },
      discard: async () => {
        await Promise.all([writer.discard(), remover.discard()])
      },
    }
  })
}
