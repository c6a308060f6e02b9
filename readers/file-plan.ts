import type { Schema as ArrowSchema } from 'apache-arrow'
import { arrowSchemaOf } from '../format/arrow/arrow-schema.ts'
import { invalidData } from '../format/errors.ts'
import { type BoundExpression, type BoundTerm, boundFieldIds } from '../format/expressions/bound.ts'
import type { DataFile } from '../format/manifest.ts'
import type { FileFooter } from '../format/parquet/footer.ts'
import type { FileNode } from '../format/parquet/parquet-schema.ts'
import type { PositionSet } from '../format/puffin/position-set.ts'
import type { Schema } from '../format/schema.ts'
import type { Literal } from '../format/types.ts'
import { type NodePositions, nodePositions } from './assemble.ts'
import type { KeyDeletes, TaskDeletes } from './deletes/load-deletes.ts'
import type { FilePlanOptions } from './file-plan-options.ts'
import { fileSchemaOf } from './file-schema.ts'
import { type ColumnFilter, compileFilter } from './filter.ts'
import { metadataConstants } from './metadata-values.ts'
import { identityPartitionValues, type MissingFieldValues, valueOfMissing } from './missing-field.ts'
import { pruneFields } from './projection.ts'
import { type ResolvedColumn, resolveColumns } from './resolve-columns.ts'
import { compileRowGroupFilter, type RowGroupFilter } from './row-group-filter.ts'
import type { ScanTask } from './scan-task.ts'

/** Which columns come from where, and which rows are wanted, for one file of any format. */
export interface RowPlan {
  readonly arrowSchema: ArrowSchema
  readonly columns: readonly ResolvedColumn[]
  readonly filterColumns: readonly ResolvedColumn[]
  /** Absent when every row matches. */
  readonly filter: ColumnFilter | undefined
  /** Absent when no row is deleted. */
  readonly deletes: DeletePlan | undefined
  /** Where decoded columns stand. */
  readonly positions: NodePositions
}

/** A plan for a Parquet file. */
export interface FilePlan extends RowPlan {
  /** The filter over row groups and pages. */
  readonly rowGroupFilter: RowGroupFilter | undefined
  /** Leaves to decode. */
  readonly leaves: ReadonlySet<number>
  /** All of the file's, in order. */
  readonly fileLeaves: readonly FileNode[]
}

/** The rows of a file that are deleted. */
export interface DeletePlan {
  readonly positions: PositionSet | undefined
  readonly keys: readonly { readonly columns: readonly ResolvedColumn[]; readonly sets: KeyDeletes['sets'] }[]
}

/** Throws INVALID_DATA for a file that is not what its manifest says. `filter` is bound to the table's schema. */
export function planFile(
  { dataFile, sequenceNumber }: ScanTask,
  footer: FileFooter,
  filter: BoundExpression,
  deletes: TaskDeletes | undefined,
  options: FilePlanOptions,
): FilePlan {
  const { tableSchema, projected, spec } = options
  if (footer.numRows !== dataFile.recordCount) {
    throw invalidData(`expected ${dataFile.recordCount} rows as the manifest says, found ${footer.numRows}`, {
      rule: 'Manifests: record_count',
    })
  }
  const file = fileSchemaOf(footer, tableSchema, options.nameMapping)
  const missing = { partitionValues: identityPartitionValues(spec, dataFile.partition) }
  const context = {
    file,
    missing,
    constants: metadataConstants(projected, dataFile, spec),
    firstRowId: options.formatVersion >= 3 ? dataFile.firstRowId : undefined,
    sequenceNumber,
    costOfLeaf: (leaf: number) =>
      footer.rowGroups.reduce((sum, group) => sum + group.columns[leaf]!.totalCompressedSize, 0n),
  }
  const leaves = new Set<number>()
  const filterFields = pruneFields(tableSchema.fields, boundFieldIds(filter))
  const columns = resolveColumns(projected, context, leaves)
  const filterColumns = resolveColumns(filterFields, context, leaves)
  const keys = deletes?.equality.map(({ fields, sets }) => ({
    columns: resolveColumns(fields, context, leaves),
    sets,
  }))
  const isFiltered = filter.op !== 'true'
  return {
    arrowSchema: arrowSchemaOf(projected),
    columns,
    filterColumns,
    filter: isFiltered ? compileFilter(filter, filterFields) : undefined,
    rowGroupFilter: isFiltered
      ? compileRowGroupFilter(filter, {
          leafOf: (term) => leafOf(term, file.fields),
          constantOf: (term) => constantOf(term, tableSchema, missing),
          hasNoNan: (fieldId) => hasNoNan(dataFile, fieldId),
        })
      : undefined,
    deletes: deletes && { positions: deletes.positions, keys: keys! },
    leaves,
    fileLeaves: file.leaves,
    positions: nodePositions(file.fields, leaves),
  }
}

/** Filters reach through structs only. A column of type unknown is null whatever the file holds. */
function leafOf({ idPath, sourceType }: BoundTerm, fields: readonly FileNode[]): FileNode | undefined {
  if (sourceType.kind === 'unknown') return undefined
  let level = fields
  let node: FileNode | undefined
  for (const id of idPath) {
    node = level.find((candidate) => candidate.fieldId === id)
    level = node?.shape.kind === 'struct' ? node.shape.fields : []
  }
  return node
}

function constantOf(
  { idPath, fieldId }: BoundTerm,
  { fields }: Schema,
  missing: MissingFieldValues,
): Literal | null | undefined {
  const field = idPath.length === 1 ? fields.find(({ id }) => id === fieldId) : undefined
  return field && (valueOfMissing(field, field.name, missing) as Literal | null)
}

function hasNoNan({ nanValueCounts }: DataFile, fieldId: number): boolean {
  return nanValueCounts?.get(fieldId) === 0n
}
