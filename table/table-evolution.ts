/** Evolving a table: schema, partition spec, sort order, properties and format version in one commit. */
import { checkOptions } from '../format/check-options.ts'
import type { ColumnPath } from '../format/column-path.ts'
import { invalidArgument } from '../format/errors.ts'
import type { EvolutionStep } from '../format/evolution.ts'
import type { Schema } from '../format/schema.ts'
import type { ColumnPlace } from '../format/schema-update/schema-step.ts'
import { describeValue } from '../format/values/mismatch.ts'
import {
  type AnyColumn,
  type Columns,
  checkedField,
  type PartitionTerm,
  type SortTerm,
  type TableSchema,
} from './declare.ts'
import { arrayOf, partitionTermOf, schemaOf, sortTermOf, textOf, transformOf } from './declared.ts'

export interface IncompatibleOptions {
  /** Does it although rows that are there may break it: reading one that has no value fails. Default: false. */
  readonly allowIncompatible?: boolean
}

export interface EvolveOptions {
  readonly signal?: AbortSignal
}

/** Where a column goes among its siblings. */
export type MoveTarget = 'first' | { readonly before: ColumnPath } | { readonly after: ColumnPath }

type CommitSteps<T> = (steps: readonly EvolutionStep[], options: EvolveOptions) => Promise<T>

/**
 * Changes to a table, gathered up and then committed at once; what `Table.update()` returns. It is immutable: every
 * method returns a new one, and one may be committed to several tables' versions in turn.
 *
 * Columns are named by their full name (`customer.address.city`, `items.element.sku`), or by an array of names where a
 * name holds dots. Changes of the schema apply in order, and each sees the names that those before it left; so do
 * changes of the partition spec, which, like sort orders, see the new schema. Rules that forbid a change are checked on
 * `commit`, which throws INVALID_ARGUMENT naming the rule.
 */
export class TableEvolution<T> {
  /** The changes so far, as plain data. */
  readonly steps: readonly EvolutionStep[]
  readonly #commit: CommitSteps<T>

  /** @internal */
  constructor(commit: CommitSteps<T>, steps: readonly EvolutionStep[] = []) {
    this.#commit = commit
    this.steps = steps
  }

  /**
   * Adds a column at the end of its struct: of the table, or of the struct, list of structs or map to structs that its
   * name begins with. With `.default(…)` (format version 3) rows that are there read as the default. A `.required()`
   * column needs a default, or `allowIncompatible`.
   */
  addColumn(column: ColumnPath, type: AnyColumn, options: IncompatibleOptions = {}): TableEvolution<T> {
    checkColumn('addColumn', column)
    const { id: _, name: __, ...added } = checkedField(nameOf(column), type)
    const { allowIncompatible } = incompatible('addColumn', options)
    return this.#with({ kind: 'add-column', column, added, allowIncompatible })
  }

  /** Takes a column away from the schema; its values stay in the files. */
  dropColumn(column: ColumnPath): TableEvolution<T> {
    checkColumn('dropColumn', column)
    return this.#with({ kind: 'drop-column', column })
  }

  /** `newName` is the last name only: columns stay in their struct. */
  renameColumn(column: ColumnPath, newName: string): TableEvolution<T> {
    checkColumn('renameColumn', column)
    checkColumn('renameColumn', [newName])
    return this.#with({ kind: 'rename-column', column, newName })
  }

  moveColumn(column: ColumnPath, to: MoveTarget): TableEvolution<T> {
    checkColumn('moveColumn', column)
    return this.#with({ kind: 'move-column', column, to: placeOf(to) })
  }

  /**
   * Changes a column's type to one that holds all its values: int to long, float to double, a decimal to more digits;
   * in format version 3 also date to timestamp or timestamp_ns, and unknown to any type.
   */
  widenColumn(column: ColumnPath, type: AnyColumn): TableEvolution<T> {
    checkColumn('widenColumn', column)
    return this.#with({ kind: 'widen-column', column, type: checkedField(nameOf(column), type).type })
  }

  makeColumnOptional(column: ColumnPath): TableEvolution<T> {
    checkColumn('makeColumnOptional', column)
    return this.#with({ kind: 'make-column-optional', column })
  }

  /** Refused without `allowIncompatible`: rows that are there may be null. */
  requireColumn(column: ColumnPath, options: IncompatibleOptions = {}): TableEvolution<T> {
    checkColumn('requireColumn', column)
    return this.#with({ kind: 'require-column', column, ...incompatible('requireColumn', options) })
  }

  /** Undefined takes the comment away. */
  setColumnDoc(column: ColumnPath, doc: string | undefined): TableEvolution<T> {
    checkColumn('setColumnDoc', column)
    return this.#with({ kind: 'set-column-doc', column, doc })
  }

  /** Format version 3: what new rows that leave the column out get; null takes it away. Older rows do not change. */
  setColumnDefault(column: ColumnPath, value: unknown): TableEvolution<T> {
    checkColumn('setColumnDefault', column)
    return this.#with({ kind: 'set-column-default', column, value })
  }

  /** The columns that identify a row, instead of those so far. */
  setIdentifierFields(columns: readonly ColumnPath[]): TableEvolution<T> {
    for (const column of arrayOf(columns, 'setIdentifierFields')) checkColumn('setIdentifierFields', column)
    return this.#with({ kind: 'set-identifier-fields', columns })
  }

  /** Makes the table hold rows of this schema too: adds what is missing, makes optional and widens what is narrower. */
  unionByName(schema: TableSchema<Columns> | Schema): TableEvolution<T> {
    return this.#with({ kind: 'union-by-name', fields: schemaOf(schema, 'unionByName').fields })
  }

  /** Partitions new data by one more term, such as `day('placed_at')`; a bare name means the value itself. */
  addPartitionField(term: string | PartitionTerm): TableEvolution<T> {
    const { column, transform, name } = partitionTermOf(term, 'addPartitionField')
    return this.#with({
      kind: 'add-partition-field',
      column,
      transform: transformOf(transform, 'addPartitionField'),
      ...(name === undefined ? {} : { name }),
    })
  }

  /** By the field's name, or by its term. Data that is there stays partitioned by it. */
  removePartitionField(field: string | PartitionTerm): TableEvolution<T> {
    if (typeof field === 'string') return this.#with({ kind: 'remove-partition-field', name: field })
    const { column, transform } = partitionTermOf(field, 'removePartitionField')
    return this.#with({
      kind: 'remove-partition-term',
      column,
      transform: transformOf(transform, 'removePartitionField'),
    })
  }

  renamePartitionField(name: string, newName: string): TableEvolution<T> {
    return this.#with({ kind: 'rename-partition-field', name, newName })
  }

  /** No terms: unsorted. */
  replaceSortOrder(terms: readonly (string | SortTerm)[]): TableEvolution<T> {
    return this.#with({
      kind: 'replace-sort-order',
      terms: arrayOf(terms, 'replaceSortOrder').map((term) => sortTermOf(term, 'replaceSortOrder')),
    })
  }

  /** `format-version` upgrades the table. */
  setProperties(properties: Readonly<Record<string, string>>): TableEvolution<T> {
    return this.#with({ kind: 'set-properties', properties: { ...properties } })
  }

  /** Names that are not set are passed over. */
  removeProperties(names: readonly string[]): TableEvolution<T> {
    return this.#with({ kind: 'remove-properties', names: [...arrayOf(names, 'removeProperties')] })
  }

  /** There is no way back. */
  upgradeFormatVersion(formatVersion: 1 | 2 | 3): TableEvolution<T> {
    return this.#with({ kind: 'upgrade-format-version', formatVersion })
  }

  /** Where new files go. UNSUPPORTED on commit in a catalog that finds tables by their location. */
  setLocation(location: string): TableEvolution<T> {
    return this.#with({ kind: 'set-location', location: textOf(location, 'setLocation') })
  }

  /**
   * Commits all changes at once, onto what other commits have made of the table meanwhile. Resolves to the evolved
   * version; when nothing changes, to the newest there is.
   *
   * Throws INVALID_ARGUMENT for a change that a rule forbids; COMMIT_CONFLICT when someone else has changed the schema,
   * or the partition spec, and this would too.
   */
  commit(options: EvolveOptions = {}): Promise<T> {
    checkOptions('commit', options, ['signal'])
    return this.#commit(this.steps, options)
  }

  #with(step: EvolutionStep): TableEvolution<T> {
    return new TableEvolution(this.#commit, [...this.steps, step])
  }
}

function nameOf(column: ColumnPath): string {
  return typeof column === 'string' ? column : (column.at(-1) ?? '')
}

function checkColumn(call: string, column: ColumnPath): void {
  const parts: readonly unknown[] = Array.isArray(column) ? column : [column]
  if (parts.length > 0 && parts.every((part) => typeof part === 'string' && part !== '')) return
  throw invalidArgument(
    `${call}: expected the name of a column, or an array of names, found ${describeValue(column)}`,
  )
}

function incompatible(call: string, options: IncompatibleOptions): { readonly allowIncompatible: boolean } {
  checkOptions(call, options, ['allowIncompatible'])
  return { allowIncompatible: options.allowIncompatible ?? false }
}

function placeOf(to: MoveTarget): ColumnPlace {
  if (to === 'first') return { kind: 'first' }
  if (typeof to === 'object' && to !== null) {
    if ('before' in to) return { kind: 'before', column: to.before }
    if ('after' in to) return { kind: 'after', column: to.after }
  }
  throw invalidArgument("moveColumn: expected 'first', { before: column } or { after: column }")
}
