import { expect, test } from 'vitest'
import { interleave } from '../../readers/interleave.ts'

async function* slow(name: string, turns: number, count: number, log: string[] = []) {
  try {
    for (let i = 0; i < count; i++) {
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
      yield `${name}${i}`
    }
  } finally {
    log.push(`${name} ended`)
  }
}

test('streams that are ready go first, each in its own order, and no more run than asked for', async () => {
  const log: string[] = []
  async function* streams(): AsyncGenerator<AsyncIterable<string>> {
    for (const [name, turns] of [
      ['a', 9],
      ['b', 1],
      ['c', 1],
    ] as const) {
      log.push(`${name} opened`)
      yield slow(name, turns, 3, log)
    }
  }
  const found = await collect(interleave(streams(), 2))
  expect(found.indexOf('b2')).toBeLessThan(found.indexOf('a1'))
  expect(log.indexOf('c opened')).toBeGreaterThan(log.indexOf('b ended'))
  for (const name of ['a', 'b', 'c']) {
    expect(found.filter((value) => value.startsWith(name))).toEqual([0, 1, 2].map((i) => `${name}${i}`))
  }
})

test('leaving ends every stream and the source of them', async () => {
  const log: string[] = []
  async function* streams() {
    try {
      for (const name of ['a', 'b', 'c']) yield slow(name, 1, 1000, log)
    } finally {
      log.push('source ended')
    }
  }
  for await (const value of interleave(streams(), 2)) if (value === 'b2') break
  expect(log.sort()).toEqual(['a ended', 'b ended', 'source ended'])
})

test('the first failure is thrown, and ends the others', async () => {
  const log: string[] = []
  async function* broken() {
    await new Promise(setImmediate)
    yield 'x'
    throw new Error('broken')
  }
  async function* streams() {
    yield slow('a', 1, 1000, log)
    yield broken()
  }
  await expect(collect(interleave(streams(), 2))).rejects.toThrow('broken')
  expect(log).toEqual(['a ended'])
})

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}
