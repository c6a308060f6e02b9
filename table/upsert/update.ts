/** Update: rows that match a filter get other values in some columns; what is left of them stays, their ids too. */
import type { LoadedTable } from '../../catalog/catalog.ts'
import { checkOptions } from '../../format/check-options.ts'
import { invalidArgument } from '../../format/errors.ts'
import { bind } from '../../format/expressions/bind.ts'
import { boundFieldIds } from '../../format/expressions/bound.ts'
import { type Expression, isExpression } from '../../format/expressions/expression.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import { allDone } from '../all-done.ts'
import type { AppendOptions } from '../append.ts'
import type { WritableContext } from '../context.ts'
import { type ChangedTable, commitChange } from './commit-change.ts'
import { findMatches } from './find-matches.ts'
import { requireAllColumns, requireColumns } from './require-columns.ts'
import { rowCounts } from './row-counts.ts'
import { fieldsNamed, type SetValues, valueSetter } from './set-values.ts'
import { updatedRowWriter } from './updated-row-writer.ts'
import { rowRemover } from './write-mode.ts'

/** See `Table.update`. */
export async function update(
  context: WritableContext,
  held: LoadedTable,
  where: Expression,
  set: SetValues,
  options: AppendOptions = {},
): Promise<ChangedTable> {
  checkOptions('update', options, ['branch', 'commitId', 'summary', 'signal'])
  if (!isExpression(where)) {
    throw invalidArgument(
      `update: expected a filter, such as eq('id', 1) or parseWhere("id = 1"), found ${describeValue(where)}`,
    )
  }
  if (!isObject(set) && typeof set !== 'function') {
    throw invalidArgument(`update: expected new values by column, or a function, found ${describeValue(set)}`)
  }
  if (typeof set !== 'function' && Object.values(set).every((value) => value === undefined)) {
    throw invalidArgument('update: expected new values by column, found none')
  }
  return commitChange(context, held, options, async ({ metadata }, writing, operationId) => {
    const schema = currentSchema(metadata)
    const named = typeof set === 'function' ? [] : fieldsNamed(schema, Object.keys(set))
    const ids = new Set([...boundFieldIds(bind(where, schema)), ...named.map(({ id }) => id)])
    const remover = rowRemover(writing, metadata, 'write.update.mode', operationId)
    const writer = updatedRowWriter(writing, (fresh) => valueSetter(fresh, set), operationId)
    return {
      async changeOf(fresh, parent) {
        // What a function looks at is not known.
        if (typeof set === 'function') requireAllColumns(fresh, schema)
        else requireColumns(fresh, schema, ids)
        const found = parent === undefined ? [] : await findMatches(writing, fresh, parent, where)
        const [written, { addData: kept, addDeletes, remove }] = await allDone([
          writer.write(fresh, found),
          remover.write(fresh, found),
        ])
        const updated = found.reduce((sum, { count }) => sum + count, 0)
        return {
          addData: kept.length === 0 ? written : [...written, ...kept],
          addDeletes,
          remove,
          counts: rowCounts({ updated }),
        }
      },
      discard: async () => {
        await Promise.all([writer.discard(), remover.discard()])
      },
    }
  })
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
