import { isMoraineError, MoraineError, messageOf } from '../../format/errors.ts'
import type { CatalogContext } from './context.ts'
import { getIfThere } from './read-object.ts'
import { requireSafeStore } from './require-safe-store.ts'

/** Iceberg's `commit.status-check.*`: how long to go on asking whether a write has landed. */
export interface StatusCheck {
  readonly numRetries: number
  readonly minWaitMs: number
  readonly maxWaitMs: number
  readonly totalTimeoutMs: number
}

export const DEFAULT_STATUS_CHECK: StatusCheck = {
  numRetries: 3,
  minWaitMs: 1000,
  maxWaitMs: 60_000,
  totalTimeoutMs: 1_800_000,
}

/**
 * Creates `location` with `body`, once and for all: 'won' if the object is ours, 'lost' if it is another's.
 *
 * A put whose outcome is unknown is sent again, with the same bytes under the same name, until the store answers; a
 * name that is taken is ours if the bytes are, at the first answer too: something below may have sent the put twice.
 * Nothing less tells, since a put that timed out may land at any later moment. No signal interrupts this.
 *
 * Throws COMMIT_STATE_UNKNOWN when the checks are used up; before anything was sent in doubt, the store's own error,
 * or UNSUPPORTED for a store that lets several writers win.
 */
export async function claimName(
  context: CatalogContext,
  location: string,
  body: Uint8Array,
  check: StatusCheck = DEFAULT_STATUS_CHECK,
): Promise<'won' | 'lost'> {
  await requireSafeStore(context)
  const { store, environment } = context
  const deadline = environment.now() + check.totalTimeoutMs
  let inDoubt = false
  for (let attempt = 0; ; attempt++) {
    try {
      const result = await store.put(location, body, { mode: 'create' })
      if (result.status === 'written') return 'won'
      const found = await getIfThere(store, location, {})
      if (found !== undefined) return Buffer.compare(found, body) === 0 ? 'won' : 'lost'
      if (!inDoubt) return 'lost'
    } catch (error) {
      if (!inDoubt && isDefinite(error)) throw error
      inDoubt = true
      if (attempt >= check.numRetries || environment.now() >= deadline) throw stateUnknown(location, error)
    }
    if (attempt >= check.numRetries) throw stateUnknown(location, undefined)
    await environment.sleep(Math.min(check.minWaitMs * 2 ** attempt, check.maxWaitMs))
  }
}

/** The error for a write that may or may not have landed. */
export function stateUnknown(location: string, cause: unknown): MoraineError {
  const reason = cause === undefined ? 'the object came and went' : messageOf(cause)
  return new MoraineError('COMMIT_STATE_UNKNOWN', `cannot tell whether ${location} was written: ${reason}`, {
    context: { location },
    cause,
  })
}

/** An error of ours that says why nothing was written; anything unforeseen may have come after the write. */
function isDefinite(error: unknown): boolean {
  return isMoraineError(error) && error.code !== 'UNAVAILABLE'
}
