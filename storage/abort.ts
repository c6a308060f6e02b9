import { setMaxListeners } from 'node:events'
import { MoraineError } from '../format/errors.ts'

/** Throws ABORTED, with the signal's reason as cause, once the caller's signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new MoraineError('ABORTED', 'the call was aborted by its signal', { cause: signal.reason })
}

/**
 * A signal that fires with any of these, for calls that are under way side by side: each listens, and of a caller's own
 * signal Node warns at the eleventh listener.
 */
export function manyListeners(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  const own = AbortSignal.any(signals.filter((signal) => signal !== undefined))
  setMaxListeners(0, own)
  return own
}
