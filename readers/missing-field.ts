import { invalidData } from '../format/errors.ts'
import type { PartitionTuple } from '../format/manifest.ts'
import type { PartitionSpec } from '../format/partition-spec.ts'
import type { Literal, NestedField, PrimitiveType, Value } from '../format/types.ts'
import { promoteLiteral } from '../format/values/promote-literal.ts'

/** What is known about a data file besides its columns. */
export interface MissingFieldValues {
  /** Values of identity partition fields by source field id, out of the manifest. */
  readonly partitionValues: ReadonlyMap<number, Literal | null>
}

/** The values that a file's partition tuple gives to columns: those of identity fields, null included. */
export function identityPartitionValues(
  spec: PartitionSpec,
  tuple: PartitionTuple,
): ReadonlyMap<number, Literal | null> {
  const values = new Map<number, Literal | null>()
  spec.fields.forEach((field, i) => {
    const value = tuple[i]
    if (field.transform.kind === 'identity' && value !== undefined) values.set(field.sourceIds[0]!, value)
  })
  return values
}

/**
 * The value that every row of a file has in a field that the file lacks (spec: "Column Projection", "Default
 * values"): the identity partition value, else the initial default, else null. Throws INVALID_DATA for a required
 * field with none of them. `name` is for the message.
 */
export function valueOfMissing(field: NestedField, name: string, known: MissingFieldValues): Value {
  const partitionValue = known.partitionValues.get(field.id)
  if (partitionValue !== undefined) return promoteLiteral(field.type as PrimitiveType, partitionValue)
  if (field.initialDefault !== undefined && field.initialDefault !== null) {
    return field.type.kind === 'struct' ? defaultStruct(field.type.fields, name, known) : field.initialDefault
  }
  if (!field.required || field.type.kind === 'unknown') return null
  throw invalidData(
    `column '${name}' is required, but the file does not have it and the schema gives it no initial default`,
    { column: name, rule: 'Column Projection' },
  )
}

/** A struct's default is `{}`: the defaults of its fields are kept with the fields. */
function defaultStruct(fields: readonly NestedField[], name: string, known: MissingFieldValues): Value {
  const struct: Record<string, Value> = Object.create(null)
  for (const field of fields) struct[field.name] = valueOfMissing(field, `${name}.${field.name}`, known)
  return struct
}
