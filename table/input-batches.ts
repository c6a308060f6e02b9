/** What people hand over to be written, as Arrow batches. */
import type { Table as ArrowTable, RecordBatch } from 'apache-arrow'
import { invalidArgument } from '../format/errors.ts'
import type { NestedField } from '../format/types.ts'
import { type ArrowSource, conformBatches, isArrowRows } from '../writers/arrow-batches.ts'
import { rowsToBatches } from '../writers/row-batches.ts'

/** Rows or Arrow data, whole or as a stream. */
export type RowsInput = Iterable<unknown> | AsyncIterable<unknown> | ArrowTable | RecordBatch

/**
 * Batches of exactly `arrowSchemaOf(fields)`, pulled one at a time. Throws INVALID_ARGUMENT, which names `operation`, for
 * what is neither, and for rows that do not fit.
 */
export function inputBatches(
  operation: string,
  fields: readonly NestedField[],
  input: RowsInput,
): AsyncIterable<RecordBatch> {
  if (typeof input !== 'object' || input === null) throw notIterable(operation)
  if (isArrowRows(input)) return conformBatches(fields, input)
  if (Array.isArray(input)) return batchesOfItems(fields, input[0], input)
  if (isIterable(input)) return peekSync(fields, input[Symbol.iterator]())
  if (isAsyncIterable(input)) return peekAsync(fields, input[Symbol.asyncIterator]())
  throw notIterable(operation)
}

/** Throws INVALID_ARGUMENT for what is neither rows nor Arrow data. */
export function requireRows(operation: string, input: RowsInput): void {
  const isObject = typeof input === 'object' && input !== null
  if (isObject && (isArrowRows(input) || isIterable(input) || isAsyncIterable(input))) return
  throw notIterable(operation)
}

function notIterable(operation: string) {
  return invalidArgument(`${operation}: expected rows, Arrow data, or an iterable of either`)
}

/** The first item tells rows from batches. */
function batchesOfItems(
  fields: readonly NestedField[],
  first: unknown,
  items: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncGenerator<RecordBatch> {
  return isArrowRows(first) ? conformBatches(fields, items as ArrowSource) : rowsToBatches(fields, items)
}

async function* peekSync(
  fields: readonly NestedField[],
  iterator: Iterator<unknown>,
): AsyncGenerator<RecordBatch> {
  const first = iterator.next()
  yield* batchesOfItems(fields, first.value, resumed(iterator, first))
}

async function* peekAsync(
  fields: readonly NestedField[],
  iterator: AsyncIterator<unknown>,
): AsyncGenerator<RecordBatch> {
  const first = await iterator.next()
  yield* batchesOfItems(fields, first.value, resumedAsync(iterator, first))
}

/** Goes on from an item that was taken already; leaving it ends the input. */
function* resumed(iterator: Iterator<unknown>, first: IteratorResult<unknown>): Generator<unknown> {
  try {
    for (let item = first; !item.done; item = iterator.next()) yield item.value
  } finally {
    iterator.return?.()
  }
}

async function* resumedAsync(
  iterator: AsyncIterator<unknown>,
  first: IteratorResult<unknown>,
): AsyncGenerator<unknown> {
  try {
    for (let item = first; !item.done; item = await iterator.next()) yield item.value
  } finally {
    await iterator.return?.()
  }
}

function isIterable(input: object): input is Iterable<unknown> {
  return Symbol.iterator in input
}

function isAsyncIterable(input: object): input is AsyncIterable<unknown> {
  return Symbol.asyncIterator in input
}
