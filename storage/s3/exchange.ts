import { MoraineError } from '../../format/errors.ts'
import { throwIfAborted } from '../abort.ts'

export interface ExchangeLimits {
  /** For messages: `read s3://bucket/key`. */
  readonly action: string
  /** For the request and the body of its answer; `allowFor` extends it. */
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** One request and its answer, body included. */
export interface Exchange {
  /** Fires when the time is up or the caller aborts. */
  readonly signal: AbortSignal
  /** Gives more time for a body of so many bytes. */
  allowFor(bytes: number): void
}

/** The slowest transfer that is waited for, beyond `timeoutMs`: a second for each MiB. */
const MIN_BYTES_PER_MS = (1024 * 1024) / 1000

/**
 * Runs `work` until the time is up or the caller aborts, even when it never settles itself: a client may wait for
 * ever for a connection, credentials, or the rest of a body.
 *
 * Throws UNAVAILABLE when the time is up, ABORTED when the caller's signal fires.
 */
export function exchange<T>(limits: ExchangeLimits, work: (exchange: Exchange) => Promise<T>): Promise<T> {
  const { action, signal } = limits
  throwIfAborted(signal)
  return new Promise((resolve, reject) => {
    const controller = new AbortController()
    const startedAt = performance.now()
    let limitMs = limits.timeoutMs
    let timer: NodeJS.Timeout
    const finish = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    const stop = (error: MoraineError) => {
      finish()
      reject(error)
      controller.abort(error)
    }
    const onAbort = () =>
      stop(new MoraineError('ABORTED', 'the call was aborted by its signal', { cause: signal?.reason }))
    const onTime = () => {
      const leftMs = startedAt + limitMs - performance.now()
      if (leftMs > 0) timer = setTimeout(onTime, leftMs)
      else stop(tooSlow(action, limitMs))
    }
    const allowFor = (bytes: number) => {
      limitMs += bytes / MIN_BYTES_PER_MS
    }
    timer = setTimeout(onTime, limitMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    work({ signal: controller.signal, allowFor }).then(resolve, reject).finally(finish)
  })
}

function tooSlow(action: string, limitMs: number): MoraineError {
  const timeoutMs = Math.round(limitMs)
  return new MoraineError('UNAVAILABLE', `cannot ${action}: no full answer within ${timeoutMs} ms`, {
    context: { timeoutMs },
  })
}
