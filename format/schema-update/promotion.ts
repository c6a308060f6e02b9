/** Which types a column may get later (spec: "Schema Evolution", valid type promotions). */
import { invalidArgument } from '../errors.ts'
import type { FormatVersion } from '../table-metadata.ts'
import type { Transform } from '../transforms/transform.ts'
import { isPrimitive, type NestedField, type Type, typesEqual, typeToString, type Value } from '../types.ts'
import { promoteLiteral } from '../values/promote-literal.ts'

/** Whether files written under `from` can be read as `to`. A type may always become itself. */
export function canPromote(from: Type, to: Type, formatVersion: FormatVersion): boolean {
  if (typesEqual(from, to)) return true
  switch (from.kind) {
    case 'int':
      return to.kind === 'long'
    case 'float':
      return to.kind === 'double'
    case 'decimal':
      return to.kind === 'decimal' && to.scale === from.scale && to.precision > from.precision
    case 'date':
      return formatVersion >= 3 && (to.kind === 'timestamp' || to.kind === 'timestamp_ns')
    case 'unknown':
      return formatVersion >= 3
    default:
      return false
  }
}

/** What a column of this type may become, for messages. */
export function promotionsOf(from: Type, formatVersion: FormatVersion): string {
  switch (from.kind) {
    case 'int':
      return 'an int may become a long'
    case 'float':
      return 'a float may become a double'
    case 'decimal':
      return `${typeToString(from)} may become a decimal of more digits and the same scale`
    case 'date':
      return formatVersion >= 3
        ? 'a date may become timestamp or timestamp_ns, not one with a zone'
        : `a date may become a timestamp from format version 3 on, the table has ${formatVersion}`
    case 'unknown':
      return 'unknown may become any type'
    default:
      return `${typeToString(from)} may become no other type`
  }
}

/** Whether values of the promoted type fall into other partitions than those of the old one. */
export function promotionChangesPartition(from: Type, to: Type, transform: Transform): boolean {
  if (from.kind !== 'date' || to.kind === 'date') return false
  return transform.kind === 'identity' || transform.kind === 'bucket' || transform.kind === 'truncate'
}

/** The field with its new type, and its defaults in the form of that type. */
export function promoteField(field: NestedField, type: Type): NestedField {
  const { initialDefault, writeDefault } = field
  return {
    ...field,
    type,
    ...(initialDefault === undefined ? {} : { initialDefault: promoteDefault(field, type, initialDefault) }),
    ...(writeDefault === undefined ? {} : { writeDefault: promoteDefault(field, type, writeDefault) }),
  }
}

function promoteDefault(field: NestedField, type: Type, value: Value): Value {
  if (!isPrimitive(type) || typeof value !== 'number') return value
  const promoted = promoteLiteral(type, value)
  if (typeof promoted === 'bigint' && BigInt.asIntN(64, promoted) !== promoted) {
    throw invalidArgument(
      `the default of column '${field.name}' lies outside the range of ${typeToString(type)}`,
      { rule: 'Schema Evolution: promotion of date' },
    )
  }
  return promoted
}
