/**
 * The one commit loop. Whatever commits (an append, a property change, later a row delta or a compaction) prepares
 * its files once, and hands over an `Operation` whose `stage` is asked anew on every attempt with fresh metadata.
 *
 * Files are cleaned up only after a definite loss: an attempt's own files once a rival is known to have won, the
 * prepared files once the commit is known to have failed. When the outcome is unknown nothing is deleted.
 */
import type { Catalog, CommitResult, LoadedTable } from '../catalog/catalog.ts'
import type { Environment } from '../format/environment.ts'
import { isMoraineError, MoraineError, messageOf } from '../format/errors.ts'
import { readProperty } from '../format/table-properties.ts'
import type { TableRequirement } from '../format/table-requirement.ts'
import type { TableUpdate } from '../format/table-update.ts'
import { throwIfAborted } from '../storage/abort.ts'
import { deleteQuietly } from '../storage/delete-quietly.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { ManifestCache } from './manifest-cache.ts'
import { reload } from './reload.ts'

export interface StagedCommit {
  readonly requirements: readonly TableRequirement[]
  /** No updates: there is nothing to commit (any more), and `base` is the result. */
  readonly updates: readonly TableUpdate[]
  /** Locations of manifest lists that only this attempt needs; deleted when it definitely lost. */
  readonly files: readonly string[]
}

export interface CommitContext {
  readonly catalog: Catalog
  readonly store: ObjectStore
  readonly environment: Environment
  /** Keeps manifests that are read. */
  readonly manifests?: ManifestCache | undefined
  readonly signal?: AbortSignal
}

/** Something to commit, prepared once. */
export interface Operation {
  /** Asked on every attempt with fresh metadata; keeps what was prepared. */
  stage(base: LoadedTable, attempt: number): Promise<StagedCommit>
  /** Deletes all that was written. Called when nothing of it was committed or can be, and only then. */
  discard(): Promise<void>
}

/**
 * Commits onto `base`, and onto what came after it while races are lost, under the table's `commit.retry.*`
 * properties. Resolves to the committed version.
 *
 * Throws COMMIT_CONFLICT when the retries are spent, NOT_FOUND when the table is gone or another one took its name,
 * COMMIT_STATE_UNKNOWN when the outcome cannot be learnt.
 */
export async function commit(
  context: CommitContext,
  base: LoadedTable,
  operation: Operation,
): Promise<LoadedTable> {
  try {
    return await commitWithRetries(context, base, operation)
  } catch (error) {
    if (!isOutcomeUnknown(error)) await operation.discard().catch(() => undefined)
    throw error
  }
}

async function commitWithRetries(
  context: CommitContext,
  base: LoadedTable,
  operation: Operation,
): Promise<LoadedTable> {
  const retry = retryPolicy(base)
  const startedAt = context.environment.now()
  let current = base
  for (let attempt = 0; ; attempt++) {
    throwIfAborted(context.signal)
    const { staged, onto } = await stage(context, current, operation, attempt)
    current = onto
    if (staged.updates.length === 0) {
      await operation.discard().catch(() => undefined)
      return current
    }
    const outcome = await attemptCommit(context, current, staged)
    if (outcome.status === 'committed') return outcome.table
    const elapsed = context.environment.now() - startedAt
    const isLast = attempt >= retry.numRetries || elapsed > retry.totalTimeoutMs
    if (!isLast) await backOff(context, retry, attempt)
    current = await reload(context.catalog, base, { signal: context.signal })
    if (hasLanded(current, staged)) return current
    if (isLast) throw outOfRetries(base, attempt + 1, outcome.reason)
    await deleteQuietly(context.store, staged.files)
  }
}

/** Stages onto `base`, or onto the newest version when the files of `base` are gone: expired since, or purged. */
async function stage(
  context: CommitContext,
  base: LoadedTable,
  operation: Operation,
  attempt: number,
): Promise<{ readonly staged: StagedCommit; readonly onto: LoadedTable }> {
  try {
    return { staged: await operation.stage(base, attempt), onto: base }
  } catch (error) {
    if (!isMoraineError(error, 'INVALID_DATA')) throw error
    const fresh = await reload(context.catalog, base, { signal: context.signal })
    if (fresh.metadataLocation === base.metadataLocation) throw error
    return { staged: await operation.stage(fresh, attempt), onto: fresh }
  }
}

/** An error that the catalog did not classify may come from anywhere, so it leaves the outcome unknown too. */
async function attemptCommit(
  context: CommitContext,
  base: LoadedTable,
  staged: StagedCommit,
): Promise<CommitResult> {
  const { requirements, updates } = staged
  const request = { identifier: base.identifier, requirements, updates, base }
  try {
    return await context.catalog.commitTable(request, { signal: context.signal })
  } catch (error) {
    if (!isMoraineError(error) || error.code === 'COMMIT_STATE_UNKNOWN') {
      const found = await findLanded(context, base, staged)
      if (found !== undefined) return { status: 'committed', table: found }
      throw isMoraineError(error) ? error : unknownOutcome(base, error)
    }
    if (await isStale(context, base, error)) return { status: 'conflict', reason: error.message }
    throw error
  }
}

/** What is there has landed; what is not there may be on its way still. */
async function findLanded(
  context: CommitContext,
  base: LoadedTable,
  staged: StagedCommit,
): Promise<LoadedTable | undefined> {
  try {
    const fresh = await reload(context.catalog, base)
    return hasLanded(fresh, staged) ? fresh : undefined
  } catch {
    return undefined
  }
}

/** Staged on metadata that has moved on in what no requirement asserts: a lost race like any other. */
async function isStale(context: CommitContext, base: LoadedTable, error: MoraineError): Promise<boolean> {
  if (error.code === 'COMMIT_CONFLICT') return error.retryable
  if (error.code !== 'INVALID_ARGUMENT') return false
  const fresh = await reload(context.catalog, base, { signal: context.signal })
  return fresh.metadataLocation !== base.metadataLocation
}

/** A catalog that took its own commit for a rival's: committing again would double the rows. */
function hasLanded({ metadata }: LoadedTable, { files }: StagedCommit): boolean {
  return metadata.snapshots.some(
    ({ manifestList }) => manifestList !== undefined && files.includes(manifestList),
  )
}

function isOutcomeUnknown(error: unknown): boolean {
  return isMoraineError(error) && !error.cleanable
}

function unknownOutcome(base: LoadedTable, cause: unknown): MoraineError {
  return new MoraineError(
    'COMMIT_STATE_UNKNOWN',
    `the commit to ${base.identifier.name} may or may not have landed: ${messageOf(cause)}. Reload the table to see`,
    { cause },
  )
}

function outOfRetries(base: LoadedTable, attempts: number, reason: string): MoraineError {
  return new MoraineError(
    'COMMIT_CONFLICT',
    `lost ${attempts} commit races on ${base.identifier.name} (last: ${reason}); nothing was committed. ` +
      'Retry, or raise commit.retry.num-retries',
    { context: { attempts, reason }, retryable: true },
  )
}

interface RetryPolicy {
  readonly numRetries: number
  readonly minWaitMs: number
  readonly maxWaitMs: number
  readonly totalTimeoutMs: number
}

function retryPolicy(base: LoadedTable): RetryPolicy {
  const { properties } = base.metadata
  return {
    numRetries: readProperty(properties, 'commit.retry.num-retries'),
    minWaitMs: readProperty(properties, 'commit.retry.min-wait-ms'),
    maxWaitMs: readProperty(properties, 'commit.retry.max-wait-ms'),
    totalTimeoutMs: readProperty(properties, 'commit.retry.total-timeout-ms'),
  }
}

/** Waits exponentially longer, with up to half of it taken off at random so that rivals part. */
async function backOff(
  { environment, signal }: CommitContext,
  retry: RetryPolicy,
  attempt: number,
): Promise<void> {
  const full = Math.min(retry.minWaitMs * 2 ** attempt, retry.maxWaitMs)
  try {
    await environment.sleep(Math.round(full * (0.5 + environment.random() / 2)), signal)
  } catch (error) {
    throwIfAborted(signal)
    throw error
  }
}
