import { describe, expect, test } from 'vitest'
import { mapJobs } from '../../threads/map-jobs.ts'

/** Jobs that end when they are told to. */
function heldJobs() {
  const held = new Map<number, { resolve: (output: string) => void; reject: (error: Error) => void }>()
  const job = (input: number) =>
    new Promise<string>((resolve, reject) => {
      held.set(input, { resolve, reject })
    })
  return { job, held }
}

const tick = () => new Promise((resolve) => setImmediate(resolve))

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

describe('mapping jobs', () => {
  test('gives outputs in the order of the inputs, whatever ends first', async () => {
    const { job, held } = heldJobs()
    const outputs = collect(mapJobs([0, 1, 2], job, { window: 3 }))
    await tick()
    held.get(2)!.resolve('two')
    held.get(1)!.resolve('one')
    held.get(0)!.resolve('zero')
    expect(await outputs).toEqual(['zero', 'one', 'two'])
  })

  test('gives outputs as they come where order does not matter', async () => {
    const { job, held } = heldJobs()
    const outputs = collect(mapJobs([0, 1, 2], job, { window: 3, ordered: false }))
    await tick()
    for (const [input, output] of [[2, 'two'] as const, [0, 'zero'] as const, [1, 'one'] as const]) {
      held.get(input)!.resolve(output)
      await tick()
    }
    expect(await outputs).toEqual(['two', 'zero', 'one'])
  })

  test.each([true, false])('takes no more inputs than the window holds (ordered: %s)', async (ordered) => {
    let taken = 0
    function* inputs() {
      for (; taken < 100; taken++) yield taken
    }
    const outputs = mapJobs(inputs(), async (input) => input, { window: 3, ordered })
    for (let i = 0; i < 5; i++) {
      await outputs.next()
      expect(taken - i).toBeLessThanOrEqual(3)
    }
    await outputs.return(undefined)
    expect(taken).toBeLessThan(10)
  })

  test('the first failure ends it and takes no more, and later ones disturb nobody', async () => {
    let ended = false
    function* inputs() {
      try {
        for (let i = 0; ; i++) yield i
      } finally {
        ended = true
      }
    }
    const job = async (input: number) => {
      throw new Error(`job ${input}`)
    }
    await expect(collect(mapJobs(inputs(), job, { window: 4 }))).rejects.toThrow('job 0')
    await tick()
    expect(ended).toBe(true)
  })
})
