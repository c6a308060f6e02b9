/**
 * The key index as one change of rows uses it: what it covers is looked up, what it does not is read in full and added,
 * so that the next change finds it there. (docs/decisions/key-index.md)
 */
import { type IndexedKey, isSameKey, type OpenRun } from '../../format/key-index/index-root.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { readProperty } from '../../format/table-properties.ts'
import { typeToString } from '../../format/types.ts'
import { keyCoder, keyFormOf } from '../../readers/key-index/key-coder.ts'
import {
  type KeyIndex,
  keepKeyIndex,
  keyIndex,
  keyIndexFiles,
  keyIndexFolder,
  openKeyIndex,
} from '../../readers/key-index/key-index.ts'
import { lookUp } from '../../readers/key-index/look-up.ts'
import { throwIfAborted } from '../../storage/abort.ts'
import { orGone } from '../../storage/or-gone.ts'
import { collectGarbage } from '../../writers/key-index/collect-garbage.ts'
import { KeyIndexWriter } from '../../writers/key-index/key-index-writer.ts'
import type { WritingContext } from '../writing-context.ts'
import { IndexedVersion } from './indexed-version.ts'
import type { KeyField } from './key-fields.ts'
import type { KeyedRows } from './keyed-rows.ts'
import { candidatesOf, soughtCodes } from './sought-keys.ts'

/** See `IndexedVersion.takes`. */
const MANY_KEYS = 200
/** Entries that are never too many. */
const SMALL_INDEX = 100_000

/** One for each change; `open` for each version that it is tried on. */
export class KeyIndexSession {
  readonly #context: WritingContext
  readonly #rows: KeyedRows
  readonly #operationId: string
  /** Written by this change, of files of one version or another. */
  readonly #own: OpenRun[] = []
  #writer: KeyIndexWriter | undefined

  constructor(context: WritingContext, rows: KeyedRows, operationId: string) {
    this.#context = context
    this.#rows = rows
    this.#operationId = operationId
  }

  /** Looks up all keys. Undefined where the table has an index of other keys, or should have none. */
  async open(metadata: TableMetadata, snapshot: Snapshot): Promise<IndexedVersion | undefined> {
    const { tableUuid, properties, formatVersion } = metadata
    if (tableUuid === undefined || !readProperty(properties, 'moraine.key-index.enabled')) return undefined
    const { store, signal, keyIndexes: cache } = this.#context
    const { keys } = this.#rows
    const key = keyOf(keys, formatVersion >= 3)
    const coder = keyCoder(
      keys.map(({ column }) => column),
      key.form,
    )
    const sought = soughtCodes(this.#rows, coder)
    if (sought === undefined) return undefined
    const found = await openKeyIndex({ metadata, store, cache, signal }, snapshot)
    const isSame = found !== undefined && isSameKey(found.root.key, key)
    if (found !== undefined && !isSame && !isIdentifier(metadata, keys)) return undefined
    this.#writer ??= new KeyIndexWriter({
      store,
      operationId: this.#operationId,
      folder: keyIndexFolder(metadata),
      signal,
    })
    const known = isSame && !isBloated(found, snapshot) ? found.runs : []
    const lookups = await Promise.all(
      [...known, ...this.#own].map(async (run) => ({
        run,
        hits: await orGone(() => collect(lookUp({ store, cache, signal }, run, sought.codes))),
      })),
    )
    // A run that is damaged or gone is not missed: its files are read.
    const whole = lookups.flatMap(({ run, hits }) => (hits === undefined ? [] : [{ run, hits }]))
    const index = keyIndex(
      { tableUuid, key, runs: [] },
      whole.map(({ run }) => run),
    )
    return new IndexedVersion({
      index,
      candidates: candidatesOf(
        index,
        whole.map(({ hits }) => hits),
        sought,
      ),
      isMany: sought.numbers.length > MANY_KEYS,
      coder,
      writer: this.#writer,
      own: this.#own,
      onMerge: () => this.#collectGarbage(metadata),
      onWrite: (name, root, runs) => {
        if (cache !== undefined) keepKeyIndex(cache, keyIndexFolder(metadata), name, root, runs)
      },
    })
  }

  /** A courtesy: what cannot be deleted now is deleted another time. */
  async #collectGarbage(metadata: TableMetadata): Promise<void> {
    if (!readProperty(metadata.properties, 'gc.enabled')) return
    const { store, signal, environment, keyIndexes: cache } = this.#context
    try {
      await collectGarbage({
        store,
        folder: keyIndexFolder(metadata),
        inUse: await keyIndexFiles({ metadata, store, cache, signal }),
        nowMs: environment.now(),
        signal,
      })
    } catch {
      throwIfAborted(signal)
    }
  }

  /** Deletes what was written. */
  async discard(): Promise<void> {
    this.#own.length = 0
    await this.#writer?.discard()
  }
}

/** More than half of the entries are of data files that are gone: the index is made anew, in the time that made it so. */
function isBloated({ root }: KeyIndex, { summary }: Snapshot): boolean {
  const records = Number(summary['total-records'] ?? Number.NaN)
  const entries = root.runs.reduce((sum, run) => sum + run.entries, 0)
  return entries > 2 * records + SMALL_INDEX
}

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

function keyOf(keys: readonly KeyField[], hasRowIds: boolean): IndexedKey {
  return {
    fieldIds: keys.map(({ field }) => field.id),
    types: keys.map(({ field }) => typeToString(field.type)),
    form: keyFormOf(keys.map(({ column }) => column)),
    hasRowIds,
  }
}

function isIdentifier(metadata: TableMetadata, keys: readonly KeyField[]): boolean {
  const ids = new Set(currentSchema(metadata).identifierFieldIds)
  return ids.size === keys.length && keys.every(({ field }) => ids.has(field.id))
}
