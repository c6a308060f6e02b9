/** Overwrite: rows that match a filter go, and the input comes, in one snapshot. */
import type { LoadedTable } from '../../catalog/catalog.ts'
import { checkOptions } from '../../format/check-options.ts'
import { invalidArgument } from '../../format/errors.ts'
import { bind } from '../../format/expressions/bind.ts'
import { boundFieldIds } from '../../format/expressions/bound.ts'
import { alwaysTrue } from '../../format/expressions/build.ts'
import { type Expression, isExpression } from '../../format/expressions/expression.ts'
import type { DataFile } from '../../format/manifest.ts'
import { partitionKey } from '../../format/partition-key.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema, defaultSpec } from '../../format/table-metadata-build.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import { writeDataFiles } from '../../writers/write-data-files.ts'
import type { AppendOptions } from '../append.ts'
import type { WritableContext } from '../context.ts'
import { inputBatches, type RowsInput } from '../input-batches.ts'
import { dataFileOptions } from '../writing-context.ts'
import { type ChangedTable, commitChange } from './commit-change.ts'
import { findMatches } from './find-matches.ts'
import { requireColumns } from './require-columns.ts'
import { rowCounts } from './row-counts.ts'
import { rowRemover } from './write-mode.ts'

export interface OverwriteOptions extends AppendOptions {
  /** The rows that go. Default: all. */
  readonly where?: Expression
  /** With `dynamic`, which has no `where`, the partitions go that the input has rows of. Default: `static`. */
  readonly mode?: 'static' | 'dynamic'
}

const OPTIONS = ['where', 'mode', 'branch', 'commitId', 'summary', 'signal']

/** See `Table.overwrite`. */
export async function overwrite(
  context: WritableContext,
  held: LoadedTable,
  input: RowsInput,
  options: OverwriteOptions = {},
): Promise<ChangedTable> {
  checkOptions('overwrite', options, OPTIONS)
  if ('where' in options && options.where === undefined) {
    throw invalidArgument("overwrite: 'where' is undefined; leave it out to overwrite all rows")
  }
  const { where = alwaysTrue, mode = 'static' } = options
  if (mode !== 'static' && mode !== 'dynamic') {
    throw invalidArgument(
      `overwrite: expected mode to be 'static' or 'dynamic', found ${describeValue(mode)}`,
    )
  }
  if (!isExpression(where)) {
    throw invalidArgument(
      `overwrite: expected a filter as 'where', such as eq('id', 1) or parseWhere("id = 1"), found ${describeValue(where)}`,
    )
  }
  if (mode === 'dynamic' && options.where !== undefined) {
    throw invalidArgument("overwrite: with mode 'dynamic' the rows say what goes, and 'where' does not")
  }
  return commitChange(context, held, options, async ({ metadata }, writing, operationId) => {
    const schema = currentSchema(metadata)
    const ids = boundFieldIds(bind(where, schema))
    const remover = rowRemover(writing, metadata, 'write.delete.mode', operationId)
    const written = await writeDataFiles({
      ...(await dataFileOptions(writing, metadata)),
      batches: inputBatches('overwrite', schema.fields, input),
      operationId,
    })
    const inserted = Number(written.recordCount)
    const isMeant = mode === 'dynamic' ? isInPartitionsOf(metadata, written.files) : undefined
    return {
      async changeOf(fresh, parent) {
        requireColumns(fresh, schema, ids)
        const found = parent === undefined ? [] : await findMatches(writing, fresh, parent, where, isMeant)
        const { addData: kept, addDeletes, remove } = await remover.write(fresh, found)
        const deleted = found.reduce((sum, { count }) => sum + count, 0)
        return {
          addData: kept.length === 0 ? written.files : [...written.files, ...kept],
          addDeletes,
          remove,
          counts: rowCounts({ inserted, deleted }),
        }
      },
      discard: async () => {
        // A courtesy: what cannot be deleted now is left to orphan removal.
        await Promise.all([written.abort().catch(() => undefined), remover.discard()])
      },
    }
  })
}

/** As Iceberg Java replaces partitions: those of the same spec, and where that has no fields everything. */
function isInPartitionsOf(
  metadata: TableMetadata,
  files: readonly DataFile[],
): ((file: DataFile) => boolean) | undefined {
  if (files.length > 0 && defaultSpec(metadata).fields.length === 0) return undefined
  const keyOf = ({ specId, partition }: DataFile) => partitionKey(specId, partition)
  const keys = new Set(files.map(keyOf))
  return (file) => keys.has(keyOf(file))
}
