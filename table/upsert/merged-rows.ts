import type { Data, RecordBatch } from 'apache-arrow'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { batchOf } from '../../format/arrow/batch-of.ts'
import { takeData, takeRows } from '../../format/arrow/take.ts'
import { invalidArgument } from '../../format/errors.ts'
import { PositionSet } from '../../format/puffin/position-set.ts'
import type { Schema } from '../../format/schema.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import { rowReader } from '../../readers/rows.ts'
import type { ScanTask } from '../../readers/scan-task.ts'
import type { VisitedRows } from './find-rows.ts'
import type { RowsToDelete } from './finds.ts'
import type { MergeClauses } from './merge-clauses.ts'
import { type MergeSource, picked, type SourceRow } from './merge-source.ts'
import { type RowCounts, rowCounts } from './row-counts.ts'
import { type NewValues, newValues } from './set-values.ts'

/** Rows of the table with new values. */
export interface ChangedRows {
  /** Of the schema. */
  readonly batch: RecordBatch
  /** `_row_id`s, of version 3. */
  readonly rowIds: Data | undefined
  readonly changes: readonly NewValues[]
  /** By row its source's place. */
  readonly sources: readonly number[]
}

/** Rows of the source that become rows of the table. */
export interface InsertedRows {
  readonly rows: readonly NewValues[]
  /** By row its source's place. */
  readonly sources: readonly number[]
}

/** What clauses make of the rows of one version of the table. */
export class MergedRows {
  readonly #schema: Schema
  readonly #source: MergeSource
  readonly #clauses: MergeClauses<SourceRow, SourceRow>
  readonly #changed: ChangedRows[] = []
  readonly #inserted = { rows: [] as NewValues[], sources: [] as number[] }
  readonly #positions = new Map<ScanTask, number[]>()
  /** Places of rows of the source that the table has the key of, and of those that did something. */
  readonly #matched = new Set<number>()
  readonly #used = new Set<number>()
  /** Where rows were updated, from which source: the same for two versions of the table, what is written is too. */
  readonly #updates: string[] = []
  #deleted = 0

  constructor(schema: Schema, source: MergeSource, clauses: MergeClauses<SourceRow, SourceRow>) {
    this.#schema = schema
    this.#source = source
    this.#clauses = clauses
  }

  addMatched({ live, values, rowIds, found }: VisitedRows): void {
    if (found.length === 0) return
    const { task, length, positions } = live
    const { filePath, firstRowId } = task.dataFile
    const batch = batchOf(arrowSchemaOf(this.#schema.fields), values, length)
    const rowAt = rowReader(this.#schema.fields)(batch)
    const updated: number[] = []
    const changes: NewValues[] = []
    const sources: number[] = []
    for (const { row, number } of found) {
      const place = this.#source.places[number]!
      this.#matched.add(place)
      const [own, theirs] = [rowAt(row), this.#source.rows[place]!]
      const clause = this.#clauses.whenMatched?.find(
        (one) => one.if === undefined || said(one.if(own, theirs), place),
      )
      if (clause === undefined) continue
      this.#used.add(place)
      const position = Number(positions[row])
      const gone = this.#positions.get(task) ?? []
      gone.push(position)
      this.#positions.set(task, gone)
      if (clause.do === 'delete') {
        this.#deleted++
        continue
      }
      const { do: action } = clause
      changes.push(
        action === 'update'
          ? newValues(picked(theirs, this.#schema.fields), place)
          : newValues(action(own, theirs), place),
      )
      updated.push(row)
      sources.push(place)
      this.#updates.push(`${filePath} ${firstRowId} ${position} ${place}`)
    }
    if (updated.length === 0) return
    const indices = Int32Array.from(updated)
    const taken = takeRows(batch, indices)
    this.#changed.push({ batch: taken, rowIds: rowIds && takeData(rowIds, indices), changes, sources })
  }

  /** When all that match are added. */
  addUnmatched(): void {
    for (const [place, source] of this.#source.rows.entries()) {
      if (this.#matched.has(place)) continue
      const clause = this.#clauses.whenNotMatched?.find(
        (one) => one.if === undefined || said(one.if(source), place),
      )
      if (clause === undefined) continue
      this.#used.add(place)
      const { do: action } = clause
      this.#inserted.rows.push(
        action === 'insert' ? picked(source, this.#schema.fields) : newValues(action(source), place),
      )
      this.#inserted.sources.push(place)
    }
  }

  get schema(): Schema {
    return this.#schema
  }

  get changed(): readonly ChangedRows[] {
    return this.#changed
  }

  get inserted(): InsertedRows {
    return this.#inserted
  }

  /** The rows that are deleted, or that others take the place of. */
  removed(): readonly RowsToDelete[] {
    return [...this.#positions].map(([task, positions]) => ({
      task,
      positions: PositionSet.of(positions),
      count: positions.length,
    }))
  }

  /** Data files never change, so that what is made of the same places is the same. */
  makesTheSameAs(other: MergedRows): boolean {
    const sameList = <T>(a: readonly T[], b: readonly T[]) =>
      a.length === b.length && a.every((one, i) => one === b[i])
    return (
      sameList(this.#updates, other.#updates) && sameList(this.#inserted.sources, other.#inserted.sources)
    )
  }

  counts(): RowCounts {
    return rowCounts({
      inserted: this.#inserted.rows.length,
      updated: this.#updates.length,
      deleted: this.#deleted,
      unchanged: this.#source.rows.length - this.#used.size,
    })
  }
}

/** Throws INVALID_ARGUMENT for what is neither true nor false: a forgotten return, or a promise, must not decide. */
function said(condition: unknown, place: number): boolean {
  if (typeof condition === 'boolean') return condition
  const found = condition instanceof Promise ? 'a promise' : describeValue(condition)
  throw invalidArgument(`row ${place}: expected 'if' of a clause to say true or false, found ${found}`, {
    row: place,
  })
}
