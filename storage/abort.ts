import { MoraineError } from '../format/errors.ts'

/** Throws ABORTED, with the signal's reason as cause, once the caller's signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new MoraineError('ABORTED', 'the call was aborted by its signal', { cause: signal.reason })
}
