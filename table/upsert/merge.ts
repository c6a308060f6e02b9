/** Merge: rows of a source meet those of the table that have their keys, and clauses say what becomes of both. */
import type { LoadedTable } from '../../catalog/catalog.ts'
import { checkOptions } from '../../format/check-options.ts'
import type { ColumnPath } from '../../format/column-path.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { allDone } from '../all-done.ts'
import type { AppendOptions } from '../append.ts'
import type { WritableContext } from '../context.ts'
import type { RowsInput } from '../input-batches.ts'
import type { WritingContext } from '../writing-context.ts'
import { type ChangedTable, commitChange } from './commit-change.ts'
import { openSearch, visitRows } from './find-rows.ts'
import { keyFields, keyFieldsOf } from './key-fields.ts'
import { KeyIndexSession } from './key-index-session.ts'
import { checkClauses, type MergeClauses } from './merge-clauses.ts'
import { type MergeSource, type SourceRow, takeSource } from './merge-source.ts'
import { mergedRowWriter } from './merged-row-writer.ts'
import { MergedRows } from './merged-rows.ts'
import { requireAllColumns } from './require-columns.ts'
import { rowRemover } from './write-mode.ts'

export interface MergeOptions<R = Readonly<Record<string, unknown>>, S = SourceRow>
  extends AppendOptions,
    MergeClauses<R, S> {
  /** The columns by which rows match, at any depth of structs. Default: the table's identifier fields. */
  readonly on?: readonly ColumnPath[]
}

const OPTIONS = ['on', 'whenMatched', 'whenNotMatched', 'branch', 'commitId', 'summary', 'signal']

/** See `Table.merge`. */
export async function merge(
  context: WritableContext,
  held: LoadedTable,
  input: RowsInput,
  options: MergeOptions,
): Promise<ChangedTable> {
  checkOptions('merge', options, OPTIONS)
  checkClauses(options)
  return commitChange(context, held, options, async ({ metadata }, writing, operationId) => {
    const schema = currentSchema(metadata)
    const source = await takeSource(input, schema, keyFields('merge', schema, options.on), writing.signal)
    const index = new KeyIndexSession(writing, source.keyed, operationId)
    const remover = rowRemover(writing, metadata, 'write.merge.mode', operationId)
    const writer = mergedRowWriter(writing, operationId)
    return {
      async changeOf(fresh, parent) {
        requireAllColumns(fresh, schema)
        const merged = new MergedRows(schema, source, options)
        const finishIndex = await match(writing, fresh, parent, { source, index, merged })
        merged.addUnmatched()
        const [{ addData: kept, addDeletes, remove }, written, summary] = await allDone([
          remover.write(fresh, merged.removed()),
          writer.write(fresh, merged),
          finishIndex(),
        ])
        return {
          addData: kept.length === 0 ? written : [...written, ...kept],
          addDeletes,
          remove,
          summary,
          counts: merged.counts(),
        }
      },
      discard: async () => {
        await Promise.all([writer.discard(), remover.discard(), index.discard()])
      },
    }
  })
}

interface Matching {
  readonly source: MergeSource
  readonly index: KeyIndexSession
  readonly merged: MergedRows
}

/** Tells `merged` of the rows that match; resolves to what finishes the key index. */
async function match(
  writing: WritingContext,
  metadata: TableMetadata,
  parent: Snapshot | undefined,
  { source: { keyed }, index, merged }: Matching,
): Promise<() => Promise<Readonly<Record<string, string>>>> {
  if (parent === undefined || keyed.size === 0) return async () => ({})
  const search = await openSearch(writing, metadata, parent, keyed, index)
  const { fields } = currentSchema(metadata)
  const keys = keyFieldsOf(currentSchema(metadata), keyed.keys)
  await visitRows(search, { fields, keys }, (rows) => merged.addMatched(rows))
  return search.finishIndex
}
