import type { DataFile } from '../format/manifest.ts'
import type { PartitionSpec } from '../format/partition-spec.ts'
import type { NestedField, PrimitiveType, Value } from '../format/types.ts'
import { promoteLiteral } from '../format/values/promote-literal.ts'
import { type ConstantColumn, constantColumn } from './constant-column.ts'
import { FILE_COLUMN, PARTITION_COLUMN_ID, SPEC_ID_COLUMN } from './metadata-columns.ts'

/** Those of the projected metadata columns that have one value for a whole data file, by field id. */
export function metadataConstants(
  projected: readonly NestedField[],
  dataFile: DataFile,
  spec: PartitionSpec,
): ReadonlyMap<number, ConstantColumn> {
  const constants = new Map<number, ConstantColumn>()
  for (const field of projected) {
    const value = metadataValue(field, dataFile, spec)
    if (value !== undefined) constants.set(field.id, constantColumn(field.type, value))
  }
  return constants
}

function metadataValue(field: NestedField, dataFile: DataFile, spec: PartitionSpec): Value | undefined {
  switch (field.id) {
    case FILE_COLUMN.id:
      return dataFile.filePath
    case SPEC_ID_COLUMN.id:
      return dataFile.specId
    case PARTITION_COLUMN_ID:
      return field.type.kind === 'struct' ? partitionValue(field.type.fields, dataFile, spec) : undefined
    default:
      return undefined
  }
}

/** The file's tuple in the table-wide partition struct: fields that its spec lacks are null. */
function partitionValue(fields: readonly NestedField[], dataFile: DataFile, spec: PartitionSpec): Value {
  if (fields.length === 0) return null
  const struct: Record<string, Value> = Object.create(null)
  for (const field of fields) {
    const index = spec.fields.findIndex((candidate) => candidate.fieldId === field.id)
    const value = dataFile.partition[index] ?? null
    struct[field.name] = promoteLiteral(field.type as PrimitiveType, value)
  }
  return struct
}
