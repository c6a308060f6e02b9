/** What a user holds: one version of a table, and the jobs that read it or grow it. */
import type { Table as ArrowTable, RecordBatch } from 'apache-arrow'
import type { LoadedTable, TableIdentifier } from '../catalog/catalog.ts'
import { checkOptions } from '../format/check-options.ts'
import { unsupported } from '../format/errors.ts'
import { alwaysTrue } from '../format/expressions/build.ts'
import type { Expression } from '../format/expressions/expression.ts'
import type { PartitionSpec } from '../format/partition-spec.ts'
import type { Schema } from '../format/schema.ts'
import { MAIN_BRANCH, type Snapshot, type SnapshotRef } from '../format/snapshot.ts'
import type { SortOrder } from '../format/sort-order.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import {
  currentSchema,
  currentSnapshot,
  defaultSortOrder,
  defaultSpec,
} from '../format/table-metadata-build.ts'
import { createScan, type Scan, type ScanOptions } from '../readers/scan.ts'
import type { ColumnPaths, SelectedRow } from '../readers/selected-row.ts'
import { commit } from '../snapshot/commit.ts'
import { evolve } from '../snapshot/evolve.ts'
import type { RefChange, RefRetention } from '../snapshot/ref-change.ts'
import { reload } from '../snapshot/reload.ts'
import type { SnapshotSelector } from '../snapshot/timeline.ts'
import type { AppendOptions } from './append.ts'
import type { TableContext, WritableContext } from './context.ts'
import type { RowsInput } from './input-batches.ts'
import { inspector, type TableInspector } from './inspect.ts'
import {
  type CreateBranchOptions,
  type CreateTagOptions,
  commitRefChange,
  creationOf,
  type RefOptions,
  type RollbackOptions,
  retentionOf,
} from './refs.ts'
import { scanSource } from './scan-source.ts'
import { Sink, type SinkOptions } from './sink/sink.ts'
import { TableEvolution } from './table-evolution.ts'
import type { OpOption } from './upsert/batches-with-ops.ts'
import type { ChangedTable } from './upsert/commit-change.ts'
import type { DeleteOptions } from './upsert/delete.ts'
import type { MergeOptions } from './upsert/merge.ts'
import type { OverwriteOptions } from './upsert/overwrite.ts'
import type { RowCounts } from './upsert/row-counts.ts'
import type { SetValues } from './upsert/set-values.ts'
import type { UpsertOptions } from './upsert/upsert-options.ts'

/** Rows or Arrow data, whole or as a stream. */
export type AppendInput<W> =
  | Iterable<W>
  | AsyncIterable<W>
  | ArrowTable
  | RecordBatch
  | Iterable<RecordBatch>
  | AsyncIterable<RecordBatch>

/** A row that may be there to delete another, and tells in a property of its own. */
// biome-ignore lint/suspicious/noExplicitAny: an interface is one of these, and none with `unknown`
export type RowWithOp<W> = Partial<W> & Readonly<Record<string, any>>

/** Options by which rows have some columns only. */
export type SomeColumns =
  | Required<Pick<UpsertOptions, 'partial'>>
  | Required<Pick<UpsertOptions, 'sequenceGroups'>>

/**
 * An immutable view of one version of a table. A write resolves to the next version; `refresh` to the newest.
 * `R` is the type of a row as read, `W` as written.
 */
export class Table<R = Record<string, unknown>, W = Record<string, unknown>> {
  readonly #context: TableContext
  readonly #loaded: LoadedTable

  /** What the change of rows did that resolved to this version, also where there was nothing to commit; not of an append. */
  readonly changed: RowCounts | undefined

  /** @internal */
  constructor(context: TableContext, loaded: LoadedTable, changed?: RowCounts) {
    this.#context = context
    this.#loaded = loaded
    this.changed = changed
  }

  get identifier(): TableIdentifier {
    return this.#loaded.identifier
  }
  /** The whole metadata of this version. */
  get metadata(): TableMetadata {
    return this.#loaded.metadata
  }
  get metadataLocation(): string {
    return this.#loaded.metadataLocation
  }
  get location(): string {
    return this.metadata.location
  }
  get schema(): Schema {
    return currentSchema(this.metadata)
  }
  get partitionSpec(): PartitionSpec {
    return defaultSpec(this.metadata)
  }
  get sortOrder(): SortOrder {
    return defaultSortOrder(this.metadata)
  }
  get properties(): Readonly<Record<string, string>> {
    return this.metadata.properties
  }
  /** Absent before the first commit of data. */
  get currentSnapshot(): Snapshot | undefined {
    return currentSnapshot(this.metadata)
  }
  get snapshots(): readonly Snapshot[] {
    return this.metadata.snapshots
  }
  get refs(): ReadonlyMap<string, SnapshotRef> {
    return this.metadata.refs
  }
  /** Files, manifests and partitions of a snapshot, as plain rows. */
  get inspect(): TableInspector {
    return inspector({ ...this.#context, metadata: this.metadata })
  }

  /** Prepares a read; nothing is fetched before the first pull. See `Scan`. */
  scan(options?: ScanOptions & { readonly select?: undefined }): Scan<R>
  scan<const P extends ColumnPaths>(options: ScanOptions<P>): Scan<SelectedRow<R, P>>
  scan(options?: ScanOptions): Scan<unknown> {
    return createScan(scanSource(this.#context, this.metadata), options)
  }

  /**
   * Adds rows in one commit and resolves to the version that holds them. All rows or none: a row that does not fit
   * is INVALID_ARGUMENT, which names its number and the path of the field, and nothing of the call is committed.
   * No rows, no commit. Input is pulled as fast as files are written; batches are held by reference until they are
   * encoded, so a producer must not overwrite their buffers. `branch` names another branch than main;
   * `commitId` makes the call safe to repeat.
   */
  async append(input: AppendInput<W>, options?: AppendOptions): Promise<Table<R, W>> {
    const context = this.#writable('append')
    // Arrow is loaded by those who write: half the start of a program that only looks at metadata would be Arrow's.
    const { append } = await import('./append.ts')
    return new Table<R, W>(this.#context, await append(context, this.#loaded, input, options))
  }

  /**
   * Inserts rows whose key is new, and replaces those whose key the table has, in one commit; resolves to the version
   * that holds them. A row is told by the columns `on`, else by the table's identifier fields; null is a key like any
   * other. Of several rows of the input with one key the last one counts. The input is held in memory. With `partial`, rows
   * have some columns only, and change these alone; with `op` some of them are deletes.
   *
   * Merge-on-read: version 3 gets deletion vectors, version 2 position delete files; the data files of version 1 are
   * written anew, and where `write.merge.mode` is `copy-on-write`. On version 3 a replaced row keeps its `_row_id`.
   * `changed` tells how many rows were inserted and updated, and the snapshot's summary (`moraine.rows-inserted`, …).
   * Errors as for `append`, and COMMIT_CONFLICT when someone changes the key's columns meanwhile.
   */
  async upsert(input: AppendInput<W>, options?: UpsertOptions): Promise<Table<R, W>>
  async upsert(
    input: AppendInput<Partial<W>>,
    options: UpsertOptions & SomeColumns & { readonly op?: undefined },
  ): Promise<Table<R, W>>
  async upsert(
    input: AppendInput<RowWithOp<W>>,
    options: UpsertOptions & { readonly op: OpOption },
  ): Promise<Table<R, W>>
  async upsert(input: RowsInput, options?: UpsertOptions): Promise<Table<R, W>> {
    const context = this.#writable('upsert')
    const { upsert } = await import('./upsert/upsert.ts')
    return this.#changed(await upsert(context, this.#loaded, input, options))
  }

  /**
   * Deletes the rows that match a filter, or those with one of the keys given as rows of the columns `on`, else of the
   * identifier fields; one commit, and none where nothing matches. Files of which all rows match go without being
   * read; of others rows are deleted by position, as by `upsert`. `changed` tells how many.
   */
  async delete(what: Expression | AppendInput<Partial<W>>, options?: DeleteOptions): Promise<Table<R, W>> {
    const context = this.#writable('delete')
    const { deleteRows } = await import('./upsert/delete.ts')
    return this.#changed(await deleteRows(context, this.#loaded, what, options))
  }

  /**
   * Puts rows in the place of those that match `where`, or of all, in one commit; resolves to the version that holds them.
   * What matches goes as by `delete`, and is looked for anew in the version that is committed onto. The rows need not
   * match the filter themselves. With `mode: 'dynamic'`, the partitions go that the rows are of. `changed` tells how many
   * were inserted and deleted.
   */
  async overwrite(input: AppendInput<W>, options?: OverwriteOptions): Promise<Table<R, W>> {
    const context = this.#writable('overwrite')
    const { overwrite } = await import('./upsert/overwrite.ts')
    return this.#changed(await overwrite(context, this.#loaded, input, options))
  }

  /**
   * Lets the rows of a source meet those of the table that have their keys, as SQL's MERGE does: of `whenMatched` and
   * `whenNotMatched` the first clause that is for a row says what becomes of it. Rows of the source may have columns that
   * the table does not have, for clauses to look at, and are held in memory. Null matches nothing. Two rows of the source with
   * one key are INVALID_ARGUMENT. One commit; rows keep their ids; `write.merge.mode` as for `upsert`. Clauses are asked again
   * when a rival has committed meanwhile. `changed` tells how many rows were inserted, updated and deleted, and of how many
   * nothing came.
   */
  async merge<S extends object>(source: AppendInput<S>, options: MergeOptions<R, S>): Promise<Table<R, W>> {
    const context = this.#writable('merge')
    const { merge } = await import('./upsert/merge.ts')
    return this.#changed(await merge(context, this.#loaded, source, options as unknown as MergeOptions))
  }

  /** Deletes all rows in one commit, without reading any where none is deleted yet; earlier snapshots have them still. */
  async truncate(options: AppendOptions = {}): Promise<Table<R, W>> {
    checkOptions('truncate', options, ['branch', 'commitId', 'summary', 'signal'])
    return this.delete(alwaysTrue, options)
  }

  /**
   * Opens a sink: rows that never end, written in one commit after the other, by rows, bytes or time. With `progress`, how
   * far each source is stands in the same commit, so that after a crash `committedOffsets()` tells where to go on, and
   * nothing is lost or doubled. Nothing is read: the newest version should be at hand (`refresh`).
   */
  sink(options: SinkOptions & { readonly op: OpOption }): Sink<Table<R, W>, RowWithOp<W>>
  sink(options: SinkOptions & SomeColumns): Sink<Table<R, W>, Partial<W>>
  sink(options?: SinkOptions): Sink<Table<R, W>, W>
  sink(options: SinkOptions = {}): Sink<Table<R, W>, never> {
    return new Sink<Table<R, W>, never>({
      context: this.#writable('sink'),
      loaded: this.#loaded,
      options,
      tableOf: (loaded, counts) => new Table<R, W>(this.#context, loaded, counts),
    })
  }

  /**
   * Begins an evolution: changes to schema, partition spec, sort order, properties and format version, for one commit.
   * The type of a row is not followed through it: give the new one, or keep it (`update<Row, RowInput>()`).
   */
  update<R2 = Record<string, unknown>, W2 = Record<string, unknown>>(): TableEvolution<Table<R2, W2>>
  /**
   * Sets columns of the rows that match a filter, in one commit: to the same values, or to what a function says of each row,
   * which names the columns that change. It is asked again for rows that someone has changed meanwhile. Rows keep their
   * ids; `write.update.mode` says how they are replaced, as for `upsert`. `changed` tells how many.
   */
  update(
    where: Expression,
    set: Partial<W> | ((row: R) => Partial<W>),
    options?: AppendOptions,
  ): Promise<Table<R, W>>
  update(
    where?: Expression,
    set?: object,
    options?: AppendOptions,
  ): TableEvolution<Table> | Promise<Table<R, W>> {
    const context = this.#writable('update')
    if (where !== undefined || set !== undefined)
      return this.#updateRows(context, where!, set as SetValues, options)
    return new TableEvolution(async (steps, { signal }) => {
      const fresh = await reload(context.catalog, this.#loaded, { signal })
      const evolution = evolve({ ...context, signal }, this.metadata, steps)
      return new Table(this.#context, await commit({ ...context, signal }, fresh, evolution))
    })
  }

  async #updateRows(
    context: WritableContext,
    where: Expression,
    set: SetValues,
    options: AppendOptions | undefined,
  ): Promise<Table<R, W>> {
    const { update } = await import('./upsert/update.ts')
    return this.#changed(await update(context, this.#loaded, where, set, options))
  }

  /**
   * Creates a branch; on a table without snapshots with an empty one, as Iceberg Java. Throws ALREADY_EXISTS, NOT_FOUND
   * for a snapshot that is not there.
   */
  createBranch(name: string, options: CreateBranchOptions = {}): Promise<Table<R, W>> {
    return this.#changeRef(
      'createBranch',
      creationOf(this.#loaded, 'branch', name, options),
      signalOf(options),
    )
  }

  /** Creates a tag. Errors as for `createBranch`. */
  createTag(name: string, options: CreateTagOptions = {}): Promise<Table<R, W>> {
    return this.#changeRef('createTag', creationOf(this.#loaded, 'tag', name, options), signalOf(options))
  }

  /** Moves a branch to any snapshot; its retention stays. Throws NOT_FOUND; a tag is INVALID_ARGUMENT. */
  replaceBranch(name: string, at: SnapshotSelector, options: RefOptions = {}): Promise<Table<R, W>> {
    return this.#changeRef('replaceBranch', { kind: 'replace', type: 'branch', name, at }, options)
  }

  /** Moves a tag to any snapshot; its retention stays. Errors as for `replaceBranch`. */
  replaceTag(name: string, at: SnapshotSelector, options: RefOptions = {}): Promise<Table<R, W>> {
    return this.#changeRef('replaceTag', { kind: 'replace', type: 'tag', name, at }, options)
  }

  /**
   * Moves a branch forward to where the branch or tag `to` is, and creates it there if it does not exist. Throws
   * VALIDATION_FAILED when the branch holds what `to` does not.
   */
  fastForward(branch: string, to: string, options: RefOptions = {}): Promise<Table<R, W>> {
    return this.#changeRef('fastForward', { kind: 'fast-forward', name: branch, to }, options)
  }

  /**
   * Moves a branch back to one of its ancestors: by id, or to the newest from before a time. What is left behind stays
   * until it expires. Throws NOT_FOUND when there is no such snapshot, VALIDATION_FAILED when it is no ancestor.
   */
  rollbackTo(
    to: { readonly snapshotId: bigint } | { readonly timestamp: Date | number },
    options: RollbackOptions = {},
  ): Promise<Table<R, W>> {
    checkOptions('rollbackTo', options, ['branch', 'signal'])
    const { branch: name = MAIN_BRANCH } = options
    return this.#changeRef('rollbackTo', { kind: 'rollback', name, to }, signalOf(options))
  }

  /** Throws NOT_FOUND, ALREADY_EXISTS; main keeps its name. */
  renameBranch(name: string, newName: string, options: RefOptions = {}): Promise<Table<R, W>> {
    return this.#changeRef('renameBranch', { kind: 'rename', name, newName }, options)
  }

  /** Its snapshots stay until they expire. Throws NOT_FOUND; main is INVALID_ARGUMENT, and so is a tag. */
  dropBranch(name: string, options: RefOptions = {}): Promise<Table<R, W>> {
    return this.#changeRef('dropBranch', { kind: 'drop', type: 'branch', name }, options)
  }

  /** Errors as for `dropBranch`. */
  dropTag(name: string, options: RefOptions = {}): Promise<Table<R, W>> {
    return this.#changeRef('dropTag', { kind: 'drop', type: 'tag', name }, options)
  }

  /** Changes how long a branch or tag keeps what it refers to. Only branches retain snapshots. */
  setRetention(name: string, retention: RefRetention, options: RefOptions = {}): Promise<Table<R, W>> {
    return this.#changeRef('setRetention', retentionOf(name, retention), options)
  }

  /** The newest version. Throws NOT_FOUND when the table is gone, or another one has taken its name. */
  async refresh(): Promise<Table<R, W>> {
    const context = this.#writable('refresh')
    return new Table<R, W>(this.#context, await reload(context.catalog, this.#loaded))
  }

  async #changeRef(verb: string, change: RefChange, options: RefOptions): Promise<Table<R, W>> {
    checkOptions(verb, options, ['signal'])
    const context = this.#writable(verb)
    return new Table<R, W>(this.#context, await commitRefChange(context, this.#loaded, change, options))
  }

  #changed({ loaded, counts }: ChangedTable): Table<R, W> {
    return new Table<R, W>(this.#context, loaded, counts)
  }

  #writable(verb: string): WritableContext {
    const { catalog } = this.#context
    if (catalog === undefined) {
      throw unsupported(
        `${verb}: this table was opened without a catalog and is read-only; load it from its catalog`,
      )
    }
    return { ...this.#context, catalog }
  }
}

/** Of options that were checked, what all changes of refs share. */
function signalOf({ signal }: RefOptions): RefOptions {
  return signal === undefined ? {} : { signal }
}
