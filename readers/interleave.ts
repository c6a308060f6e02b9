/**
 * The values of several streams as they come, each stream's own in order. Streams are taken from `streams` while fewer
 * than `width` run. Leaving ends all of them; the first failure is thrown.
 */
export async function* interleave<T>(
  streams: AsyncIterable<AsyncIterable<T>>,
  width: number,
): AsyncGenerator<T> {
  type Event = { readonly from: AsyncIterator<T> | undefined; readonly next: IteratorResult<unknown> }
  const source = streams[Symbol.asyncIterator]()
  const running = new Map<AsyncIterator<T>, Promise<Event>>()
  let opening: Promise<Event> | undefined
  let isExhausted = false
  const pull = (from: AsyncIterator<T>) => {
    const event = from.next().then((next): Event => ({ from, next }))
    event.catch(() => undefined)
    running.set(from, event)
  }
  try {
    for (;;) {
      if (!isExhausted && opening === undefined && running.size < width) {
        opening = source.next().then((next): Event => ({ from: undefined, next }))
        opening.catch(() => undefined)
      }
      const events = [...running.values(), ...(opening === undefined ? [] : [opening])]
      if (events.length === 0) return
      const { from, next } = await Promise.race(events)
      if (from === undefined) {
        opening = undefined
        if (next.done) isExhausted = true
        else pull((next.value as AsyncIterable<T>)[Symbol.asyncIterator]())
      } else if (next.done) {
        running.delete(from)
      } else {
        // Asked for before the consumer is done with this one.
        pull(from)
        yield next.value as T
      }
    }
  } finally {
    await source.return?.()
    await Promise.allSettled([...running.keys()].map((iterator) => iterator.return?.()))
  }
}
