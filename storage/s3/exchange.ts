import { MoraineError } from '../../format/errors.ts'
import { throwIfAborted } from '../abort.ts'

export interface ExchangeLimits {
  /** For messages: `read s3://bucket/key`. */
  readonly action: string
  /** Until the answer begins, and then from each piece of its body to the next. */
  readonly timeoutMs: number
  /** Bytes of the request's body, which may take time of their own. */
  readonly sentBytes: number
  readonly signal: AbortSignal | undefined
}

/** One request and its answer, body included. */
export interface Exchange {
  /** Fires when the time is up or the caller aborts. */
  readonly signal: AbortSignal
  /** Told when the answer begins, with the bytes that its body shall have at most. */
  begins(bytes: number): void
  /** Told when a piece of the body has come. */
  progresses(): void
}

/** A body in either direction may take `timeoutMs` and a second more for each of so many bytes, and no longer. */
const SLOWEST_BYTES_PER_SECOND = 128 * 1024

/**
 * Runs `work` until the time is up or the caller aborts, even when it never settles itself: a client may wait for
 * ever for a connection, credentials, or the rest of a body.
 *
 * Throws UNAVAILABLE when the time is up, ABORTED when the caller's signal fires.
 */
export function exchange<T>(limits: ExchangeLimits, work: (exchange: Exchange) => Promise<T>): Promise<T> {
  const { action, timeoutMs, sentBytes, signal } = limits
  throwIfAborted(signal)
  return new Promise((resolve, reject) => {
    const controller = new AbortController()
    const startedAt = performance.now()
    let deadline = startedAt + timeoutMs + slowestMs(sentBytes)
    let nextDue = deadline
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
      const leftMs = Math.min(deadline, nextDue) - performance.now()
      if (leftMs > 0) timer = setTimeout(onTime, leftMs)
      else stop(tooSlow(action, performance.now() - startedAt))
    }
    const progresses = () => {
      nextDue = performance.now() + timeoutMs
    }
    const begins = (bytes: number) => {
      deadline += slowestMs(bytes)
      progresses()
    }
    timer = setTimeout(onTime, deadline - startedAt)
    signal?.addEventListener('abort', onAbort, { once: true })
    work({ signal: controller.signal, begins, progresses }).then(resolve, reject).finally(finish)
  })
}

function slowestMs(bytes: number): number {
  return (1000 * bytes) / SLOWEST_BYTES_PER_SECOND
}

function tooSlow(action: string, elapsedMs: number): MoraineError {
  const afterMs = Math.round(elapsedMs)
  return new MoraineError(
    'UNAVAILABLE',
    `cannot ${action}: no answer, or no more of it, after ${afterMs} ms`,
    {
      context: { afterMs },
    },
  )
}
