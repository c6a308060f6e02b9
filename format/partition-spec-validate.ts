/** Rules that partition specs and sort orders must keep when they are written. */
import { invalidArgument } from './errors.ts'
import { parquetName } from './parquet/to-parquet-schema.ts'
import { LAST_UNASSIGNED_PARTITION_ID, type PartitionField, type PartitionSpec } from './partition-spec.ts'
import { findFieldById, findFieldByName, type Schema } from './schema.ts'
import type { SortOrder } from './sort-order.ts'
import { canTransform } from './transforms/apply.ts'
import { transformToString } from './transforms/parse.ts'
import type { Transform } from './transforms/transform.ts'
import { isPrimitive, typeToString } from './types.ts'

/**
 * Throws INVALID_ARGUMENT unless a new table may be partitioned so: names that are unique, not empty and not a
 * column's (but an identity or void field may be named as its source), no transform twice over one source, and all
 * that `checkSpecFitsSchema` asks.
 */
export function validatePartitionSpec(spec: PartitionSpec, schema: Schema): void {
  checkPartitionNames(spec, schema)
  for (const field of spec.fields) {
    const { kind } = field.transform
    const namesake = findFieldByName(schema, field.name)
    if (namesake !== undefined && kind !== 'identity' && kind !== 'void') {
      throw wrongField(field, `has the name of a column; only identity may share its source's name`)
    }
  }
  checkRedundantPartitions(spec)
  checkSpecFitsSchema(spec, schema)
}

/**
 * Throws INVALID_ARGUMENT unless every field's source is a primitive column outside of lists and maps that the
 * transform takes. Void fields may have lost their source; unknown transforms are not checked.
 */
export function checkSpecFitsSchema(spec: PartitionSpec, schema: Schema): void {
  for (const field of spec.fields) {
    if (field.transform.kind === 'void' || field.transform.kind === 'unknown') continue
    for (const id of field.sourceIds) {
      const problem = sourceProblem(id, field.transform, schema)
      if (problem !== undefined) throw wrongField(field, problem)
      if (findFieldById(schema, id)?.repeated === true)
        throw wrongField(field, 'has a source in a list or map')
    }
  }
}

/**
 * Names are unique and not empty, also as Iceberg Java puts them into Avro (else it reads no manifest), and a column
 * may share a field's name only if it is the field's source.
 */
export function checkPartitionNames(spec: PartitionSpec, schema: Schema): void {
  const names = new Set<string>()
  const stored = new Set<string>()
  for (const field of spec.fields) {
    if (field.name === '') throw wrongField(field, 'has an empty name')
    if (names.has(field.name)) throw wrongField(field, 'stands twice in one spec')
    names.add(field.name)
    const name = parquetName(field.name)
    if (stored.has(name)) throw wrongField(field, `is stored as '${name}', and so is another of the spec`)
    stored.add(name)
    const namesake = findFieldByName(schema, field.name)
    const sourceExists = field.sourceIds.some((id) => findFieldById(schema, id) !== undefined)
    if (namesake !== undefined && sourceExists && !field.sourceIds.includes(namesake.field.id)) {
      throw wrongField(field, 'has the name of a column that is not its source')
    }
  }
}

/** No two fields say the same: identity twice, or two time units, over one source. */
export function checkRedundantPartitions(spec: PartitionSpec): void {
  const seen = new Map<string, PartitionField>()
  for (const field of spec.fields) {
    const unit = granularityOf(field.transform)
    if (unit === undefined) continue
    const key = `${field.sourceIds.join(',')}:${unit}`
    const other = seen.get(key)
    if (other !== undefined) throw wrongField(field, `says again what '${other.name}' says`)
    seen.set(key, field)
  }
}

/** Format version 1 finds partition values by position: its field ids count up from 1000. */
export function hasSequentialFieldIds(spec: PartitionSpec): boolean {
  return spec.fields.every((field, i) => field.fieldId === LAST_UNASSIGNED_PARTITION_ID + 1 + i)
}

/** Throws INVALID_ARGUMENT unless every source is a primitive column that the transform takes. */
export function checkSortOrderFitsSchema(order: SortOrder, schema: Schema): void {
  for (const { sourceIds, transform } of order.fields) {
    if (transform.kind === 'unknown') continue
    for (const id of sourceIds) {
      const problem = sourceProblem(id, transform, schema)
      if (problem !== undefined) {
        throw invalidArgument(`sort field ${transformToString(transform)} of column ${id} ${problem}`, {
          rule: 'Sorting',
        })
      }
    }
  }
}

function sourceProblem(sourceId: number, transform: Transform, schema: Schema): string | undefined {
  const source = findFieldById(schema, sourceId)
  if (source === undefined) return `has source column ${sourceId}, which the schema does not have`
  const { type } = source.field
  const name = `'${source.path.join('.')}'`
  if (!isPrimitive(type)) return `has source ${name} of type ${type.kind}; it must be primitive`
  if (canTransform(transform, type)) return undefined
  return `cannot apply ${transformToString(transform)} to ${name} of type ${typeToString(type)}`
}

function granularityOf(transform: Transform): string | undefined {
  switch (transform.kind) {
    case 'year':
    case 'month':
    case 'day':
    case 'hour':
      return 'time'
    case 'identity':
    case 'bucket':
    case 'truncate':
      return transformToString(transform)
    case 'void':
    case 'unknown':
      return undefined
  }
}

function wrongField(field: PartitionField, problem: string) {
  return invalidArgument(`partition field '${field.name}' ${problem}`, { rule: 'Partitioning' })
}
