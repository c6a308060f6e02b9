import type { RecordBatch } from 'apache-arrow'
import { findFieldById, type Schema } from '../../format/schema.ts'
import type { SortField, SortOrder } from '../../format/sort-order.ts'
import { bindTransform, canTransform, transformResultType } from '../../format/transforms/apply.ts'
import { transformToString } from '../../format/transforms/parse.ts'
import { isPrimitive, type PrimitiveType, typeToString } from '../../format/types.ts'
import { placesOf, sourceColumn } from '../source-column.ts'
import { type KeyPart, keyPart } from './key-part.ts'
import { transformedColumn } from './transformed-column.ts'

/**
 * The rows of a batch as byte strings whose unsigned order is the sort order's. None is the beginning of another one,
 * also of another batch.
 */
export interface SortKeys {
  readonly bytes: Uint8Array
  /** Where each key begins; one more at the end. */
  readonly offsets: Int32Array
}

/** The keys of a batch of `arrowSchemaOf(schema.fields)`. */
export type SortKeyEncoder = (batch: RecordBatch) => SortKeys

/**
 * How rows of the schema are put in the order, by the comparisons of `literalComparator` (spec: "Sorting"); or why
 * they cannot be: a field that this version does not understand, or that has no column to sort by.
 */
export function sortKeyEncoder(
  order: SortOrder,
  schema: Pick<Schema, 'fields'>,
): { readonly encode: SortKeyEncoder } | { readonly obstacle: string } {
  const parts: ((batch: RecordBatch) => KeyPart)[] = []
  for (const field of order.fields) {
    const source = sourceOf(field, schema)
    if ('obstacle' in source) return source
    // Values that are always null are in any order.
    if (source.type.kind === 'unknown' || field.transform.kind === 'void') continue
    parts.push(partOf(field, source))
  }
  return {
    encode: (batch) =>
      joined(
        parts.map((part) => part(batch)),
        batch.numRows,
      ),
  }
}

interface Source {
  readonly type: PrimitiveType
  readonly nullable: boolean
  readonly places: readonly number[]
}

function sourceOf(
  { transform, sourceIds }: SortField,
  schema: Pick<Schema, 'fields'>,
): Source | { readonly obstacle: string } {
  const text = transformToString(transform)
  const [sourceId] = sourceIds
  if (transform.kind === 'unknown' || sourceId === undefined || sourceIds.length > 1) {
    return { obstacle: `transform ${text} of ${sourceIds.length} columns is not known to this version` }
  }
  const found = findFieldById(schema, sourceId)
  if (found === undefined || found.repeated) {
    return { obstacle: `there is no column with id ${sourceId} outside lists and maps` }
  }
  const { type } = found.field
  if (!isPrimitive(type) || !canTransform(transform, type)) {
    return {
      obstacle: `${text} does not take column '${found.path.join('.')}' of type ${typeToString(type)}`,
    }
  }
  return { type, nullable: found.nullable, places: placesOf(schema, found.idPath) }
}

function partOf(
  { transform, direction, nullOrder }: SortField,
  { type, nullable, places }: Source,
): (batch: RecordBatch) => KeyPart {
  const options = { nullable, nullsFirst: nullOrder === 'nulls-first', descending: direction === 'desc' }
  if (transform.kind === 'identity') {
    return (batch) => keyPart(type, sourceColumn(batch, places), batch.numRows, options)
  }
  const bound = bindTransform(transform, type)
  const resultType = transformResultType(transform, type)
  return (batch) => {
    const source = sourceColumn(batch, places)
    const column = transformedColumn(bound, type, resultType, source, batch.numRows)
    return keyPart(resultType, { ...source, column }, batch.numRows, options)
  }
}

function joined(parts: readonly KeyPart[], rows: number): SortKeys {
  const at = new Int32Array(rows)
  for (const part of parts) part.addLengths(at)
  const offsets = new Int32Array(rows + 1)
  for (let row = 0; row < rows; row++) {
    offsets[row + 1] = offsets[row]! + at[row]!
    at[row] = offsets[row]!
  }
  const bytes = new Uint8Array(offsets[rows]!)
  for (const part of parts) part.write(bytes, at)
  return { bytes, offsets }
}
