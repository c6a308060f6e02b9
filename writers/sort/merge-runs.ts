import { type Schema as ArrowSchema, type Data, RecordBatch, Struct } from 'apache-arrow'
import { concatData } from '../../format/arrow/concat.ts'
import { takeData } from '../../format/arrow/take.ts'
import { batchBytes, batchPieces } from '../batch-bytes.ts'
import { PART_BYTES, type Run, type RunRows } from './run-rows.ts'
import type { SortKeyEncoder, SortKeys } from './sort-keys.ts'
import { compareKeys } from './sorted-indices.ts'

/** The rows of all runs as one; of rows of equal keys, those of an earlier run come first. */
export async function* mergeRuns(
  runs: readonly Run[],
  schema: ArrowSchema,
  keysOf: SortKeyEncoder,
): AsyncGenerator<RunRows> {
  const cursors = runs.map((run, place) => new Cursor(run, place, keysOf))
  const heap: Cursor[] = []
  for (const cursor of cursors) if (await cursor.load()) heap.push(cursor)
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) siftDown(heap, i)
  const merged = new MergedRows(schema)
  for (let first = heap[0]; first !== undefined; first = heap[0]) {
    const isWhole = first.row === 0 && isWhollyFirst(heap)
    if (merged.rowCount > 0 && (isWhole || merged.mustEndBefore(first))) yield merged.take()
    if (isWhole) yield* partsOf(first)
    else merged.add(first)
    if ((isWhole || !first.step()) && !(await first.load())) {
      const last = heap.pop()!
      if (last === first) break
      heap[0] = last
    }
    siftDown(heap, 0)
  }
  if (merged.rowCount > 0) yield merged.take()
}

/** Rows that come as they are, as those of input that was in order do, need not be taken one by one. */
function* partsOf({ partitionId, rows }: Cursor): Generator<RunRows> {
  for (const piece of batchPieces(rows, PART_BYTES)) yield { partitionId, rows: piece }
}

/** Where the merge stands in one run: at a row of a part. */
class Cursor {
  readonly place: number
  partitionId = 0
  rows!: RecordBatch
  keys!: SortKeys
  row = 0
  bytesPerRow = 0
  /** Which slice of which output the row's part goes to; see `MergedRows`. */
  output = -1
  slice = 0
  readonly #keysOf: SortKeyEncoder
  readonly #parts: Iterator<RunRows> | AsyncIterator<RunRows>

  constructor(run: Run, place: number, keysOf: SortKeyEncoder) {
    this.place = place
    this.#keysOf = keysOf
    this.#parts = Symbol.asyncIterator in run ? run[Symbol.asyncIterator]() : run[Symbol.iterator]()
  }

  /** To the next row of the part; false at its end. */
  step(): boolean {
    return ++this.row < this.rows.numRows
  }

  /** To the first row of the next part; false at the end of the run. */
  async load(): Promise<boolean> {
    const part = await this.#parts.next()
    if (part.done === true) return false
    this.partitionId = part.value.partitionId
    this.rows = part.value.rows
    this.keys = this.#keysOf(this.rows)
    this.row = 0
    this.bytesPerRow = batchBytes(this.rows) / this.rows.numRows
    this.output = -1
    return true
  }
}

const MAX_ROWS = 65_536

/** Gathers rows from cursors. Those taken from one part are neighbours, so that a slice of it names them all. */
class MergedRows {
  rowCount = 0
  readonly #schema: ArrowSchema
  readonly #type: Struct
  #output = 0
  #partitionId = 0
  #bytes = 0
  #slices: { readonly rows: RecordBatch; readonly start: number; count: number }[] = []
  /** The slice that each row comes from. */
  readonly #order = new Int32Array(MAX_ROWS)

  constructor(schema: ArrowSchema) {
    this.#schema = schema
    this.#type = new Struct(schema.fields)
  }

  /** Whether the cursor's row belongs to the next output; there is a row in this one. */
  mustEndBefore(cursor: Cursor): boolean {
    const isFull = this.#bytes >= PART_BYTES || this.rowCount === MAX_ROWS
    return isFull || cursor.partitionId !== this.#partitionId
  }

  add(cursor: Cursor): void {
    if (cursor.output !== this.#output) {
      cursor.output = this.#output
      cursor.slice = this.#slices.push({ rows: cursor.rows, start: cursor.row, count: 0 }) - 1
    }
    this.#partitionId = cursor.partitionId
    this.#slices[cursor.slice]!.count++
    this.#order[this.rowCount++] = cursor.slice
    this.#bytes += cursor.bytesPerRow
  }

  take(): RunRows {
    // Columns, not batches, are sliced: a batch of few rows costs more than they do.
    const slices = this.#slices.map(({ rows, start, count }) => rows.data.slice(start, count))
    const joined = concatData(this.#type, slices)
    const taken = slices.length === 1 ? joined : takeData(joined, this.#indices())
    this.#output++
    this.#slices = []
    this.rowCount = 0
    this.#bytes = 0
    return { partitionId: this.#partitionId, rows: new RecordBatch(this.#schema, taken as Data<Struct>) }
  }

  /** Where each row stands in the slices, one after another. */
  #indices(): Int32Array {
    let end = 0
    const next = Int32Array.from(this.#slices, ({ count }) => {
      end += count
      return end - count
    })
    const indices = this.#order.slice(0, this.rowCount)
    for (let i = 0; i < indices.length; i++) indices[i] = next[indices[i]!]!++
    return indices
  }
}

/** Restores the heap, the least row first, after the row at `i` was replaced by a later one. */
function siftDown(heap: Cursor[], i: number): void {
  const cursor = heap[i]!
  for (;;) {
    let child = 2 * i + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
    if (isBefore(cursor, heap[child]!)) break
    heap[i] = heap[child]!
    i = child
  }
  heap[i] = cursor
}

/** Whether all rows of the first cursor's part come before those of the others, of which the next stand below it. */
function isWhollyFirst(heap: readonly Cursor[]): boolean {
  const first = heap[0]!
  return heap.slice(1, 3).every((other) => isBefore(first, other, first.rows.numRows - 1))
}

function isBefore(a: Cursor, b: Cursor, rowOfA = a.row): boolean {
  if (a.partitionId !== b.partitionId) return a.partitionId < b.partitionId
  return (compareKeys(a.keys, rowOfA, b.keys, b.row) || a.place - b.place) < 0
}
