import { isMoraineError, MoraineError, messageOf } from '../../format/errors.ts'
import { createOnce } from '../../storage/create-once.ts'
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
 * - `won`: the object is ours. The etag is absent when only a look at the object told so.
 * - `lost`: it is another's.
 * - `gone`: the name was taken, and the object is no longer there. Whose it was cannot be told.
 */
export type Claim =
  | { readonly status: 'won'; readonly etag?: string }
  | { readonly status: 'lost' }
  | { readonly status: 'gone' }

/**
 * Creates `location` with `body`, once and for all. The body must be one that nobody else would write. No signal
 * interrupts this.
 *
 * Throws COMMIT_STATE_UNKNOWN when the checks are used up; before anything was sent in doubt, the store's own error,
 * or UNSUPPORTED for a store that lets several writers win.
 */
export async function claimName(
  context: CatalogContext,
  location: string,
  body: Uint8Array,
  check: StatusCheck = DEFAULT_STATUS_CHECK,
): Promise<Claim> {
  await requireSafeStore(context)
  const { store, environment } = context
  const deadline = environment.now() + check.totalTimeoutMs
  let isGone = false
  try {
    const result = await createOnce({
      location,
      send: () => store.put(location, body, { mode: 'create' }),
      async look() {
        const found = await getIfThere(store, location, {})
        isGone = found === undefined
        return found
      },
      isOurs: (found) => Buffer.compare(found, body) === 0,
      isUnique: true,
      async again(attempt) {
        if (attempt >= check.numRetries || environment.now() >= deadline) return false
        await environment.sleep(Math.min(check.minWaitMs * 2 ** attempt, check.maxWaitMs))
        return true
      },
    })
    switch (result.status) {
      case 'written':
        return { status: 'won', etag: result.etag }
      case 'found':
        return { status: 'won' }
      case 'precondition-failed':
        return { status: isGone ? 'gone' : 'lost' }
    }
  } catch (error) {
    throw isMoraineError(error, 'UNAVAILABLE') ? stateUnknown(location, error.cause) : error
  }
}

/** The error for a write that may or may not have landed. */
export function stateUnknown(location: string, cause: unknown): MoraineError {
  return new MoraineError(
    'COMMIT_STATE_UNKNOWN',
    `cannot tell whether ${location} was written: ${messageOf(cause)}`,
    { context: { location }, cause },
  )
}
