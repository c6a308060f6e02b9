import { invalidArgument } from '../errors.ts'
import { findFieldByPath, type Schema } from '../schema.ts'
import type { FormatVersion } from '../table-metadata.ts'
import { childFields, isNested, isPrimitive, type NestedField, typesEqual, typeToString } from '../types.ts'
import { canPromote } from './promotion.ts'
import type { SchemaStep } from './schema-step.ts'

/**
 * The steps that make a schema hold rows of other fields too, columns matched by name, as Iceberg Java's
 * `unionByNameWith`: a column that is missing is added and is optional, one that is required here and optional there
 * becomes optional, a narrower type is widened. A narrower type there, and columns that only the schema has, change
 * nothing. Throws INVALID_ARGUMENT where the types of a column have nothing in common.
 */
export function unionSteps(
  schema: Pick<Schema, 'fields'>,
  fields: readonly NestedField[],
  formatVersion: FormatVersion,
): readonly SchemaStep[] {
  return stepsIn([], fields)

  function stepsIn(parent: readonly string[], wanted: readonly NestedField[]): SchemaStep[] {
    return wanted.flatMap((field) => {
      const column = [...parent, field.name]
      const existing = findFieldByPath(schema, column)?.field
      if (existing === undefined) return [addition(column, field)]
      return [...inside(column, existing, field), ...differences(column, existing, field)]
    })
  }

  function inside(column: readonly string[], existing: NestedField, wanted: NestedField): SchemaStep[] {
    const [from, to] = [existing.type, wanted.type]
    if (isNested(from) && from.kind === to.kind) return stepsIn(column, childFields(to))
    if (typesEqual(from, to) || canPromote(to, from, formatVersion)) return []
    if (!isNested(from) && !isNested(to)) return [{ kind: 'widen-column', column, type: to }]
    throw invalidArgument(
      `unionByName: column '${column.join('.')}' is ${typeToString(from)} here and ${typeToString(to)} there`,
      { column: column.join('.'), rule: 'Schema Evolution: valid type promotions' },
    )
  }
}

function addition(column: readonly string[], { required: _, ...field }: NestedField): SchemaStep {
  return { kind: 'add-column', column, added: { ...field, required: false }, allowIncompatible: false }
}

function differences(column: readonly string[], existing: NestedField, wanted: NestedField): SchemaStep[] {
  const steps: SchemaStep[] = []
  if (existing.required && !wanted.required) steps.push({ kind: 'make-column-optional', column })
  if (wanted.doc !== undefined && wanted.doc !== existing.doc) {
    steps.push({ kind: 'set-column-doc', column, doc: wanted.doc })
  }
  if (isPrimitive(existing.type) && (wanted.writeDefault ?? null) !== null) {
    steps.push({ kind: 'set-column-default', column, value: wanted.writeDefault })
  }
  return steps
}
