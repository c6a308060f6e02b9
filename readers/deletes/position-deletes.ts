import type { Data, RecordBatch } from 'apache-arrow'
import { inFile, invalidData } from '../../format/errors.ts'
import { PositionSet } from '../../format/puffin/position-set.ts'
import type { LoadedDeletes } from './loaded-deletes.ts'

/** Positions by the data file's path, as it is stored. */
export interface PositionDeletes extends LoadedDeletes {
  readonly byPath: ReadonlyMap<string, PositionSet>
}

/** Takes the rows of a position delete file, in any order. Throws INVALID_DATA for a position that is none. */
export async function collectPositions(
  location: string,
  batches: AsyncIterable<RecordBatch>,
): Promise<PositionDeletes> {
  const byPath = new Map<string, PositionSet>()
  for await (const batch of batches) inFile(location, () => addBatch(batch, byPath))
  let byteLength = 0
  for (const [path, positions] of byPath) byteLength += path.length * 2 + positions.byteLength
  return { byPath, byteLength }
}

function addBatch(batch: RecordBatch, byPath: Map<string, PositionSet>): void {
  const [paths, positions] = batch.data.children as [Data, Data]
  const offsets: Int32Array = paths.valueOffsets
  const bytes: Uint8Array = paths.values
  const halves = new Int32Array(positions.values.buffer, positions.values.byteOffset, batch.numRows * 2)
  let first = 0
  while (first < batch.numRows) {
    let end = first + 1
    while (end < batch.numRows && isSame(bytes, offsets, first, end)) end++
    const path = Buffer.from(
      bytes.buffer,
      bytes.byteOffset + offsets[first]!,
      offsets[first + 1]! - offsets[first]!,
    )
    const set = setOf(path.toString('utf8'), byPath)
    for (let row = first; row < end; row++) set.add(positionAt(halves, row))
    first = end
  }
}

function isSame(bytes: Uint8Array, offsets: Int32Array, a: number, b: number): boolean {
  const length = offsets[a + 1]! - offsets[a]!
  if (offsets[b + 1]! - offsets[b]! !== length) return false
  // Paths of a table begin alike.
  for (let i = length - 1; i >= 0; i--) if (bytes[offsets[a]! + i] !== bytes[offsets[b]! + i]) return false
  return true
}

function setOf(path: string, byPath: Map<string, PositionSet>): PositionSet {
  const known = byPath.get(path)
  if (known !== undefined) return known
  const set = new PositionSet()
  byPath.set(path, set)
  return set
}

/** A bigint per position would be allocated. */
function positionAt(halves: Int32Array, row: number): number {
  const high = halves[row * 2 + 1]!
  const position = high * 2 ** 32 + (halves[row * 2]! >>> 0)
  if (high >= 0 && Number.isSafeInteger(position)) return position
  throw invalidData(`expected a row position, found ${position}`, { rule: 'Position Delete Files' })
}
