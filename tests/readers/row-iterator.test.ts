import type { RecordBatch } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { longType } from '../../format/types.ts'
import { rowIterator } from '../../readers/row-iterator.ts'
import { batchOf, required } from './support.ts'

const fields = [required(1, 'id', longType)]
const batchFrom = (from: number, count: number) =>
  batchOf(
    fields,
    Array.from({ length: count }, (_, i) => ({ id: BigInt(from + i) })),
  )
const idsOf = (batch: RecordBatch) => (index: number) =>
  (batch.data.children[0]!.values as BigInt64Array)[index]!

describe('rows of batches', () => {
  function batches(sizes: readonly number[]) {
    const state = { pulled: 0, ended: false }
    async function* source() {
      try {
        let from = 0
        for (const size of sizes) {
          await new Promise(setImmediate)
          state.pulled++
          yield batchFrom(from, size)
          from += size
        }
      } finally {
        state.ended = true
      }
    }
    return { state, rows: rowIterator(source(), idsOf) }
  }

  test('come in order, over batches of any size, and each once when asked for at once', async () => {
    const { rows } = batches([2, 0, 3, 1])
    const asked = Array.from({ length: 8 }, () => rows.next())
    const found = await Promise.all(asked)
    expect(found.map(({ value }) => value)).toEqual([0n, 1n, 2n, 3n, 4n, 5n, undefined, undefined])
    expect(found.map(({ done }) => done)).toEqual([...Array(6).fill(false), true, true])
  })

  test('pull no batch before they need it, and end the batches when they are left', async () => {
    const { rows, state } = batches([2, 2, 2])
    expect(state.pulled).toBe(0)
    for await (const id of rows) if (id === 2n) break
    expect(state).toEqual({ pulled: 2, ended: true })
    expect(await rows.next()).toEqual({ done: true, value: undefined })
  })

  test('are over once they are left, also while a batch is awaited', async () => {
    const { rows } = batches([2, 2])
    const pending = rows.next()
    await rows.return(undefined)
    await pending
    expect(await rows.next()).toEqual({ done: true, value: undefined })
  })

  test('that fail end the batches, whether a batch or a row fails', async () => {
    async function* failing() {
      yield batchFrom(0, 1)
      throw new Error('no batch')
    }
    const broken = rowIterator(failing(), idsOf)
    expect((await broken.next()).value).toBe(0n)
    await expect(broken.next()).rejects.toThrow('no batch')
    expect((await broken.next()).done).toBe(true)

    let ended = false
    async function* whole() {
      try {
        yield batchFrom(0, 3)
      } finally {
        ended = true
      }
    }
    const rows = rowIterator(whole(), () => (index) => {
      if (index === 1) throw new Error('no row')
      return index
    })
    expect((await rows.next()).value).toBe(0)
    await expect(rows.next()).rejects.toThrow('no row')
    expect(ended).toBe(true)
    expect((await rows.next()).done).toBe(true)
  })
})
