/** Which metrics each column keeps, decided as Iceberg Java's MetricsConfig does. */
import { fieldsById, findFieldByName, type Schema } from './schema.ts'
import type { SortOrder } from './sort-order.ts'
import { columnMetricsModes, type MetricsMode, readProperty } from './table-properties.ts'
import type { Transform } from './transforms/transform.ts'
import { isNested, type Type } from './types.ts'

const inferredMode: MetricsMode = { kind: 'truncate', length: 16 }

/**
 * The metrics mode of every field of the schema, by field id.
 *
 * Without `write.metadata.metrics.default`, a schema of more columns than
 * `write.metadata.metrics.max-inferred-column-defaults` keeps metrics of so many only, outer ones first. Columns
 * that the sort order keeps in order always have bounds; `write.metadata.metrics.column.<name>` overrides all.
 * A bad mode throws INVALID_ARGUMENT.
 */
export function metricsModeOf(
  schema: Pick<Schema, 'fields'>,
  properties: Readonly<Record<string, string>>,
  sortOrder?: SortOrder,
): ReadonlyMap<number, MetricsMode> {
  const modes = defaultModes(schema, properties)
  for (const { sourceIds, transform } of sortOrder?.fields ?? []) {
    if (!preservesOrder(transform)) continue
    for (const id of sourceIds) {
      const mode = modes.get(id)
      if (mode?.kind === 'none' || mode?.kind === 'counts') modes.set(id, inferredMode)
    }
  }
  for (const [column, mode] of columnMetricsModes(properties)) {
    const field = findFieldByName(schema, column)?.field
    if (field !== undefined) modes.set(field.id, mode)
  }
  return modes
}

function defaultModes(
  schema: Pick<Schema, 'fields'>,
  properties: Readonly<Record<string, string>>,
): Map<number, MetricsMode> {
  const ids = [...fieldsById(schema).keys()]
  const allTo = (mode: MetricsMode) => new Map(ids.map((id) => [id, mode]))
  const configured = readProperty(properties, 'write.metadata.metrics.default')
  if (configured !== undefined) return allTo(configured)
  const limit = readProperty(properties, 'write.metadata.metrics.max-inferred-column-defaults')
  const struct: Type = { kind: 'struct', fields: schema.fields }
  if (countColumns(struct) <= limit) return allTo(inferredMode)
  const modes = allTo({ kind: 'none' })
  for (const id of metricsColumns(struct).slice(0, limit)) modes.set(id, inferredMode)
  return modes
}

/** Java's count for the limit: leaves and structs, but of a map with a nested value only what lies inside. */
function countColumns(type: Type): number {
  switch (type.kind) {
    case 'struct':
      return type.fields.reduce(
        (sum, { type: member }) =>
          sum + (member.kind === 'list' || member.kind === 'map' ? 0 : 1) + countColumns(member),
        0,
      )
    case 'list':
      return isNested(type.element) ? countColumns(type.element) : 1
    case 'map':
      return countColumns(type.key) + (isNested(type.value) ? countColumns(type.value) : 2)
    default:
      return 0
  }
}

/** Columns that can have metrics, those of a struct before those inside its members. */
function metricsColumns(type: Type): readonly number[] {
  switch (type.kind) {
    case 'struct':
      return [
        ...type.fields.filter((field) => !isNested(field.type)).map((field) => field.id),
        ...type.fields.flatMap((field) => metricsColumns(field.type)),
      ]
    case 'list':
      return [...(isNested(type.element) ? [] : [type.elementId]), ...metricsColumns(type.element)]
    case 'map':
      return [
        ...(isNested(type.key) ? [] : [type.keyId]),
        ...(isNested(type.value) ? [] : [type.valueId]),
        ...metricsColumns(type.key),
        ...metricsColumns(type.value),
      ]
    default:
      return []
  }
}

function preservesOrder(transform: Transform): boolean {
  return transform.kind !== 'bucket' && transform.kind !== 'void' && transform.kind !== 'unknown'
}
