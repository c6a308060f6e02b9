import { checkOptions } from '../../format/check-options.ts'
import { invalidArgument } from '../../format/errors.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import type { NewValues } from './set-values.ts'

/** What becomes of a row of the table and the row of the source that has its key. */
export interface MatchedClause<R, S> {
  /** Whether it is for these. Default: for all. */
  readonly if?: (row: R, source: S) => boolean
  /** `update` takes the columns that the source's row has; a function says which change. */
  readonly do: 'update' | 'delete' | ((row: R, source: S) => NewValues)
}

/** What becomes of a row of the source whose key the table does not have. */
export interface NotMatchedClause<S> {
  /** Whether it is for this one. Default: for all. */
  readonly if?: (source: S) => boolean
  /** `insert` takes the columns that it has; a function says what is inserted. */
  readonly do: 'insert' | ((source: S) => NewValues)
}

export interface MergeClauses<R, S> {
  /** The first clause that is for a row counts; where none is, it stays. Default: none. */
  readonly whenMatched?: readonly MatchedClause<R, S>[]
  /** The first clause that is for a row counts; where none is, it is left out. Default: none. */
  readonly whenNotMatched?: readonly NotMatchedClause<S>[]
}

/** Throws INVALID_ARGUMENT. */
export function checkClauses({ whenMatched = [], whenNotMatched = [] }: MergeClauses<never, never>): void {
  checkAll('whenMatched', whenMatched, ['update', 'delete'])
  checkAll('whenNotMatched', whenNotMatched, ['insert'])
  if (whenMatched.length + whenNotMatched.length === 0) {
    throw invalidArgument("merge: expected clauses as 'whenMatched' or 'whenNotMatched', found none")
  }
}

function checkAll(name: string, clauses: readonly object[], words: readonly string[]): void {
  if (!Array.isArray(clauses)) {
    throw invalidArgument(`merge: expected an array as '${name}', found ${describeValue(clauses)}`)
  }
  for (const clause of clauses) {
    checkOptions(`merge: ${name}`, clause, ['if', 'do'])
    const { if: condition, do: action } = clause as { readonly if?: unknown; readonly do?: unknown }
    if (condition !== undefined && typeof condition !== 'function') {
      throw invalidArgument(
        `merge: ${name}: expected 'if' to be a function, found ${describeValue(condition)}`,
      )
    }
    if (typeof action !== 'function' && !words.includes(action as string)) {
      const known = words.map((word) => `'${word}'`).join(', ')
      throw invalidArgument(
        `merge: ${name}: expected 'do' to be ${known} or a function, found ${describeValue(action)}`,
      )
    }
  }
}
