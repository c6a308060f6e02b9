import type { PartitionTuple } from './manifest.ts'
import type { Literal } from './types.ts'

/** A text that two tuples of one spec share exactly when Iceberg Java takes them for one partition. */
export function partitionKey(specId: number, tuple: PartitionTuple): string {
  return JSON.stringify([specId, ...tuple.map(partOf)])
}

/** Values of one field are of one type, so that only null needs to be told from the rest. */
function partOf(value: Literal | null): string | null {
  if (value === null) return null
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')
  return Object.is(value, -0) ? '-0' : String(value)
}
