import type { Data, RecordBatch } from 'apache-arrow'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { batchOf } from '../../format/arrow/batch-of.ts'
import { concatBatches } from '../../format/arrow/concat.ts'
import { takeRows } from '../../format/arrow/take.ts'
import type { NestedField } from '../../format/types.ts'
import type { LiveRows } from '../../readers/live-rows.ts'

/** What rows of the table have in some columns; of several with one key the first found, and the further ones apart. */
export class RowsBefore {
  readonly #fields: readonly NestedField[]
  /** By number of the input's row, where the row stands among those that were kept; −1 for none. */
  readonly #places: Int32Array
  readonly #batches: RecordBatch[] = []
  #length = 0
  readonly #furtherBatches: RecordBatch[] = []
  /** By number of the input's row, where further ones stand among theirs. */
  readonly #further = new Map<number, number[]>()
  #furtherLength = 0
  /** Of all batches, when all are there, and behind them the defaults. */
  #all: RecordBatch | undefined
  /** Where each kept row is from: data files never change, so that equal ones have equal rows. */
  readonly #paths: string[] = []
  readonly #positions: number[] = []

  constructor(fields: readonly NestedField[], count: number) {
    this.#fields = fields
    this.#places = new Int32Array(count).fill(-1)
  }

  /** Keeps rows of a batch: of `columns`, which are as `fields`, those at `rows` that have the keys of `numbers`. */
  keep({ task, length, positions }: LiveRows, columns: readonly Data[], found: readonly FoundRow[]): void {
    const kept: number[] = []
    const further: number[] = []
    for (const { row, number } of found) {
      this.#paths.push(task.dataFile.filePath)
      this.#positions.push(Number(positions[row]))
      if (this.#places[number] === -1) {
        this.#places[number] = this.#length++
        kept.push(row)
      } else {
        this.#further.set(number, [...this.furtherOf(number), this.#furtherLength++])
        further.push(row)
      }
    }
    const schema = arrowSchemaOf(this.#fields)
    const batch = batchOf(schema, columns, length)
    const take = (rows: readonly number[]) => takeRows(batch, Int32Array.from(rows))
    if (kept.length > 0) this.#batches.push(take(kept))
    if (further.length > 0) this.#furtherBatches.push(take(further))
  }

  /** As `fields`, one row for each number: what was there, else that of `defaults`, which has one row. */
  take(numbers: Float64Array, defaults: RecordBatch): RecordBatch {
    this.#all ??= concatBatches(defaults.schema, [...this.#batches.splice(0), defaults])
    return takeRows(
      this.#all,
      Int32Array.from(numbers, (number) => {
        const place = this.#places[number]!
        return place === -1 ? this.#length : place
      }),
    )
  }

  /** The further rows. */
  further(): RecordBatch {
    const all = concatBatches(arrowSchemaOf(this.#fields), this.#furtherBatches.splice(0))
    if (all.numRows > 0) this.#furtherBatches.push(all)
    return all
  }

  /** Where those that have the key of a number stand among them. */
  furtherOf(number: number): readonly number[] {
    return this.#further.get(number) ?? []
  }

  isNew(number: number): boolean {
    return this.#places[number] === -1
  }

  equals(other: RowsBefore): boolean {
    return (
      this.#length === other.#length &&
      this.#places.every((place, i) => place === other.#places[i]) &&
      this.#paths.every((path, i) => path === other.#paths[i]) &&
      this.#positions.every((position, i) => position === other.#positions[i])
    )
  }
}

export interface FoundRow {
  /** In the batch. */
  readonly row: number
  /** Of the input's row that has its key. */
  readonly number: number
}
