import { type NameMapping, parseNameMapping } from '../format/name-mapping.ts'
import type { PartitionSpec } from '../format/partition-spec.ts'
import type { PositionSet } from '../format/puffin/position-set.ts'
import type { Schema } from '../format/schema.ts'
import type { FormatVersion, TableMetadata } from '../format/table-metadata.ts'
import { specById } from '../format/table-metadata-build.ts'
import { readProperty } from '../format/table-properties.ts'
import type { NestedField } from '../format/types.ts'
import { newestFirst } from './metadata-columns.ts'
import type { ScanTask } from './scan-task.ts'

/** What a plan depends on besides the task and the file. */
export interface FilePlanOptions {
  /** The schema that is read: `task.residual` is bound to it, and `projected` is a part of it. */
  readonly tableSchema: Schema
  /** Columns to return, by `projectSchema`. */
  readonly projected: readonly NestedField[]
  /** The partition spec of the data file. */
  readonly spec: PartitionSpec
  /** For files that carry no field ids (`schema.name-mapping.default`). */
  readonly nameMapping?: NameMapping | undefined
  /** Of the table; row lineage begins with 3. */
  readonly formatVersion: FormatVersion
  /** All schemas of the table, newest first: keys of equality deletes may be gone from `tableSchema`. */
  readonly schemas?: readonly Schema[] | undefined
  /** Positions of rows: no others are returned. */
  readonly only?: PositionSet | undefined
}

/** The options of each task of a table that is read by `tableSchema`. */
export function filePlanOptions(
  metadata: TableMetadata,
  tableSchema: Schema,
  projected: readonly NestedField[],
): (task: ScanTask) => FilePlanOptions {
  const mappingText = readProperty(metadata.properties, 'schema.name-mapping.default')
  const nameMapping = mappingText === undefined ? undefined : parseNameMapping(mappingText)
  const { formatVersion } = metadata
  const schemas = newestFirst(metadata)
  return ({ dataFile }) => {
    const spec = specById(metadata, dataFile.specId)
    return { tableSchema, projected, spec, nameMapping, formatVersion, schemas }
  }
}
