/**
 * Before the first write to a store, its create-only puts are raced: a store that lets two writers win one name would
 * lose commits without a word. Once per process and store; never for reads.
 */
import { createHash } from 'node:crypto'
import { isMoraineError, MoraineError, messageOf, unsupported } from '../../format/errors.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import type { ProbeReport } from '../../storage/probe/probe-report.ts'
import { type ProbedStore, probeQuickly } from '../../storage/probe/probe-store.ts'
import type { CatalogContext } from './context.ts'

/** Probes made or under way, by the store's description or, where it has none, by the store. */
const byDescription = new Map<string, Promise<ProbeReport>>()
const byStore = new WeakMap<ObjectStore, Promise<ProbeReport>>()

/**
 * Throws UNSUPPORTED when the store lets more than one writer win a name, and what keeps the probe from an answer:
 * UNAUTHORIZED, or UNAVAILABLE, after which the next write asks again.
 */
export async function requireSafeStore(context: CatalogContext): Promise<void> {
  const { store, warehouse, isProbed } = context
  if (!isProbed || store.capabilities.exclusiveCreate) return
  const report = await probeOnce(context)
  const failed = report.checks.find(({ result }) => result === 'red')
  if (failed === undefined) return
  throw unsupported(
    `nothing is written to ${warehouse}: its store lets several writers win one name, and commits would be lost. ` +
      `${failed.name}: ${failed.seen}. Use a store that honours If-None-Match on PUT; \`moraine doctor ${warehouse}\` says more`,
    { warehouse, check: failed.name },
  )
}

async function probeOnce(probed: ProbedStore): Promise<ProbeReport> {
  const key = describedAs(probed)
  const known = key === undefined ? byStore.get(probed.store) : byDescription.get(key)
  if (known !== undefined) return known
  const probe = probeQuickly(probed)
  if (key === undefined) byStore.set(probed.store, probe)
  else byDescription.set(key, probe)
  try {
    return await probe
  } catch (error) {
    if (key === undefined) byStore.delete(probed.store)
    else byDescription.delete(key)
    throw withAdvice(probed, error)
  }
}

/** A hash, for a description may hold credentials. Undefined for a store that cannot be described. */
function describedAs({ store, warehouse }: ProbedStore): string | undefined {
  try {
    const { kind, options } = store.describe()
    const parts = [warehouse, kind, ...Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))]
    return createHash('sha256').update(parts.flat().join('\0')).digest('hex')
  } catch (error) {
    if (isMoraineError(error, 'UNSUPPORTED')) return undefined
    throw error
  }
}

function withAdvice({ warehouse }: ProbedStore, error: unknown): unknown {
  if (!isMoraineError(error)) return error
  return new MoraineError(
    error.code,
    `nothing is written to ${warehouse} before its store is probed, and the probe below ${warehouse}/_moraine/probe/ failed: ` +
      `${messageOf(error)}. Where the role may not write or delete there, run \`moraine doctor\` with one that may, and connect with probe: false`,
    { context: error.context, cause: error, retryable: error.retryable },
  )
}
