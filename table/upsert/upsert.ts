/**
 * Upsert: the rows of the table that have a key of the input are taken out, and the input is written to new data
 * files, in one snapshot. A lost race finds the rows anew, and keeps the data files.
 */
import type { LoadedTable } from '../../catalog/catalog.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { allDone } from '../all-done.ts'
import type { WriteHooks } from '../append.ts'
import type { WritableContext } from '../context.ts'
import type { RowsInput } from '../input-batches.ts'
import type { WritingContext } from '../writing-context.ts'
import { blindUpsert, requireEqualityDeletes } from './blind-upsert.ts'
import { type ChangedTable, commitChange, type RowChange } from './commit-change.ts'
import { findRows } from './find-rows.ts'
import { KeyIndexSession } from './key-index-session.ts'
import { keptColumns, requireDefaults } from './partial-rows.ts'
import { requireAllColumns, requireColumns, requireRules } from './require-columns.ts'
import { rowComparer } from './row-comparer.ts'
import { countChanges } from './row-counts.ts'
import { rowWriter } from './row-writer.ts'
import { takeUpsertInput, type UpsertInput } from './upsert-input.ts'
import { checkUpsertOptions, type UpsertOptions } from './upsert-options.ts'
import { rowRemover } from './write-mode.ts'

/** See `Table.upsert`. */
export async function upsert(
  context: WritableContext,
  held: LoadedTable,
  input: RowsInput,
  options: UpsertOptions = {},
  { companionsOf, isNewId, onBatch }: WriteHooks = {},
): Promise<ChangedTable> {
  checkUpsertOptions(options)
  const isBlind = options.deletes === 'equality'
  const begin = async ({ metadata }: LoadedTable, writing: WritingContext, operationId: string) => {
    if (isBlind) requireEqualityDeletes(metadata)
    const taken = await takeUpsertInput({ metadata, input, options, signal: writing.signal, onBatch })
    return isBlind
      ? blindUpsert(writing, taken, operationId)
      : readingUpsert(writing, taken, operationId, options.skipUnchanged ?? false)
  }
  return commitChange(context, held, { ...options, companionsOf, isNewId }, begin)
}

function readingUpsert(
  writing: WritingContext,
  taken: UpsertInput,
  operationId: string,
  skipUnchanged: boolean,
): RowChange {
  const { metadata, rowInput, isPartial, rules, rows, gone, order, columns } = taken
  const { schema, input: own } = rowInput
  const others = keptColumns(rowInput)
  const comparing = { schema: own, leftOut: isPartial ? others : undefined, rows, gone, order, skipUnchanged }
  const comparer = rules?.comparer(rows, others, skipUnchanged) ?? rowComparer(comparing)
  const meant = skipUnchanged ? new Set(schema.fields.map(({ id }) => id)) : columns
  const isAll = comparer === undefined && gone.size === 0
  const writer = rowWriter(writing, metadata, rows, { operationId, input: rowInput, rules, gone, isAll })
  const remover = rowRemover(writing, metadata, 'write.merge.mode', operationId)
  const index = new KeyIndexSession(writing, rows, operationId)
  const find = async (fresh: TableMetadata, parent: Snapshot | undefined) => {
    const found = await findRows(writing, fresh, parent, rows, { comparer, index })
    const counts = countChanges(rows, gone, found)
    if (isPartial) requireDefaults(rowInput, counts)
    return { ...found, counts }
  }
  return {
    async changeOf(fresh, parent) {
      if (isPartial) requireAllColumns(fresh, schema)
      else requireColumns(fresh, schema, meant)
      requireRules(fresh, metadata)
      const finding = find(fresh, parent)
      const removing = finding.then(({ deleted }) => remover.write(fresh, deleted))
      const adding = writer.write(finding, fresh.formatVersion >= 3 && parent !== undefined)
      const indexing = finding.then(async ({ finishIndex }) => finishIndex(isAll ? await adding : []))
      const [{ counts }, { addData: kept, addDeletes, remove }, written, summary] = await allDone([
        finding,
        removing,
        adding,
        indexing,
      ])
      return {
        addData: kept.length === 0 ? written : [...written, ...kept],
        addDeletes,
        remove,
        summary,
        counts,
      }
    },
    discard: async () => {
      await Promise.all([writer.discard(), remover.discard(), index.discard()])
    },
  }
}
