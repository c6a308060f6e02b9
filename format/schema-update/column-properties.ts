/** Table properties that name columns, after a schema has changed (as Iceberg Java's `SchemaUpdate` keeps them). */
import { findFieldById, findFieldByName, type Schema } from '../schema.ts'
import { METRICS_COLUMN_PREFIX } from '../table-properties.ts'

/** A property of one column has one of these names, and the column's full name behind it. */
const COLUMN_PREFIXES = [
  METRICS_COLUMN_PREFIX,
  'write.parquet.bloom-filter-enabled.column.',
  'write.parquet.bloom-filter-fpp.column.',
  'write.parquet.bloom-filter-ndv.column.',
  'write.parquet.stats-enabled.column.',
  'write.parquet.dict-encoding-enabled.column.',
]

/**
 * The properties with those of renamed columns under their new names, and without those of dropped ones, also where
 * that happened to a struct around them. Properties of columns that `before` did not have stay.
 */
export function moveColumnProperties(
  properties: Readonly<Record<string, string>>,
  before: Pick<Schema, 'fields'>,
  after: Pick<Schema, 'fields'>,
): Readonly<Record<string, string>> {
  const moved: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(properties)) {
    const prefix = COLUMN_PREFIXES.find((candidate) => name.startsWith(candidate))
    const column = prefix === undefined ? undefined : findFieldByName(before, name.slice(prefix.length))
    if (column === undefined) {
      moved[name] = value
      continue
    }
    const now = findFieldById(after, column.field.id)
    if (now !== undefined) moved[prefix + now.path.join('.')] = value
  }
  return moved
}
