/** Rows from someone who writes them to someone who pulls them, with bounded room between. */
export class RowQueue<T> implements AsyncIterable<T> {
  readonly #maxRows: number
  #rows: T[] = []
  #isEnded = false
  #onRows: (() => void) | undefined
  #onRoom: (() => void)[] = []

  constructor(maxRows: number) {
    this.#maxRows = maxRows
  }

  /** Resolves when there is room for more. */
  async push(rows: readonly T[]): Promise<void> {
    for (const row of rows) this.#rows.push(row)
    this.#wakeReader()
    while (this.#rows.length >= this.#maxRows && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#onRoom.push(resolve)
      })
    }
  }

  /** No more rows will come. */
  end(): void {
    this.#isEnded = true
    this.#wakeReader()
    this.#wakeWriters()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for (;;) {
        while (this.#rows.length === 0) {
          if (this.#isEnded) return
          await new Promise<void>((resolve) => {
            this.#onRows = resolve
          })
        }
        const rows = this.#rows
        this.#rows = []
        this.#wakeWriters()
        yield* rows
      }
    } finally {
      // Nobody pulls any more: who writes must not wait.
      this.#rows = []
      this.end()
    }
  }

  #wakeReader(): void {
    const wake = this.#onRows
    this.#onRows = undefined
    wake?.()
  }

  #wakeWriters(): void {
    const waiting = this.#onRoom
    this.#onRoom = []
    for (const wake of waiting) wake()
  }
}
