import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import type { AvroType } from '../../format/avro/avro-type.ts'
import { type RecordReader, recordReader } from '../../format/avro/value-reader.ts'
import { type BoundExpression, boundFieldIds } from '../../format/expressions/bound.ts'
import { mappedFieldId, type NameMapping, nameMappingFromSchema } from '../../format/name-mapping.ts'
import type { NestedField } from '../../format/types.ts'
import type { NodePositions } from '../assemble.ts'
import type { TaskDeletes } from '../deletes/load-deletes.ts'
import type { RowPlan } from '../file-plan.ts'
import type { FilePlanOptions } from '../file-plan-options.ts'
import { compileFilter } from '../filter.ts'
import { metadataConstants } from '../metadata-values.ts'
import { identityPartitionValues, valueOfMissing } from '../missing-field.ts'
import { pruneFields } from '../projection.ts'
import { metadataColumn, type ResolvedColumn } from '../resolve-columns.ts'
import type { ScanTask } from '../scan-task.ts'

/** Which columns an Avro file is read for, and which of its rows are wanted. */
export interface AvroPlan extends RowPlan {
  /** What is decoded of every row, in this order; columns of kind `decoded` refer to it. */
  readonly decoded: readonly NestedField[]
  readonly readRecord: RecordReader
}

/** `filter` is bound to the table's schema. Throws INVALID_DATA for a file that cannot hold the table's columns. */
export function planAvroFile(
  { dataFile, sequenceNumber }: ScanTask,
  writer: AvroType,
  filter: BoundExpression,
  deletes: TaskDeletes | undefined,
  { tableSchema, projected, spec, nameMapping, formatVersion }: FilePlanOptions,
): AvroPlan {
  const decoded: NestedField[] = []
  const decode = (field: NestedField) => ({ kind: 'decoded', index: decoded.push(field) - 1 }) as const
  const inFile = new Set(writer.kind === 'record' ? writer.fields.map(({ id }) => id) : [])
  const source = {
    constants: metadataConstants(projected, dataFile, spec),
    firstRowId: formatVersion >= 3 ? dataFile.firstRowId : undefined,
    sequenceNumber,
    stored: (field: NestedField) => (inFile.has(field.id) ? decode(field) : undefined),
  }
  const resolve = (field: NestedField): ResolvedColumn => metadataColumn(field, source) ?? decode(field)
  const filterFields = pruneFields(tableSchema.fields, boundFieldIds(filter))
  const plan = {
    arrowSchema: arrowSchemaOf(projected),
    columns: projected.map(resolve),
    filterColumns: filterFields.map(resolve),
    filter: filter.op === 'true' ? undefined : compileFilter(filter, filterFields),
    deletes: deletes && {
      positions: deletes.positions,
      keys: deletes.equality.map(({ fields, sets }) => ({ columns: fields.map(resolve), sets })),
    },
    positions: NO_POSITIONS,
    decoded,
  }
  const missing = { partitionValues: identityPartitionValues(spec, dataFile.partition) }
  const readRecord = recordReader(decoded, writer, {
    fieldId: fieldIds(writer, nameMapping ?? nameMappingFromSchema(tableSchema)),
    missing: (field, name) => valueOfMissing(field, name, missing),
  })
  return { ...plan, readRecord }
}

const NO_POSITIONS: NodePositions = new Map()

/** The file's own, or those of the names when no field of the file has one. */
function fieldIds(writer: AvroType, names: NameMapping) {
  if (hasFieldIds(writer)) return (_path: readonly string[], own: number | undefined) => own
  return (path: readonly string[]) => mappedFieldId(names, path)
}

function hasFieldIds(type: AvroType): boolean {
  switch (type.kind) {
    case 'record':
      return type.fields.some((field) => field.id !== undefined || hasFieldIds(field.type))
    case 'array':
      return hasFieldIds(type.items)
    case 'map':
      return hasFieldIds(type.values)
    case 'union':
      return type.branches.some(hasFieldIds)
    default:
      return false
  }
}
