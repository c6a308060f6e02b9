/**
 * The rule for a create-only write whose answer was lost, in its one home. A request that timed out may still land at
 * any later moment, so that neither an error nor a look at the store tells its outcome. What tells: the same bytes
 * sent to the same name until the store says "written" or "taken", and then a look at whose object has the name.
 */
import { isMoraineError, MoraineError, messageOf } from '../format/errors.ts'
import type { PutResult } from './object-store.ts'

export interface CreateOnce<Seen> {
  readonly location: string
  /** Sends the write; always the same bytes to the same name. UNAVAILABLE leaves the outcome open. */
  send(): Promise<PutResult>
  /** The object that has the name now, or undefined. */
  look(): Promise<Seen | undefined>
  /** Whether what `look` found was written by `send`. */
  isOurs(seen: Seen): boolean
  /**
   * Whether nobody else would write the same. Then "taken" is looked into at the first answer too: something on the
   * way may have delivered the request twice.
   */
  readonly isUnique: boolean
  /** Waits before the write is sent again after the `attempt`-th, from 0; false when it shall not be. */
  again(attempt: number): Promise<boolean>
}

/**
 * Writes once and for all. `found`: an earlier send has written it, as `look` saw. `precondition-failed` is a definite
 * loss.
 *
 * Throws UNAVAILABLE, with the last error as cause, when it is not known whether the write has landed, or will; any
 * other error says that it has not.
 */
export async function createOnce<Seen>(
  create: CreateOnce<Seen>,
): Promise<PutResult | { readonly status: 'found'; readonly seen: Seen }> {
  let doubt: unknown
  for (let attempt = 0; ; attempt++) {
    try {
      const result = await create.send()
      if (result.status === 'written') return result
      if (doubt === undefined && !create.isUnique) return result
      const seen = await create.look()
      if (seen !== undefined) return create.isOurs(seen) ? { status: 'found', seen } : result
      if (doubt === undefined) return result
    } catch (error) {
      if (doubt === undefined && isDefinite(error)) throw error
      doubt = error
    }
    if (!(await create.again(attempt))) throw unknownOutcome(create.location, doubt)
  }
}

/** An error of ours that says why nothing was written; anything unforeseen may have come after the write. */
function isDefinite(error: unknown): boolean {
  return isMoraineError(error) && error.code !== 'UNAVAILABLE'
}

function unknownOutcome(location: string, cause: unknown): MoraineError {
  return new MoraineError('UNAVAILABLE', `cannot tell whether ${location} was written: ${messageOf(cause)}`, {
    context: { location },
    cause,
  })
}
