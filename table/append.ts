/** Append: rows or batches to data files, data files to manifests, one commit. */
import type { Table as ArrowTable, RecordBatch } from 'apache-arrow'
import type { LoadedTable } from '../catalog/catalog.ts'
import { checkOptions } from '../format/check-options.ts'
import { invalidArgument, isMoraineError } from '../format/errors.ts'
import { MAIN_BRANCH } from '../format/snapshot.ts'
import { currentSchema, defaultSortOrder, defaultSpec } from '../format/table-metadata-build.ts'
import type { NestedField } from '../format/types.ts'
import { branchHead } from '../snapshot/branch.ts'
import { type CommitContext, commit } from '../snapshot/commit.ts'
import { type CommitId, type CommitKey, commitKey, findCommit } from '../snapshot/commit-id.ts'
import { refuseEncrypted } from '../snapshot/encryption.ts'
import { mergeAppend } from '../snapshot/merge-append.ts'
import { reload } from '../snapshot/reload.ts'
import { checkExtraSummary } from '../snapshot/summary.ts'
import { throwIfAborted } from '../storage/abort.ts'
import { type ArrowSource, conformBatches, isArrowRows } from '../writers/arrow-batches.ts'
import { rowsToBatches } from '../writers/row-batches.ts'
import { writeDataFiles } from '../writers/write-data-files.ts'
import type { WritableContext } from './context.ts'
import { encodingWorkers } from './workers.ts'

export interface AppendOptions {
  /** The branch to append to; one that does not exist begins at the head of main. Default: main. */
  readonly branch?: string
  /**
   * Names this commit to its branch, so that it is made once: a call with an id that the branch's history holds
   * changes nothing, pulls no input, and resolves to the version that holds it, in another process too. Throws
   * COMMIT_STATE_UNKNOWN when the commit may have been among snapshots that have expired; see `CommitId`.
   */
  readonly commitId?: CommitId
  /** Entries for the snapshot's summary; names of counts that Iceberg defines are refused. */
  readonly summary?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

type Input = Iterable<unknown> | AsyncIterable<unknown> | ArrowTable | RecordBatch

/** See `Table.append`. */
export async function append(
  context: WritableContext,
  base: LoadedTable,
  input: Input,
  options: AppendOptions = {},
): Promise<LoadedTable> {
  checkOptions('append', options, ['branch', 'commitId', 'summary', 'signal'])
  const { metadata } = base
  const { branch = MAIN_BRANCH, commitId, signal, summary = {} } = options
  throwIfAborted(signal)
  checkExtraSummary(summary)
  refuseEncrypted(metadata)
  branchHead(metadata, branch)
  const key = commitId === undefined ? undefined : commitKey(commitId, branch)
  const done = key === undefined ? undefined : await withCommit({ ...context, signal }, base, key)
  if (done !== undefined) return done
  const operationId = context.environment.uuid()
  const schema = currentSchema(metadata)
  const written = await writeDataFiles({
    store: context.store,
    location: metadata.location,
    schema,
    spec: defaultSpec(metadata),
    sortOrder: defaultSortOrder(metadata),
    properties: metadata.properties,
    codec: await context.codec(),
    workers: context.workers && encodingWorkers(context.workers),
    environment: context.environment,
    batches: batchesOf(schema.fields, input),
    operationId,
    signal,
  })
  // A commit id without rows is committed too: it is told from one that is still to come, and others come after it.
  if (written.files.length === 0 && key === undefined) return base
  const commitContext: CommitContext = { ...context, signal }
  const request = { files: written.files, operationId, summary, branch, commitKey: key }
  const operation = mergeAppend(commitContext, request)
  return commit(commitContext, base, {
    stage: operation.stage,
    discard: async () => {
      await operation.discard()
      await written.abort()
    },
  })
}

/** The version that holds the commit. Where the view at hand cannot tell, the newest version may. */
async function withCommit(
  { catalog, signal }: Pick<CommitContext, 'catalog' | 'signal'>,
  base: LoadedTable,
  key: CommitKey,
): Promise<LoadedTable | undefined> {
  try {
    return findCommit(base.metadata, key) === undefined ? undefined : base
  } catch (error) {
    if (!isMoraineError(error, 'COMMIT_STATE_UNKNOWN')) throw error
    const fresh = await reload(catalog, base, { signal })
    if (findCommit(fresh.metadata, key) !== undefined) return fresh
    throw error
  }
}

function batchesOf(fields: readonly NestedField[], input: Input): AsyncIterable<RecordBatch> {
  if (typeof input !== 'object' || input === null) throw notIterable()
  if (isArrowRows(input)) return conformBatches(fields, input)
  if (Array.isArray(input)) return batchesOfItems(fields, input[0], input)
  if (isIterable(input)) return peekSync(fields, input[Symbol.iterator]())
  if (isAsyncIterable(input)) return peekAsync(fields, input[Symbol.asyncIterator]())
  throw notIterable()
}

function notIterable() {
  return invalidArgument('append: expected rows, Arrow data, or an iterable of either')
}

/** The first item tells rows from batches. */
function batchesOfItems(
  fields: readonly NestedField[],
  first: unknown,
  items: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncGenerator<RecordBatch> {
  return isArrowRows(first) ? conformBatches(fields, items as ArrowSource) : rowsToBatches(fields, items)
}

async function* peekSync(
  fields: readonly NestedField[],
  iterator: Iterator<unknown>,
): AsyncGenerator<RecordBatch> {
  const first = iterator.next()
  yield* batchesOfItems(fields, first.value, resumed(iterator, first))
}

async function* peekAsync(
  fields: readonly NestedField[],
  iterator: AsyncIterator<unknown>,
): AsyncGenerator<RecordBatch> {
  const first = await iterator.next()
  yield* batchesOfItems(fields, first.value, resumedAsync(iterator, first))
}

/** Goes on from an item that was taken already; leaving it ends the input. */
function* resumed(iterator: Iterator<unknown>, first: IteratorResult<unknown>): Generator<unknown> {
  try {
    for (let item = first; !item.done; item = iterator.next()) yield item.value
  } finally {
    iterator.return?.()
  }
}

async function* resumedAsync(
  iterator: AsyncIterator<unknown>,
  first: IteratorResult<unknown>,
): AsyncGenerator<unknown> {
  try {
    for (let item = first; !item.done; item = await iterator.next()) yield item.value
  } finally {
    await iterator.return?.()
  }
}

function isIterable(input: object): input is Iterable<unknown> {
  return Symbol.iterator in input
}

function isAsyncIterable(input: object): input is AsyncIterable<unknown> {
  return Symbol.asyncIterator in input
}
