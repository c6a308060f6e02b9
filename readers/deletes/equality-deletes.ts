import type { Data, RecordBatch } from 'apache-arrow'
import { inFile } from '../../format/errors.ts'
import type { NestedField } from '../../format/types.ts'
import { type KeyReader, keyReader } from '../keys/key-columns.ts'
import { type AnyKeySet, keySetOf } from '../keys/key-set-of.ts'
import { WordKeySet } from '../keys/word-key-set.ts'
import type { LoadedDeletes } from './loaded-deletes.ts'

/** Deleted keys. */
export interface EqualityDeletes {
  /** Puts 0 into `mask`, which has an item for each row, where the row's key is deleted. */
  clearFrom(columns: readonly Data[], mask: Uint8Array): void
}

/** The keys of an equality delete file. */
export interface DeletedKeys extends EqualityDeletes, LoadedDeletes {
  readonly size: number
  /** Undefined when the file has no row. */
  readonly set: AnyKeySet | undefined
}

/**
 * Takes the rows of an equality delete file, read by `fields`: for each key column the column that has it, alone in
 * the structs around it. Who asks for rows must read them by fields of the same types.
 */
export async function collectKeys(
  location: string,
  fields: readonly NestedField[],
  batches: AsyncIterable<RecordBatch>,
): Promise<DeletedKeys> {
  const keysOf = inFile(location, () => keyReader(fields))
  let set: AnyKeySet | undefined
  for await (const batch of batches) {
    const keys = keysOf(batch.data.children, batch.numRows)
    set ??= keySetOf(keys.kind)
    set.addAll(keys, batch.numRows)
  }
  const filled = set
  return {
    set,
    size: filled?.size ?? 0,
    byteLength: filled?.byteLength ?? 0,
    clearFrom: (columns, mask) => filled?.clearFrom(keysOf(columns, mask.length), mask),
  }
}

/**
 * The keys of many delete files of one partition, which may come one after another, with the greatest sequence number
 * that each was deleted by: a row is looked up once, however many files there are.
 */
export class MergedKeys {
  readonly #keysOf: KeyReader
  readonly #files = new Set<string>()
  #set: AnyKeySet | undefined

  constructor(fields: readonly NestedField[]) {
    this.#keysOf = keyReader(fields)
  }

  has(filePath: string): boolean {
    return this.#files.has(filePath)
  }

  /** Adds the keys of a file, if they are not there yet. */
  add(filePath: string, { set }: DeletedKeys, sequenceNumber: number): void {
    if (this.#files.has(filePath)) return
    this.#files.add(filePath)
    if (set === undefined) return
    this.#set ??= keySetOf(set instanceof WordKeySet ? 'words' : 'bytes', { numbered: true })
    set.addTo(this.#set, sequenceNumber)
  }

  /** What is deleted of files with this data sequence number: by deletes that are newer. */
  newerThan(sequenceNumber: number): EqualityDeletes {
    return {
      clearFrom: (columns, mask) => {
        this.#set?.clearFrom(this.#keysOf(columns, mask.length), mask, sequenceNumber)
      },
    }
  }
}
