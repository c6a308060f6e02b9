import type { RecordBatch } from 'apache-arrow'

/**
 * The rows of batches, one by one. A row of a batch that is there costs one resolved promise; an async generator takes
 * several turns of the microtask queue for it, which is a quarter of the time that a row takes. Ends with the first
 * failure; `return` ends the batches.
 */
export function rowIterator<R>(
  batches: AsyncGenerator<RecordBatch>,
  rowsOf: (batch: RecordBatch) => (index: number) => R,
): AsyncGenerator<R> {
  let rowAt: ((index: number) => R) | undefined
  let at = 0
  let count = 0
  let loading: Promise<boolean> | undefined
  let isEnded = false

  const load = async (): Promise<boolean> => {
    try {
      const pulled = await batches.next()
      // What comes after the end was asked for before it.
      if (isEnded || pulled.done) return false
      rowAt = rowsOf(pulled.value)
      at = 0
      count = pulled.value.numRows
      return true
    } finally {
      loading = undefined
    }
  }
  const take = (): IteratorResult<R, undefined> => ({ done: false, value: rowAt!(at++) })
  const end = async (): Promise<void> => {
    isEnded = true
    count = 0
    rowAt = undefined
    await batches.return(undefined)
  }
  const failed = async (error: unknown): Promise<never> => {
    await end()
    throw error
  }
  const takeLater = async (): Promise<IteratorResult<R, undefined>> => {
    while (at >= count) {
      loading ??= load()
      if (!(await loading)) return { done: true, value: undefined }
    }
    try {
      return take()
    } catch (error) {
      return failed(error)
    }
  }
  return {
    next: () => {
      if (at >= count) return takeLater()
      try {
        return Promise.resolve(take())
      } catch (error) {
        return failed(error)
      }
    },
    return: async (value) => {
      await end()
      return { done: true, value: await value }
    },
    throw: failed,
    [Symbol.asyncIterator]() {
      return this
    },
    [Symbol.asyncDispose]: end,
  }
}
