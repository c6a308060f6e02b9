import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Exchange, exchange } from '../../../storage/s3/exchange.ts'

const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })
const KiB = 1024

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** Work that never settles, and how it ended. */
function hanging(sentBytes = 0, signal?: AbortSignal) {
  let running: Exchange | undefined
  let error: unknown
  exchange({ action: 'read x', timeoutMs: 1000, sentBytes, signal }, (given) => {
    running = given
    return new Promise(() => undefined)
  }).catch((thrown: unknown) => {
    error = thrown
  })
  return { running: running!, error: () => error }
}

describe('an exchange that hangs', () => {
  it('ends when the answer does not begin in time, and stops the request', async () => {
    const { running, error } = hanging()
    await vi.advanceTimersByTimeAsync(999)
    expect(error()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(error()).toEqual(code('UNAVAILABLE'))
    expect(running.signal.aborted).toBe(true)
  })

  it('gives a large request a second more for each 128 KiB', async () => {
    const { error } = hanging(1280 * KiB)
    await vi.advanceTimersByTimeAsync(10_999)
    expect(error()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(error()).toEqual(code('UNAVAILABLE'))
  })

  it('lasts while pieces of its body come, and ends when they stop', async () => {
    const { running, error } = hanging()
    running.begins(1280 * KiB)
    for (let i = 0; i < 10; i++) {
      await vi.advanceTimersByTimeAsync(900)
      running.progresses()
    }
    expect(error()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1000)
    expect(error()).toEqual(code('UNAVAILABLE'))
  })

  it('ends when the pieces come too slowly for the whole', async () => {
    const { running, error } = hanging()
    running.begins(128 * KiB)
    for (let i = 0; i < 4; i++) {
      await vi.advanceTimersByTimeAsync(500)
      running.progresses()
    }
    expect(error()).toEqual(code('UNAVAILABLE'))
  })

  it("ends at once when the caller's signal fires", async () => {
    const controller = new AbortController()
    const { running, error } = hanging(0, controller.signal)
    controller.abort()
    await vi.advanceTimersByTimeAsync(0)
    expect(error()).toEqual(code('ABORTED'))
    expect(running.signal.aborted).toBe(true)
  })
})

it('an exchange that ends leaves no timer, and no listener', async () => {
  const { signal } = new AbortController()
  const removed = vi.spyOn(signal, 'removeEventListener')
  const limits = { action: 'read x', timeoutMs: 1000, sentBytes: 0, signal }
  expect(await exchange(limits, async () => 'done')).toBe('done')
  await vi.advanceTimersByTimeAsync(0)
  expect(vi.getTimerCount()).toBe(0)
  expect(removed).toHaveBeenCalledOnce()
})
