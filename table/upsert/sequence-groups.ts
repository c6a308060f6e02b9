/** Groups of columns, each with an order of its own, so that several sources stitch one row (Paimon's sequence groups). */
import { checkOptions } from '../../format/check-options.ts'
import type { ColumnPath } from '../../format/column-path.ts'
import { invalidArgument } from '../../format/errors.ts'
import type { Schema } from '../../format/schema.ts'
import { type KeyField, orderFields } from './key-fields.ts'

export interface SequenceGroup {
  /** The column, or several, by which one state of the group is newer than another; a row in which all are null has none. */
  readonly orderBy: string | readonly ColumnPath[]
  /** The other columns of the group, by name. */
  readonly columns: readonly string[]
}

/** A group, in the input's schema. */
export interface Group {
  /** Without columns each row is newer than those before it. */
  readonly order: readonly KeyField[]
  /** Where its columns stand, those of its order with them. */
  readonly places: readonly number[]
}

/** The columns of all groups, and those that are aggregated, by name. Throws INVALID_ARGUMENT for what is no list of groups. */
export function groupColumns(
  operation: string,
  schema: Schema,
  groups: readonly SequenceGroup[],
  aggregated: ReadonlyMap<string, unknown>,
): readonly string[] {
  const isGroup = (group: unknown): group is SequenceGroup => typeof group === 'object' && group !== null
  const all: readonly unknown[] = groups
  if (!Array.isArray(all) || all.length === 0 || !all.every(isGroup)) {
    throw invalidArgument(`${operation}: expected 'sequenceGroups' as an array of { orderBy, columns }`)
  }
  const names = groups.flatMap((group) => {
    checkOptions(`${operation}: sequenceGroups`, group, ['orderBy', 'columns'])
    const { orderBy, columns } = group
    if (!Array.isArray(columns) || orderBy === undefined || orderBy.length === 0) {
      throw invalidArgument(
        `${operation}: expected a sequence group as { orderBy, columns }, and columns to order by`,
      )
    }
    const roots = orderFields(operation, schema, orderBy).map(({ path }) => path[0]!)
    return [...new Set([...roots, ...columns])]
  })
  const both = names.find((name) => aggregated.has(name))
  if (both !== undefined) {
    throw invalidArgument(`${operation}: column '${both}' is aggregated, and cannot be in a sequence group`, {
      column: both,
    })
  }
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice === undefined) return [...names, ...aggregated.keys()]
  throw invalidArgument(`${operation}: column '${twice}' is in two sequence groups`, { column: twice })
}

/** The groups in the input's schema. Throws INVALID_ARGUMENT for one that has a column of the key. */
export function groupsOf(
  operation: string,
  schema: Schema,
  keys: readonly KeyField[],
  groups: readonly SequenceGroup[],
): readonly Group[] {
  const keyRoots = new Set(keys.map(({ places }) => places[0]!))
  return groups.map(({ orderBy, columns }) => {
    const order = orderFields(operation, schema, orderBy)
    const names = new Set([...order.map(({ path }) => path[0]!), ...columns])
    const places = [...schema.fields.keys()].filter((i) => names.has(schema.fields[i]!.name))
    const key = places.find((place) => keyRoots.has(place))
    if (key === undefined) return { order, places }
    const column = schema.fields[key]!.name
    throw invalidArgument(`${operation}: column '${column}' is a key, and cannot be in a sequence group`, {
      column,
    })
  })
}
