import type { Transform } from './transforms/transform.ts'

/** One field of a partition spec. `sourceIds` has one id, but for the multi-argument transforms of v3. */
export interface PartitionField {
  readonly fieldId: number
  readonly name: string
  readonly sourceIds: readonly number[]
  readonly transform: Transform
}

export interface PartitionSpec {
  readonly specId: number
  readonly fields: readonly PartitionField[]
}

/** Partition field ids start above this (spec: "Partition Specs"). */
export const LAST_UNASSIGNED_PARTITION_ID = 999

export const unpartitionedSpec: PartitionSpec = { specId: 0, fields: [] }

/** True when no field partitions anything: no fields, or only void ones. */
export function isUnpartitioned(spec: PartitionSpec): boolean {
  return spec.fields.every((field) => field.transform.kind === 'void')
}
