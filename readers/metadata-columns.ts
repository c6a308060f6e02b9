/**
 * The columns that say where a row stands rather than what it holds (spec: "Reserved Field IDs"). They are selected
 * by name beside the schema's own columns and computed by `readTask`.
 */
import type { PartitionField } from '../format/partition-spec.ts'
import { findFieldById, type Schema } from '../format/schema.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { transformResultType } from '../format/transforms/apply.ts'
import { transformToString } from '../format/transforms/parse.ts'
import {
  intType,
  isPrimitive,
  longType,
  type NestedField,
  type PrimitiveType,
  type StructType,
  stringType,
  structType,
} from '../format/types.ts'

/** Location of the data file, as the manifest has it. */
export const FILE_COLUMN: NestedField = { id: 2147483646, name: '_file', required: true, type: stringType }
/** Ordinal of the row in its data file, from 0. */
export const POS_COLUMN: NestedField = { id: 2147483645, name: '_pos', required: true, type: longType }
export const SPEC_ID_COLUMN: NestedField = { id: 2147483643, name: '_spec_id', required: true, type: intType }
export const PARTITION_COLUMN_ID = 2147483642
/** v3 row lineage; null in files that have no first row id. */
export const ROW_ID_COLUMN: NestedField = { id: 2147483540, name: '_row_id', required: false, type: longType }
export const LAST_UPDATED_COLUMN: NestedField = {
  id: 2147483539,
  name: '_last_updated_sequence_number',
  required: false,
  type: longType,
}

/** `_partition`: a struct of all partition fields of all specs of the table; null when there is none. */
export function partitionColumn(partitionType: StructType): NestedField {
  return { id: PARTITION_COLUMN_ID, name: '_partition', required: false, type: partitionType }
}

/** Every metadata column in the order in which a projection lists them. */
export function metadataColumns(partitionType: StructType): readonly NestedField[] {
  return [
    FILE_COLUMN,
    POS_COLUMN,
    SPEC_ID_COLUMN,
    partitionColumn(partitionType),
    ROW_ID_COLUMN,
    LAST_UPDATED_COLUMN,
  ]
}

/**
 * The partition fields of all specs of a table, by partition field id, named as the newest spec has them: the type of
 * `_partition`. A void field gives way to what it was before. A field is left out when its type cannot be known (its
 * source column is gone, its transform is not known), or when its id meant something else in another spec, as it can
 * in v1 tables.
 */
export function partitionFieldsOf(
  metadata: Pick<TableMetadata, 'partitionSpecs' | 'schemas' | 'currentSchemaId'>,
): StructType {
  const schemas = newestFirst(metadata)
  const fields = new Map<number, { readonly name: string; readonly field: PartitionField }>()
  const ambiguous = new Set<number>()
  for (const spec of [...metadata.partitionSpecs].sort((a, b) => b.specId - a.specId)) {
    for (const field of spec.fields) {
      const known = fields.get(field.fieldId)
      if (known === undefined) fields.set(field.fieldId, { name: field.name, field })
      else if (known.field.transform.kind === 'void') fields.set(field.fieldId, { name: known.name, field })
      else if (field.transform.kind !== 'void' && !samePartitioning(known.field, field))
        ambiguous.add(field.fieldId)
    }
  }
  const ids = [...fields.keys()].filter((id) => !ambiguous.has(id)).sort((a, b) => a - b)
  return structType(
    ids.flatMap((id) => {
      const { name, field } = fields.get(id)!
      const type = partitionFieldType(field, schemas)
      return type === undefined ? [] : [{ id, name, required: false, type }]
    }),
  )
}

/** The schemas of a table, the current one first, then from the newest to the oldest. */
export function newestFirst(metadata: Pick<TableMetadata, 'schemas' | 'currentSchemaId'>): readonly Schema[] {
  const rank = (schema: Schema) => (schema.schemaId === metadata.currentSchemaId ? Infinity : schema.schemaId)
  return [...metadata.schemas].sort((a, b) => (rank(a) < rank(b) ? 1 : -1))
}

function samePartitioning(a: PartitionField, b: PartitionField): boolean {
  return (
    transformToString(a.transform) === transformToString(b.transform) &&
    a.sourceIds.length === b.sourceIds.length &&
    a.sourceIds.every((id, i) => id === b.sourceIds[i])
  )
}

function partitionFieldType(field: PartitionField, schemas: readonly Schema[]): PrimitiveType | undefined {
  if (field.transform.kind === 'unknown') return undefined
  for (const schema of schemas) {
    const source = findFieldById(schema, field.sourceIds[0]!)?.field.type
    if (source !== undefined)
      return isPrimitive(source) ? transformResultType(field.transform, source) : undefined
  }
  return undefined
}
