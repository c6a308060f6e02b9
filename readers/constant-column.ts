import type { Data } from 'apache-arrow'
import { takeData } from '../format/arrow/take.ts'
import { unsupported } from '../format/errors.ts'
import type { MapValue, StructValue, Type, Value } from '../format/types.ts'
import { literalColumn } from './literal-column.ts'

/** The same value in every slot. */
export interface ConstantColumn {
  readonly kind: 'constant'
  /** What a slot takes in Arrow, by types that may take more than 16 bytes. */
  readonly bytesPerSlot: number
  /** Throws UNSUPPORTED for more slots than memory is given for. */
  readonly ofLength: (length: number) => Data
}

/** Bytes that one column takes at most: a few of a schema, as of `fixed[999999999]`, stand for many here. */
const MOST_BYTES = 256 * 2 ** 20

/** A column of any length. The longest that was asked for is kept, and shorter ones share it. */
export function constantColumn(type: Type, value: Value): ConstantColumn {
  const bytesPerSlot = bytesOf(type, value)
  let longest: Data | undefined
  return {
    kind: 'constant',
    bytesPerSlot,
    ofLength(length) {
      if (length * bytesPerSlot > MOST_BYTES) {
        throw unsupported(
          `a column of one value has ${bytesPerSlot} bytes in each of ${length} rows or items: select the others`,
        )
      }
      if (longest === undefined || longest.length < length) {
        longest = takeData(literalColumn(type, [value]), new Int32Array(length))
      }
      return longest.length === length ? longest : longest.slice(0, length)
    },
  }
}

/** Nulls of a fixed width take it too. */
function bytesOf(type: Type, value: Value): number {
  switch (type.kind) {
    case 'fixed':
      return type.length
    case 'string':
      return value === null ? 0 : Buffer.byteLength(value as string)
    case 'binary':
    case 'geometry':
    case 'geography':
      return value === null ? 0 : (value as Uint8Array).length
    case 'struct': {
      const struct = value as StructValue | null
      return sumOf(type.fields, (field) => bytesOf(field.type, struct?.[field.name] ?? null))
    }
    case 'list':
      return sumOf((value as readonly Value[] | null) ?? [], (item) => bytesOf(type.element, item))
    case 'map':
      return sumOf(
        (value as MapValue | null)?.entries ?? [],
        ([key, mapped]) => bytesOf(type.key, key) + bytesOf(type.value, mapped),
      )
    default:
      return 0
  }
}

function sumOf<T>(items: readonly T[], bytes: (item: T) => number): number {
  return items.reduce((sum, item) => sum + bytes(item), 0)
}
