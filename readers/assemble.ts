import { type Data, Int64, type RecordBatch } from 'apache-arrow'
import { arrowData } from '../format/arrow/arrow-data.ts'
import { bitAt } from '../format/arrow/bitmap.ts'
import { invalidData, isMoraineError, MoraineError } from '../format/errors.ts'
import type { PrimitiveType } from '../format/types.ts'
import { convertLeaf } from './convert-leaf.ts'
import type { NodePositions } from './node-positions.ts'
import type { FileColumn, FilledColumn, PositionColumn, ResolvedColumn } from './resolve-columns.ts'
import { variantColumn } from './variant-column.ts'

/** A run of rows of one file. */
export interface RowWindow {
  /** Position in the file of the first row. */
  readonly start: bigint
  readonly length: number
  /** The decoded columns of these rows; none when no leaf is needed. */
  readonly decoded: RecordBatch | undefined
}

/** Builds one output column over a window. Buffers are those of the decoded batch wherever the layout allows. */
export function assembleColumn(column: ResolvedColumn, window: RowWindow, positions: NodePositions): Data {
  switch (column.kind) {
    case 'constant':
      return column.ofLength(window.length)
    case 'position':
      return positionColumn(column, window)
    case 'file':
      return fileColumn(column, window.decoded!.data.children, positions)
    case 'filled':
      return filledColumn(column, window, positions)
  }
}

function fileColumn(column: FileColumn, siblings: readonly Data[], positions: NodePositions): Data {
  const data = siblings[positions.get(column.node)!]
  if (data === undefined) throw invalidData(`column '${column.name}': the decoder did not return it`)
  switch (column.type.kind) {
    case 'struct': {
      const children = column.children.map((child) =>
        childColumn(child, data.children, data.length, positions),
      )
      return regrouped(data, column, children)
    }
    case 'list': {
      const child = childColumn(column.children[0]!, data.children, data.children[0]!.length, positions)
      return regrouped(data, column, [child])
    }
    case 'map': {
      const entries = data.children[0]!
      const pair = column.children.map((child) =>
        childColumn(child, entries.children, entries.length, positions),
      )
      const pairType = column.arrowType.children[0]!.type
      return regrouped(data, column, [arrowData(pairType, entries.length, { children: pair })])
    }
    case 'variant':
      return named(column, () => variantColumn(data, column.node, positions, column.arrowType))
    default:
      return named(column, () => convertLeaf(data, column.type as PrimitiveType, column.arrowType))
  }
}

function childColumn(
  column: ResolvedColumn,
  siblings: readonly Data[],
  length: number,
  positions: NodePositions,
): Data {
  if (column.kind === 'constant') return column.ofLength(length)
  return fileColumn(column as FileColumn, siblings, positions)
}

function regrouped(data: Data, column: FileColumn, children: Data[]): Data {
  return data.clone(column.arrowType, data.offset, data.length, data.nullCount, data.buffers, children)
}

function named(column: FileColumn, build: () => Data): Data {
  try {
    return build()
  } catch (error) {
    if (!isMoraineError(error)) throw error
    throw new MoraineError(error.code, `column '${column.name}': ${error.message}`, {
      context: { ...error.context, column: column.name },
    })
  }
}

function positionColumn({ base }: PositionColumn, { start, length }: RowWindow): Data {
  const values = new BigInt64Array(length)
  const first = base + start
  for (let i = 0; i < length; i++) values[i] = first + BigInt(i)
  return arrowData(new Int64(), length, { values })
}

function filledColumn({ column, fallback }: FilledColumn, window: RowWindow, positions: NodePositions): Data {
  const stored = assembleColumn(column, window, positions)
  if (stored.nullCount === 0) return stored
  const values: BigInt64Array = assembleColumn(fallback, window, positions).values.slice()
  const own: BigInt64Array = stored.values
  for (let i = 0; i < window.length; i++) {
    if (bitAt(stored.nullBitmap as Uint8Array, stored.offset + i)) values[i] = own[i]!
  }
  return arrowData(stored.type, window.length, { values })
}
