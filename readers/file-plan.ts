import { invalidData } from '../format/errors.ts'
import type { BoundExpression, BoundTerm } from '../format/expressions/bound.ts'
import type { DataFile } from '../format/manifest.ts'
import type { FileFooter } from '../format/parquet/footer.ts'
import type { FileNode } from '../format/parquet/parquet-schema.ts'
import type { Schema } from '../format/schema.ts'
import type { Literal } from '../format/types.ts'
import type { TaskDeletes } from './deletes/load-deletes.ts'
import type { FilePlanOptions } from './file-plan-options.ts'
import { fileSchemaOf } from './file-schema.ts'
import { identityPartitionValues, type MissingFieldValues, valueOfMissing } from './missing-field.ts'
import { compileRowGroupFilter, type RowGroupFilter } from './row-group-filter.ts'
import { planRows, type RowPlan } from './row-plan.ts'
import type { ScanTask } from './scan-task.ts'

/** A plan for a Parquet file. */
export interface FilePlan extends RowPlan {
  /** The filter over row groups and pages. */
  readonly rowGroupFilter: RowGroupFilter | undefined
  /** All of the file's, in order. */
  readonly fileLeaves: readonly FileNode[]
}

/** Throws INVALID_DATA for a file that is not what its manifest says. `filter` is bound to the table's schema. */
export function planFile(
  task: ScanTask,
  footer: FileFooter,
  filter: BoundExpression,
  deletes: TaskDeletes | undefined,
  options: FilePlanOptions,
): FilePlan {
  const { tableSchema, spec } = options
  const { dataFile } = task
  // Iceberg Java wrote -1 for files that it took over without counting, XTable 0.
  if (dataFile.recordCount > 0n && footer.numRows !== dataFile.recordCount) {
    throw invalidData(`expected ${dataFile.recordCount} rows as the manifest says, found ${footer.numRows}`, {
      rule: 'Manifests: record_count',
    })
  }
  const file = fileSchemaOf(footer, tableSchema, options.nameMapping)
  const missing = { partitionValues: identityPartitionValues(spec, dataFile.partition) }
  const costOfLeaf = (leaf: number) =>
    footer.rowGroups.reduce((sum, group) => sum + group.columns[leaf]!.totalCompressedSize, 0n)
  return {
    ...planRows({ task, file, costOfLeaf, filter, deletes, options }),
    rowGroupFilter:
      filter.op === 'true'
        ? undefined
        : compileRowGroupFilter(filter, {
            leafOf: (term) => leafOf(term, file.fields),
            constantOf: (term) => constantOf(term, tableSchema, missing),
            hasNoNan: (fieldId) => hasNoNan(dataFile, fieldId),
          }),
    fileLeaves: file.leaves,
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
