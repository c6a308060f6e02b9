import type { Data, RecordBatch } from 'apache-arrow'
import { inFile } from '../../format/errors.ts'
import type { NestedField } from '../../format/types.ts'
import { ByteKeySet } from './byte-key-set.ts'
import type { LoadedDeletes } from './delete-cache.ts'
import { type ByteKeys, keyReader, type WordKeys } from './key-columns.ts'
import type { KeySet } from './key-set.ts'
import { WordKeySet } from './word-key-set.ts'

/** The keys of an equality delete file. */
export interface EqualityDeletes extends LoadedDeletes {
  readonly size: number
  /** Puts 0 into `mask`, which has an item for each row, where the row's key is deleted. */
  clearFrom(columns: readonly Data[], mask: Uint8Array): void
}

/**
 * Takes the rows of an equality delete file, read by `fields`: for each key column the column that has it, alone in
 * the structs around it. Who asks for rows must read them by fields of the same types.
 */
export async function collectKeys(
  location: string,
  fields: readonly NestedField[],
  batches: AsyncIterable<RecordBatch>,
): Promise<EqualityDeletes> {
  const keysOf = inFile(location, () => keyReader(fields))
  let set: KeySet<WordKeys | ByteKeys> | undefined
  for await (const batch of batches) {
    const keys = keysOf(batch.data.children, batch.numRows)
    set ??= keySetOf(keys.kind)
    set.addAll(keys, batch.numRows)
  }
  const filled = set
  return {
    size: filled?.size ?? 0,
    byteLength: filled?.byteLength ?? 0,
    clearFrom: (columns, mask) => filled?.clearFrom(keysOf(columns, mask.length), mask),
  }
}

/** All keys of one reader are of one form. */
function keySetOf(kind: 'words' | 'bytes'): KeySet<WordKeys | ByteKeys> {
  return (kind === 'words' ? new WordKeySet() : new ByteKeySet()) as KeySet<WordKeys | ByteKeys>
}
