/** Bounds reading ahead, and says when it begins; one for all stages of a reading. */
export interface AheadControl {
  /** Nothing is started ahead of its turn until then. */
  begin(): void
  readonly hasBegun: boolean
  /** Resolves at the next change of any stage. */
  changed(): Promise<void>
  change(): void
}

export interface AheadOptions<T> {
  /** Items started and not yet taken, at most. */
  readonly maxItems: number
  /** Their weight, at most; an item heavier than this starts when its turn comes. */
  readonly maxWeight: number
  readonly weightOf: (item: T) => number
  /** Called when the loop is left before its end, to abort what has been started: it is waited for next. */
  readonly onLeave?: () => void
}

export function aheadControl(): AheadControl {
  let hasBegun = false
  let waiting: (() => void)[] = []
  const change = () => {
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }
  return {
    begin: () => {
      if (hasBegun) return
      hasBegun = true
      change()
    },
    get hasBegun() {
      return hasBegun
    },
    changed: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
      }),
    change,
  }
}

/**
 * Starts items ahead of their turn, and gives their outcomes in order, one for each pull. A failure is thrown at its
 * turn, after what came before it. Items are taken from the source one by one, and no more than fit. Leaving the loop
 * early waits until nothing runs any more of what has been started, and ends the source.
 */
export async function* readAhead<T, U>(
  items: AsyncIterable<T>,
  start: (item: T) => Promise<U>,
  control: AheadControl,
  { maxItems, maxWeight, weightOf, onLeave }: AheadOptions<T>,
): AsyncGenerator<U> {
  const started: { readonly outcome: Promise<U>; readonly weight: number }[] = []
  let weight = 0
  let wanted = false
  let left = false
  let ended = false

  const hasRoom = (next: number) =>
    (control.hasBegun && started.length < maxItems && weight + next <= maxWeight) ||
    (wanted && started.length === 0)
  const room = async (next: number) => {
    while (!left && !hasRoom(next)) await control.changed()
  }
  const pump = async () => {
    const source = items[Symbol.asyncIterator]()
    try {
      for (;;) {
        await room(0)
        const next = left ? undefined : await source.next()
        if (next === undefined || next.done) return
        const itemWeight = weightOf(next.value)
        await room(itemWeight)
        if (left) return
        const outcome = start(next.value)
        // Thrown when its turn comes; until then it is no unhandled rejection.
        outcome.catch(() => undefined)
        started.push({ outcome, weight: itemWeight })
        weight += itemWeight
        control.change()
      }
    } finally {
      ended = true
      control.change()
      await source.return?.()
    }
  }
  const pumping = pump()
  pumping.catch(() => undefined)

  let isComplete = false
  try {
    for (;;) {
      wanted = true
      control.change()
      while (started.length === 0 && !ended) await control.changed()
      wanted = false
      const first = started.shift()
      if (first === undefined) break
      weight -= first.weight
      control.change()
      yield await first.outcome
    }
    await pumping
    isComplete = true
  } finally {
    left = true
    if (!isComplete) onLeave?.()
    control.change()
    await Promise.allSettled([pumping, ...started.map(({ outcome }) => outcome)])
  }
}
