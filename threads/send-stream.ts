import { once } from 'node:events'
import type { MessagePort } from 'node:worker_threads'
import type { Parcel } from './messages.ts'
import type { StreamAnswer, StreamMessage } from './receive-stream.ts'

/** A value of a stream; `weight` counts against the stream's window. */
export interface StreamParcel extends Parcel {
  readonly weight: number
}

/**
 * The sending side of a stream between threads: sends values as they come, and stops at the window until the other
 * side has taken enough of them. Resolves when all are sent, or when the other side has left; it is left in between
 * values, since making one keeps this thread busy. Errors are thrown, and not sent.
 */
export async function sendStream(
  port: MessagePort,
  values: Iterable<StreamParcel>,
  window: number,
): Promise<void> {
  let inFlight = 0
  let left = false
  port.on('message', ({ taken }: StreamAnswer) => {
    inFlight -= taken
  })
  port.once('close', () => {
    left = true
  })
  try {
    for (const { value, transfer = [], weight } of values) {
      const message: StreamMessage = { value, weight }
      port.postMessage(message, transfer)
      inFlight += weight
      await turn()
      while (!left && inFlight > window) await Promise.race([once(port, 'message'), once(port, 'close')])
      if (left) return
    }
    const end: StreamMessage = { end: true }
    port.postMessage(end)
  } finally {
    port.close()
  }
}

/** Lets messages arrive. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
