import type { DataFile } from '../../format/manifest.ts'
import type { PrimitiveType } from '../../format/types.ts'
import { literalComparator } from '../../format/values/compare.ts'
import { decodeSingleValue } from '../../format/values/single-value-binary.ts'

/** The type of a key column by its field id, as the table has it; undefined where bounds prove nothing. */
export type KeyTypes = (fieldId: number) => PrimitiveType | undefined

/**
 * Whether a row of a data file may have a key of an equality delete file, by the metrics of both. Never wrong when it
 * says no: what is missing counts as anything.
 */
export function mayShareKeys(dataFile: DataFile, deletes: DataFile, typeOf: KeyTypes): boolean {
  return (deletes.equalityIds ?? []).every((id) => mayShareKey(dataFile, deletes, id, typeOf))
}

function mayShareKey(data: DataFile, deletes: DataFile, id: number, typeOf: KeyTypes): boolean {
  const type = typeOf(id)
  if (type === undefined) return true
  if (mayHoldNull(data, id) && mayHoldNull(deletes, id)) return true
  if (holdsOnlyNull(data, id) || holdsOnlyNull(deletes, id)) return false
  const low = data.lowerBounds?.get(id)
  const high = data.upperBounds?.get(id)
  const deleteLow = deletes.lowerBounds?.get(id)
  const deleteHigh = deletes.upperBounds?.get(id)
  const compare = literalComparator(type)
  const isAbove = (lower: Uint8Array | undefined, upper: Uint8Array | undefined) =>
    lower !== undefined &&
    upper !== undefined &&
    compare(decodeSingleValue(type, lower), decodeSingleValue(type, upper)) > 0
  return !isAbove(low, deleteHigh) && !isAbove(deleteLow, high)
}

/** Unknown counts as yes. Some writers do not count a column's values in rows where the struct around it is null. */
function mayHoldNull({ recordCount, valueCounts, nullValueCounts }: DataFile, id: number): boolean {
  return nullValueCounts?.get(id) !== 0n || valueCounts?.get(id) !== recordCount
}

function holdsOnlyNull({ valueCounts, nullValueCounts }: DataFile, id: number): boolean {
  const values = valueCounts?.get(id)
  return values !== undefined && nullValueCounts?.get(id) === values
}
