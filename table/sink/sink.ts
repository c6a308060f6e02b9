/** A stream that never stops, written to a table commit by commit. (docs/decisions/sink.md) */
import type { LoadedTable } from '../../catalog/catalog.ts'
import { checkOptions } from '../../format/check-options.ts'
import { invalidArgument, MoraineError } from '../../format/errors.ts'
import { MAIN_BRANCH } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { readProperty } from '../../format/table-properties.ts'
import { describeValue } from '../../format/values/mismatch.ts'
import { committedOffsets, type Offsets, offsetsKey, offsetsToText } from '../../snapshot/offsets.ts'
import type { Companions } from '../../snapshot/snapshot-operation.ts'
import { manyListeners, throwIfAborted } from '../../storage/abort.ts'
import type { WritableContext } from '../context.ts'
import type { ChangedTable } from '../upsert/commit-change.ts'
import type { RowCounts } from '../upsert/row-counts.ts'
import type { UpsertOptions } from '../upsert/upsert-options.ts'
import { RowQueue } from './row-queue.ts'
import type { SinkCommit } from './sink-commit.ts'
import { type SinkMeter, sinkMetrics } from './sink-metrics.ts'

/** Options of an upsert that a sink takes too. */
export type UpsertOnly =
  | 'on'
  | 'deletes'
  | 'skipUnchanged'
  | 'orderBy'
  | 'partial'
  | 'sequenceGroups'
  | 'op'
  | 'softDelete'

/** What concerns rows that take the place of others is for `upsert` alone. */
export interface SinkOptions extends Pick<UpsertOptions, UpsertOnly> {
  /** Default: `upsert` where the table's property `write.upsert.enabled` is true, else `append`. */
  readonly mode?: 'append' | 'upsert'
  /** When a commit is made, by what comes first; `flush` makes one at any time. */
  readonly commitEvery?: {
    /** Default: 500,000. */
    readonly rows?: number
    /** Of the rows in memory, as Arrow has them. Default: 256 MiB. */
    readonly bytes?: number
    /** Milliseconds since the first row that is not committed. Default: 60,000. */
    readonly ms?: number
  }
  /** Default: main. */
  readonly branch?: string
  /** Entries for the summary of every snapshot. */
  readonly summary?: Readonly<Record<string, string>>
  /** Told of every commit. What it or the meter throws makes the sink fail. */
  readonly onCommit?: (commit: SinkCommit) => void
  /**
   * OpenTelemetry's, or one like it: told of rows, bytes, commits, their latency and lag (`moraine.sink.*`), with the
   * table and the branch as attributes.
   */
  readonly meter?: SinkMeter
  readonly signal?: AbortSignal
}

/** Where a row comes from: what a restart is to go on after. */
export interface Progress {
  /** Default: `default`. */
  readonly source?: string
  /** Any text or number that the source understands. */
  readonly offset: string | number | bigint
}

const OF_UPSERT: readonly UpsertOnly[] = [
  'on',
  'deletes',
  'skipUnchanged',
  'orderBy',
  'partial',
  'sequenceGroups',
  'op',
  'softDelete',
]
const OPTIONS: readonly (keyof SinkOptions)[] = [
  ...OF_UPSERT,
  'mode',
  'commitEvery',
  'branch',
  'summary',
  'onCommit',
  'meter',
  'signal',
]
const DEFAULTS = { rows: 500_000, bytes: 256 * 2 ** 20, ms: 60_000 } as const
/** Node's timers take no longer times, and fire at once for them: 25 days are never, as `Infinity` is. */
const MAX_TIMER_MS = 2 ** 31 - 1
/** Rows that wait to be made into columns. */
const QUEUED_ROWS = 8192

/** Rows of one commit in the making. */
interface Pending {
  readonly queue: RowQueue<unknown>
  readonly startedMs: number
  readonly offsets: Map<string, string>
  readonly timer: AbortController
  /** Settles when the commit is made; never rejects. */
  readonly outcome: Promise<Outcome>
  rows: number
  bytes: number
}

type Outcome = ChangedTable | { readonly error: unknown }

/** @internal */
export interface SinkParts<T> {
  readonly context: WritableContext
  /** The version that is known: what the sink begins with. */
  readonly loaded: LoadedTable
  readonly options: SinkOptions
  readonly tableOf: (loaded: LoadedTable, counts?: RowCounts) => T
}

/**
 * Writes rows that never end, commit by commit: see `Table.sink`. Calls may overlap; they take effect in the order in
 * which they were made. When one has failed the sink is done with: what it did not commit is dropped, and another one
 * goes on after `committedOffsets()`.
 */
export class Sink<T, W> {
  readonly #parts: SinkParts<T>
  readonly #mode: 'append' | 'upsert'
  readonly #branch: string
  readonly #measure: ((commit: SinkCommit) => void) | undefined
  readonly #aborting = new AbortController()
  #loaded: LoadedTable
  #table: T
  #offsets: Offsets
  #pending: Pending | undefined
  #committing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  /** No row is taken any more. */
  #isClosing = false
  #isClosed = false

  /** @internal */
  constructor(parts: SinkParts<T>) {
    const { loaded, options, tableOf } = parts
    checkSinkOptions(options)
    this.#parts = parts
    const isUpsert = readProperty(loaded.metadata.properties, 'write.upsert.enabled')
    this.#mode = options.mode ?? (isUpsert ? 'upsert' : 'append')
    const ofUpsert = OF_UPSERT.find((name) => options[name] !== undefined)
    if (this.#mode === 'append' && ofUpsert !== undefined) {
      throw invalidArgument(`sink: '${ofUpsert}' needs mode: 'upsert'; an append takes rows as they are`)
    }
    this.#branch = options.branch ?? MAIN_BRANCH
    const { namespace, name } = loaded.identifier
    const attributes = {
      'moraine.table': [...namespace, name].join('.'),
      'moraine.branch': this.#branch,
    }
    this.#measure = options.meter === undefined ? undefined : sinkMetrics(options.meter, attributes)
    this.#loaded = loaded
    this.#table = tableOf(loaded)
    this.#offsets = committedOffsets(loaded.metadata, this.#branch)
  }

  /** The version that the last commit made, or that the sink began with. */
  get table(): T {
    return this.#table
  }

  /** How far each source is in the table: what is to be written next comes after it. */
  committedOffsets(): Offsets {
    return this.#offsets
  }

  /**
   * Takes a row, or several; resolves when there is room for more, which after the last row of a commit is when that is
   * made. With `progress`, the rows of its source are written up to there: that becomes true with the rows, in one
   * commit. Throws what made a commit fail, this one or an earlier one; COMMIT_CONFLICT when somebody else has written
   * the source since the sink began.
   */
  async write(rows: W | readonly W[], progress?: Progress): Promise<void> {
    const offset = checkedProgress(progress)
    if (this.#isClosing) throw closed()
    while (this.#committing !== undefined) await this.#committing
    this.#check()
    this.#pending ??= this.#begin()
    const pending = this.#pending
    const list: readonly unknown[] = Array.isArray(rows) ? rows : [rows]
    pending.rows += list.length
    if (offset !== undefined) pending.offsets.set(...offset)
    await pending.queue.push(list)
    if (this.#pending === pending && this.#isDue(pending)) await this.#commit()
    this.#throwFailure()
  }

  /** Commits what was written, and resolves to the version that holds it. */
  async flush(): Promise<T> {
    while (this.#committing !== undefined) await this.#committing
    this.#check()
    await this.#commit()
    this.#throwFailure()
    return this.#table
  }

  /** Commits what was written, and ends. */
  async close(): Promise<T> {
    this.#isClosing = true
    // Calls of `write` from before may have waited for the commit that the first flush waited for.
    while (!this.#isClosed && (this.#pending !== undefined || this.#committing !== undefined))
      await this.flush()
    this.#throwFailure()
    this.#isClosed = true
    return this.#table
  }

  /** Drops what is not committed, and ends. A commit that is under way is waited for. */
  async abort(): Promise<void> {
    this.#isClosed = true
    const pending = this.#pending
    this.#pending = undefined
    if (pending !== undefined) {
      pending.timer.abort()
      this.#aborting.abort()
      pending.queue.end()
      await pending.outcome
    }
    await this.#committing
  }

  /** As `abort`: whoever leaves early may have written half of something. `close` first to keep it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort()
  }

  #isDue({ rows, bytes }: Pending): boolean {
    const { commitEvery = {} } = this.#parts.options
    return rows >= (commitEvery.rows ?? DEFAULTS.rows) || bytes >= (commitEvery.bytes ?? DEFAULTS.bytes)
  }

  #check(): void {
    throwIfAborted(this.#parts.options.signal)
    this.#throwFailure()
    if (this.#isClosed) throw closed()
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #begin(): Pending {
    const { context, options } = this.#parts
    const timer = new AbortController()
    const pending: Pending = {
      queue: new RowQueue(QUEUED_ROWS),
      startedMs: context.environment.now(),
      offsets: new Map(),
      timer,
      rows: 0,
      bytes: 0,
      // Begins when all of this is there.
      outcome: Promise.resolve().then(() => this.#run(pending)),
    }
    void pending.outcome.then((outcome) => {
      if ('error' in outcome && !this.#aborting.signal.aborted) this.#failure ??= outcome
    })
    const ms = options.commitEvery?.ms ?? DEFAULTS.ms
    if (ms <= MAX_TIMER_MS) {
      context.environment.sleep(ms, timer.signal).then(
        () => (this.#pending === pending ? this.#commit() : undefined),
        () => undefined,
      )
    }
    return pending
  }

  async #run(pending: Pending): Promise<Outcome> {
    const { context, options } = this.#parts
    const { summary, signal } = options
    try {
      // Arrow is loaded by those who write.
      const { commitRows } = await import('./commit-rows.ts')
      return await commitRows(context, this.#loaded, pending.queue, {
        mode: this.#mode,
        common: {
          branch: this.#branch,
          commitId: { id: context.environment.uuid(), since: pending.startedMs },
          ...(summary === undefined ? {} : { summary }),
          signal: manyListeners(this.#aborting.signal, signal),
        },
        ofUpsert: Object.fromEntries(OF_UPSERT.map((name) => [name, options[name]])),
        companionsOf: (metadata) => this.#companions(metadata, pending),
        onBytes: (bytes) => {
          pending.bytes += bytes
        },
      })
    } catch (error) {
      return { error }
    } finally {
      pending.queue.end()
    }
  }

  /** The offsets of all sources, at every attempt: other sinks may have moved theirs, and nobody else ours. */
  #companions(metadata: TableMetadata, pending: Pending): Companions {
    const found = committedOffsets(metadata, this.#branch)
    for (const source of pending.offsets.keys()) {
      const [before, now] = [this.#offsets.get(source), found.get(source)]
      if (before !== now) throw overtaken(source, before, now)
    }
    const offsets = new Map([...found, ...pending.offsets])
    if (offsets.size === 0) return { summary: {}, properties: {} }
    const entries = { [offsetsKey(this.#branch)]: offsetsToText(offsets) }
    return { summary: entries, properties: entries }
  }

  /** Ends the rows at hand, and waits for their commit. Never rejects. */
  #commit(): Promise<void> {
    const pending = this.#pending
    if (pending === undefined) return this.#committing ?? Promise.resolve()
    this.#pending = undefined
    const committing = this.#finish(pending).finally(() => {
      this.#committing = undefined
    })
    this.#committing = committing
    return committing
  }

  async #finish(pending: Pending): Promise<void> {
    const { context, options, tableOf } = this.#parts
    pending.timer.abort()
    pending.queue.end()
    const endedMs = context.environment.now()
    const outcome = await pending.outcome
    if ('error' in outcome) {
      this.#failure ??= outcome
      return
    }
    const { metadata } = outcome.loaded
    try {
      this.#offsets = committedOffsets(metadata, this.#branch)
      this.#loaded = outcome.loaded
      this.#table = tableOf(outcome.loaded, outcome.counts)
      const now = context.environment.now()
      const commit: SinkCommit = {
        rows: pending.rows,
        counts: outcome.counts,
        bytes: pending.bytes,
        commitMs: now - endedMs,
        lagMs: now - pending.startedMs,
        snapshotId: metadata.refs.get(this.#branch)?.snapshotId,
        offsets: this.#offsets,
      }
      this.#measure?.(commit)
      options.onCommit?.(commit)
    } catch (error) {
      this.#failure = { error }
    }
  }
}

function closed(): MoraineError {
  return invalidArgument('the sink is closed; open another')
}

/** Throws INVALID_ARGUMENT. */
function checkFunctions({ onCommit, meter }: SinkOptions): void {
  if (onCommit !== undefined && typeof onCommit !== 'function') {
    throw invalidArgument(`sink: expected a function as 'onCommit', found ${describeValue(onCommit)}`)
  }
  if (meter !== undefined && typeof meter?.createCounter !== 'function') {
    throw invalidArgument(`sink: expected a meter of OpenTelemetry as 'meter', found ${describeValue(meter)}`)
  }
}

/** Throws INVALID_ARGUMENT. */
function checkSinkOptions(options: SinkOptions): void {
  checkOptions('sink', options, OPTIONS)
  const { mode, commitEvery = {} } = options
  if (mode !== undefined && mode !== 'append' && mode !== 'upsert') {
    throw invalidArgument(`sink: expected mode to be 'append' or 'upsert', found ${describeValue(mode)}`)
  }
  checkFunctions(options)
  checkOptions('sink: commitEvery', commitEvery, Object.keys(DEFAULTS))
  for (const [name, value] of Object.entries(commitEvery)) {
    if (value === undefined || (typeof value === 'number' && value > 0)) continue
    throw invalidArgument(
      `sink: expected commitEvery.${name} to be a number above 0, found ${describeValue(value)}`,
    )
  }
}

function checkedProgress(progress: Progress | undefined): [source: string, offset: string] | undefined {
  if (progress === undefined) return undefined
  checkOptions('write', progress, ['source', 'offset'])
  const { source = 'default', offset } = progress
  const isOffset = typeof offset === 'string' || typeof offset === 'bigint' || Number.isFinite(offset)
  if (typeof source === 'string' && isOffset) return [source, String(offset)]
  throw invalidArgument(
    `write: expected ${isOffset ? 'a text as source' : 'a text or number as offset'}, found ${describeValue(isOffset ? source : offset)}`,
  )
}

function overtaken(source: string, before: string | undefined, now: string | undefined): MoraineError {
  const at = (offset: string | undefined) => (offset === undefined ? 'nowhere' : `at ${offset}`)
  return new MoraineError(
    'COMMIT_CONFLICT',
    `source '${source}' is ${at(now)} in the table, and was ${at(before)} when this sink began: somebody else writes it. ` +
      'Nothing was committed; see that one sink writes a source, and go on after committedOffsets() of a new one',
    { context: { source, before, now } },
  )
}
