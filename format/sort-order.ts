import type { Transform } from './transforms/transform.ts'

export interface SortField {
  readonly sourceIds: readonly number[]
  readonly transform: Transform
  readonly direction: 'asc' | 'desc'
  readonly nullOrder: 'nulls-first' | 'nulls-last'
}

export interface SortOrder {
  /** 0 is the unsorted order. */
  readonly orderId: number
  readonly fields: readonly SortField[]
}

export const unsortedOrder: SortOrder = { orderId: 0, fields: [] }
