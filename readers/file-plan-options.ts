import type { NameMapping } from '../format/name-mapping.ts'
import type { PartitionSpec } from '../format/partition-spec.ts'
import type { Schema } from '../format/schema.ts'
import type { FormatVersion } from '../format/table-metadata.ts'
import type { NestedField } from '../format/types.ts'

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
}
