import { MessageChannel, type MessagePort } from 'node:worker_threads'

/** What the sender says. */
export type StreamMessage = { readonly value: unknown; readonly weight: number } | { readonly end: true }

/** What the receiver says: the weight of the values that it has taken. */
export interface StreamAnswer {
  readonly taken: number
}

/** The receiving side of a stream between threads. */
export interface ReceivedStream<T> {
  /** To be transferred to the thread that runs `sendStream`. */
  readonly port: MessagePort
  /** Ends the stream: the sender stops, and `values` ends as its job does. */
  close(): void
  /** In order, once. `sending` is the job that sends: when it fails, its error is thrown. Leaving closes the stream. */
  values(sending: Promise<unknown>): AsyncGenerator<T>
}

export function receiveStream<T>(): ReceivedStream<T> {
  const { port1, port2 } = new MessageChannel()
  const arrived: { readonly value: T; readonly weight: number }[] = []
  let isEnded = false
  let wake = () => {}
  port1.on('message', (message: StreamMessage) => {
    if ('end' in message) isEnded = true
    else arrived.push(message as { value: T; weight: number })
    wake()
  })
  // While nobody waits for values, what keeps the process alive is the job that sends.
  port1.unref()
  const close = () => {
    isEnded = true
    port1.close()
    wake()
  }
  return {
    port: port2,
    close,
    async *values(sending) {
      let failure: { readonly error: unknown } | undefined
      sending.catch((error) => {
        failure = { error }
        wake()
      })
      try {
        for (;;) {
          const next = arrived.shift()
          if (next !== undefined) {
            const answer: StreamAnswer = { taken: next.weight }
            port1.postMessage(answer)
            yield next.value
          } else if (failure !== undefined) {
            throw failure.error
          } else if (isEnded) {
            // A stream that was closed may not look like one that is complete: the job knows.
            await sending
            return
          } else {
            // The job may be done before the last values have arrived.
            port1.ref()
            await new Promise<void>((resolve) => {
              wake = resolve
            })
            port1.unref()
          }
        }
      } finally {
        close()
      }
    },
  }
}
