import { setMaxListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { type AheadControl, aheadControl, readAhead } from '../../readers/read-ahead.ts'

/** Items that start when they are told to, and settle when they are told to. */
function bench() {
  const settle = new Map<number, { resolve(): void; reject(error: Error): void }>()
  const control = aheadControl()
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  const pulled: number[] = []
  let isEnded = false
  async function* numbers(count: number) {
    try {
      for (let i = 0; i < count; i++) {
        pulled.push(i)
        yield i
      }
    } finally {
      isEnded = true
    }
  }
  const start = (item: number) =>
    new Promise<number>((resolve, reject) => {
      settle.set(item, { resolve: () => resolve(item), reject })
      controller.signal.addEventListener('abort', () => reject(new Error('aborted')))
    })
  const run = (count: number, limits: { maxItems: number; maxWeight: number }, weightOf = (_: number) => 1) =>
    readAhead(numbers(count), start, control, { ...limits, weightOf, onLeave: () => controller.abort() })
  return {
    settle,
    control,
    controller,
    pulled,
    run,
    isEnded: () => isEnded,
    started: () => [...settle.keys()],
  }
}

const turn = () => new Promise(setImmediate)
const wide = { maxItems: 10, maxWeight: 10 }

async function begun(control: AheadControl) {
  control.begin()
  await turn()
}

describe('reading ahead', () => {
  test('starts nothing before it is pulled, and one at a time before it has begun', async () => {
    const { run, started, settle } = bench()
    const items = run(5, wide)
    await turn()
    expect(started()).toEqual([])
    const first = items.next()
    await turn()
    expect(started()).toEqual([0])
    settle.get(0)!.resolve()
    expect(await first).toEqual({ done: false, value: 0 })
    await turn()
    expect(started()).toEqual([0])
    await items.return(undefined)
  })

  test('then starts as many as fit, by number and by weight, and keeps their order', async () => {
    const { run, started, settle, control, pulled } = bench()
    const items = run(9, { maxItems: 3, maxWeight: 10 }, (item) => (item === 4 ? 9 : 3))
    const first = items.next()
    await begun(control)
    settle.get(0)!.resolve()
    expect((await first).value).toBe(0)
    await turn()
    expect(started()).toEqual([0, 1, 2, 3])
    expect(pulled.length).toBeLessThanOrEqual(5)
    settle.get(3)!.resolve()
    settle.get(1)!.resolve()
    expect((await items.next()).value).toBe(1)
    await turn()
    // Two of three are taken by 2 and 3, and 4 is too heavy beside them.
    expect(started()).toEqual([0, 1, 2, 3])
    settle.get(2)!.resolve()
    expect((await items.next()).value).toBe(2)
    expect((await items.next()).value).toBe(3)
    await turn()
    expect(started()).toEqual([0, 1, 2, 3, 4])
    await items.return(undefined)
  })

  test('an item heavier than all that may be ahead starts at its turn', async () => {
    const { run, started, settle, control } = bench()
    const items = run(2, { maxItems: 3, maxWeight: 10 }, () => 11)
    const first = items.next()
    await begun(control)
    settle.get(0)!.resolve()
    await first
    await turn()
    expect(started()).toEqual([0])
    const second = items.next()
    await turn()
    expect(started()).toEqual([0, 1])
    settle.get(1)!.resolve()
    expect((await second).value).toBe(1)
    expect(await items.next()).toEqual({ done: true, value: undefined })
  })

  test('a failure is thrown at its turn, ends the source and aborts the rest', async () => {
    const { run, settle, control, controller, isEnded } = bench()
    const items = run(5, wide)
    const first = items.next()
    await begun(control)
    settle.get(1)!.reject(new Error('no bytes'))
    await turn()
    settle.get(0)!.resolve()
    expect((await first).value).toBe(0)
    await expect(items.next()).rejects.toThrow('no bytes')
    expect(controller.signal.aborted).toBe(true)
    expect(isEnded()).toBe(true)
    expect(await items.next()).toEqual({ done: true, value: undefined })
  })

  test('leaving early aborts what runs and waits for it', async () => {
    const { run, settle, control, controller, isEnded, pulled } = bench()
    const items = run(20, wide)
    const first = items.next()
    await begun(control)
    settle.get(0)!.resolve()
    await first
    await items.return(undefined)
    expect(controller.signal.aborted).toBe(true)
    expect(isEnded()).toBe(true)
    expect(pulled.length).toBeLessThan(13)
  })

  test('a source that fails is heard after what it gave', async () => {
    const control = aheadControl()
    async function* failing() {
      yield 1
      throw new Error('no more manifests')
    }
    const items = readAhead(failing(), async (item) => item, control, { ...wide, weightOf: () => 1 })
    control.begin()
    expect((await items.next()).value).toBe(1)
    await expect(items.next()).rejects.toThrow('no more manifests')
  })
})
