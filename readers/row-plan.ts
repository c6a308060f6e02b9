import type { Schema as ArrowSchema } from 'apache-arrow'
import { arrowSchemaOf } from '../format/arrow/arrow-schema.ts'
import { type BoundExpression, boundFieldIds } from '../format/expressions/bound.ts'
import type { FileSchema } from '../format/parquet/parquet-schema.ts'
import type { PositionSet } from '../format/puffin/position-set.ts'
import type { KeyDeletes, TaskDeletes } from './deletes/load-deletes.ts'
import type { FilePlanOptions } from './file-plan-options.ts'
import { type ColumnFilter, compileFilter } from './filter.ts'
import { metadataConstants } from './metadata-values.ts'
import { identityPartitionValues } from './missing-field.ts'
import { type NodePositions, nodePositions } from './node-positions.ts'
import { pruneFields } from './projection.ts'
import { type ResolvedColumn, resolveColumns } from './resolve-columns.ts'
import type { ScanTask } from './scan-task.ts'

/** Which columns come from where, and which rows are wanted, for one file of any format. */
export interface RowPlan {
  readonly arrowSchema: ArrowSchema
  readonly columns: readonly ResolvedColumn[]
  readonly filterColumns: readonly ResolvedColumn[]
  /** Absent when every row matches. */
  readonly filter: ColumnFilter | undefined
  /** Positions of the rows that are asked for; absent for all. */
  readonly only: PositionSet | undefined
  /** Absent when no row is deleted. */
  readonly deletes: DeletePlan | undefined
  /** Leaves to decode. */
  readonly leaves: ReadonlySet<number>
  readonly positions: NodePositions
  /** Rows in a batch, at most, for columns that the file lacks and that take much. */
  readonly mostRows: number
}

/** The rows of a file that are deleted. */
export interface DeletePlan {
  readonly positions: PositionSet | undefined
  readonly keys: readonly { readonly columns: readonly ResolvedColumn[]; readonly sets: KeyDeletes['sets'] }[]
}

export interface RowPlanInput {
  readonly task: ScanTask
  readonly file: FileSchema
  /** Encoded bytes of a leaf in the whole file: what reading it costs. */
  readonly costOfLeaf: (leafIndex: number) => bigint
  /** Bound to the table's schema. */
  readonly filter: BoundExpression
  readonly deletes: TaskDeletes | undefined
  readonly options: FilePlanOptions
}

/** Throws INVALID_DATA for a column that the file cannot give. */
export function planRows({ task, file, costOfLeaf, filter, deletes, options }: RowPlanInput): RowPlan {
  const { tableSchema, projected, spec } = options
  const { dataFile, sequenceNumber } = task
  const context = {
    file,
    missing: { partitionValues: identityPartitionValues(spec, dataFile.partition) },
    constants: metadataConstants(projected, dataFile, spec),
    firstRowId: options.formatVersion >= 3 ? dataFile.firstRowId : undefined,
    sequenceNumber,
    costOfLeaf,
  }
  const leaves = new Set<number>()
  const filterFields = pruneFields(tableSchema.fields, boundFieldIds(filter))
  const columns = resolveColumns(projected, context, leaves)
  const filterColumns = resolveColumns(filterFields, context, leaves)
  const keys = deletes?.equality.map(({ fields, sets }) => ({
    columns: resolveColumns(fields, context, leaves),
    sets,
  }))
  return {
    arrowSchema: arrowSchemaOf(projected),
    columns,
    filterColumns,
    filter: filter.op === 'true' ? undefined : compileFilter(filter, filterFields),
    only: options.only,
    deletes: deletes && { positions: deletes.positions, keys: keys! },
    leaves,
    positions: nodePositions(file.fields, leaves),
    mostRows: mostRows([...columns, ...filterColumns, ...(keys ?? []).flatMap((key) => key.columns)]),
  }
}

const BATCH_BYTES = 64 * 2 ** 20

function mostRows(columns: readonly ResolvedColumn[]): number {
  const bytesPerRow = columns.reduce((sum, column) => sum + constantBytes(column), 0)
  return Math.max(1, Math.floor(BATCH_BYTES / bytesPerRow))
}

/** What the parts of a column that the file lacks take in a row, lists and maps aside. */
function constantBytes(column: ResolvedColumn): number {
  if (column.kind === 'constant') return column.bytesPerSlot
  if (column.kind !== 'file' || column.type.kind !== 'struct') return 0
  return column.children.reduce((sum, child) => sum + constantBytes(child), 0)
}
