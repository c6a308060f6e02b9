import { encodeRoot, type IndexRoot, type OpenRun } from '../../format/key-index/index-root.ts'
import type { KeyForm } from '../../format/key-index/key-codes.ts'
import { entriesOf, RunBlock } from '../../format/key-index/run-block.ts'
import { encodeRun } from '../../format/key-index/run-file.ts'
import { deleteQuietly } from '../../storage/delete-quietly.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { orGone } from '../../storage/or-gone.ts'
import { joinRuns, type UnwrittenRun } from './run-builder.ts'

export interface KeyIndexWriterOptions {
  readonly store: ObjectStore
  /** In the names of the files; unique to the operation. */
  readonly operationId: string
  /** Where they go; ends in '/'. */
  readonly folder: string
  readonly signal?: AbortSignal | undefined
}

/** So many runs of one size become one of the next. */
const FAN_IN = 8
/** Runs that together have more entries are left as they are: merging holds them all. */
const MAX_MERGED_ENTRIES = 4_000_000
const LEAST_TIER = 4096

/** Writes the files of a key index. */
export class KeyIndexWriter {
  readonly #options: KeyIndexWriterOptions
  #written: string[] = []
  #count = 0

  constructor(options: KeyIndexWriterOptions) {
    this.#options = options
  }

  async writeRun(form: KeyForm, { entries, files }: UnwrittenRun): Promise<OpenRun> {
    const { bytes, footerBytes, footer } = encodeRun(form, entries, files)
    const { name, location } = await this.#put('keys', bytes)
    const ref = { name, sizeInBytes: bytes.length, footerBytes, entries: entries.length }
    return { ref, location, footer }
  }

  /** Resolves to the name of the root. */
  async writeRoot(root: IndexRoot): Promise<string> {
    return (await this.#put('root', encodeRoot(root))).name
  }

  /** As few runs as there should be: where there are many of about one size, these become one. */
  async merged(form: KeyForm, runs: readonly OpenRun[]): Promise<readonly OpenRun[]> {
    const tiers = new Map<number, OpenRun[]>()
    for (const run of runs) {
      const tier = tierOf(run)
      tiers.set(tier, [...(tiers.get(tier) ?? []), run])
    }
    for (const group of tiers.values()) {
      const entries = group.reduce((sum, { ref }) => sum + ref.entries, 0)
      if (group.length < FAN_IN || entries > MAX_MERGED_ENTRIES) continue
      const parts = await orGone(() => Promise.all(group.map((run) => this.#read(form, run))))
      if (parts === undefined) continue
      const one = await this.writeRun(form, joinRuns(parts))
      return this.merged(form, [...runs.filter((run) => !group.includes(run)), one])
    }
    return runs
  }

  /** Deletes what was written. */
  async discard(): Promise<void> {
    const written = this.#written
    this.#written = []
    await deleteQuietly(this.#options.store, written)
  }

  async #read(form: KeyForm, { location, footer: { blocks, files } }: OpenRun): Promise<UnwrittenRun> {
    const { store, signal } = this.#options
    const bytes = await store.get(location, signal === undefined ? {} : { signal })
    const stored = Array.from(
      blocks.high.keys(),
      (i) => new RunBlock(bytes.subarray(blocks.offsets[i], blocks.offsets[i + 1]), form),
    )
    return { entries: entriesOf(stored, form), files }
  }

  async #put(
    ending: string,
    bytes: Uint8Array,
  ): Promise<{ readonly name: string; readonly location: string }> {
    const { store, operationId, folder, signal } = this.#options
    const name = `${operationId}-${this.#count++}.${ending}`
    const location = `${folder}${name}`
    this.#written.push(location)
    await store.put(location, bytes, signal === undefined ? {} : { signal })
    return { name, location }
  }
}

function tierOf({ ref }: OpenRun): number {
  return Math.max(0, Math.ceil(Math.log(ref.entries / LEAST_TIER) / Math.log(FAN_IN)))
}
