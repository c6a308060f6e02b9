import {
  Table as ArrowTable,
  Int32,
  RecordBatch,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  vectorFromArray,
} from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { schema, t } from '../../index.ts'
import { code, collect, locationsIn, memoryLake, rowsOf } from './support.ts'

const orders = schema({ id: t.int().required(), city: t.string() })
const three = [
  { id: 1, city: 'Graz' },
  { id: 2, city: null },
  { id: 3, city: 'Wien' },
]

async function ordersTable(properties: Readonly<Record<string, string>> = {}) {
  const memory = await memoryLake()
  const table = await memory.lake.createTable('shop.orders', { schema: orders, properties })
  return { ...memory, table }
}

function arrowTable(): ArrowTable {
  return tableFromArrays({ id: Int32Array.from([1, 2, 3]), city: ['Graz', null, 'Wien'] })
}

describe('append takes', () => {
  const batches = () => arrowTable().batches
  const inputs = {
    'an array of rows': () => three,
    'a set of rows': () => new Set(three),
    'a generator of rows': function* () {
      yield* three
    },
    'an async generator of rows': async function* () {
      yield* three
    },
    'a web stream of rows': () =>
      new ReadableStream({
        start(controller) {
          for (const row of three) controller.enqueue(row)
          controller.close()
        },
      }),
    'an Arrow table': () => arrowTable(),
    'an Arrow table of another origin': () => tableFromIPC(tableToIPC(arrowTable())),
    'a record batch': () => batches()[0]!,
    'an array of record batches': () => batches(),
    'an async stream of record batches': async function* () {
      yield* batches()
    },
  }

  it.each(Object.entries(inputs))('%s', async (_, input) => {
    const { table } = await ordersTable()
    const after = await table.append(input() as typeof three)
    expect(await rowsOf(after.scan())).toEqual(three)
    expect(after.currentSnapshot?.summary).toMatchObject({ 'added-records': '3', 'total-records': '3' })
    expect(await rowsOf(table.scan())).toEqual([])
  })

  it.each(['text', 7, null, undefined, { id: 1, city: 'Graz' }])('no %j', async (input) => {
    const { table, store } = await ordersTable()
    const before = await locationsIn(store)
    await expect(table.append(input as never)).rejects.toEqual(code('INVALID_ARGUMENT'))
    expect(await locationsIn(store)).toEqual(before)
  })

  it.each([
    ['an empty array', () => []],
    ['an empty generator', async function* () {}],
    ['an Arrow table without rows', () => arrowTable().slice(0, 0)],
    [
      'a stream of empty batches',
      async function* () {
        yield arrowTable().batches[0]!.slice(0, 0)
      },
    ],
  ])('%s and commits nothing', async (_, input) => {
    const { table, store } = await ordersTable()
    const before = await locationsIn(store)
    const after = await table.append(input() as never)
    expect(after.metadataLocation).toBe(table.metadataLocation)
    expect(await locationsIn(store)).toEqual(before)
  })

  it('a row that is used again for the next one', async () => {
    const { table } = await ordersTable()
    const row = { id: 0, city: '' }
    const after = await table.append(
      (function* () {
        for (let i = 0; i < 1000; i++) {
          row.id = i
          row.city = `c${i}`
          yield row
        }
      })(),
    )
    const rows = await rowsOf(after.scan())
    expect(rows.map(({ id, city }) => [id, city])).toEqual(rows.map((_, i) => [i, `c${i}`]))
    expect(rows).toHaveLength(1000)
  })

  it('entries for the summary, but none that the commit owns, and says so before it writes', async () => {
    const { table, store, calls } = await ordersTable()
    const after = await table.append(three, { summary: { 'job-id': '7' } })
    expect(after.currentSnapshot?.summary).toMatchObject({ 'job-id': '7', 'engine-name': 'moraine' })
    const before = await locationsIn(store)
    calls.length = 0
    const refused = table.append(three, { summary: { 'total-records': '9' } })
    await expect(refused).rejects.toEqual(code('INVALID_ARGUMENT'))
    expect(await locationsIn(store)).toEqual(before)
    expect(calls).toEqual([])
  })
})

describe('a source of rows', () => {
  it('is pulled no faster than files are written', async () => {
    const { table, calls } = await ordersTable({
      'write.target-file-size-bytes': '20000',
      'write.parquet.row-group-size-bytes': '20000',
    })
    let pulled = 0
    const waiting: number[] = []
    let written = 0
    const rows = (async function* () {
      for (; pulled < 400_000; pulled++) {
        if (pulled % 10_000 === 0) {
          const closed = calls.filter(
            ({ call, location }) => call === 'close' && location.endsWith('.parquet'),
          ).length
          written = closed
          waiting.push(pulled)
        }
        yield { id: pulled, city: `city ${(pulled * 7919) % 100_003}` }
      }
    })()
    const after = await table.append(rows)
    const files = await collect(after.inspect.files())
    // Had the source been drained first, no file would have been closed by its last rows.
    expect(written).toBeGreaterThan(files.length / 2)
    expect(waiting).toHaveLength(40)
    expect(files.reduce((sum, file) => sum + file.recordCount, 0n)).toBe(400_000n)
  })

  it.each(['sync', 'async'])(
    'that throws fails the append with its error, and leaves nothing (%s)',
    async (kind) => {
      const { table, store } = await ordersTable()
      const before = await locationsIn(store)
      let finished = false
      function* source() {
        try {
          yield* three
          throw new RangeError('the source broke')
        } finally {
          finished = true
        }
      }
      async function* asyncSource() {
        yield* source()
      }
      const outcome = table.append(kind === 'sync' ? source() : asyncSource())
      await expect(outcome).rejects.toThrow(new RangeError('the source broke'))
      expect(finished).toBe(true)
      expect(await locationsIn(store)).toEqual(before)
    },
  )

  it.each(['sync', 'async'])('is ended when a row does not fit, and nothing is left (%s)', async (kind) => {
    const { table, store } = await ordersTable()
    const before = await locationsIn(store)
    let finished = false
    function* source() {
      try {
        yield* three
        yield { id: 'four', city: 'Linz' } as never
        for (;;) yield { id: 5, city: 'Linz' }
      } finally {
        finished = true
      }
    }
    async function* asyncSource() {
      yield* source()
    }
    const failure = await table
      .append(kind === 'sync' ? source() : asyncSource())
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', context: { row: 3, path: 'id' } })
    expect(finished).toBe(true)
    expect(await locationsIn(store)).toEqual(before)
  })

  it('is ended by the signal, and nothing is left', async () => {
    const { table, store } = await ordersTable({ 'write.parquet.row-group-size-bytes': '1000' })
    const before = await locationsIn(store)
    const controller = new AbortController()
    let finished = false
    let pulled = 0
    async function* source() {
      try {
        for (;;) {
          if (++pulled === 100_000) controller.abort()
          yield { id: pulled, city: 'Graz' }
        }
      } finally {
        finished = true
      }
    }
    const outcome = table.append(source(), { signal: controller.signal })
    await expect(outcome).rejects.toEqual(code('ABORTED'))
    expect(finished).toBe(true)
    expect(pulled).toBeLessThan(200_000)
    expect(await locationsIn(store)).toEqual(before)
  })

  it('is not asked at all when the signal has fired before', async () => {
    const { table } = await ordersTable()
    let asked = false
    const source = {
      [Symbol.iterator]() {
        asked = true
        return three[Symbol.iterator]()
      },
    }
    await expect(table.append(source, { signal: AbortSignal.abort() })).rejects.toEqual(code('ABORTED'))
    expect(asked).toBe(false)
  })
})

describe('append', () => {
  it('refuses Arrow data with a column that the table lacks, by name', async () => {
    const { table } = await ordersTable()
    const stray = new ArrowTable({
      id: vectorFromArray([1], new Int32()),
      stray: vectorFromArray([1], new Int32()),
    })
    const outcome = table.append(stray)
    await expect(outcome).rejects.toEqual(code('INVALID_ARGUMENT'))
    await expect(outcome).rejects.toThrow('stray')
    expect(stray.batches[0]).toBeInstanceOf(RecordBatch)
  })

  it('onto a view that is not the newest adds to the newest', async () => {
    const { table } = await ordersTable()
    await table.append([three[0]!])
    const after = await table.append([three[1]!])
    expect(await rowsOf(after.scan())).toHaveLength(2)
    const again = await table.refresh()
    expect(again.metadataLocation).toBe(after.metadataLocation)
  })

  it('of many at once keeps them all', async () => {
    const { table } = await ordersTable({ 'commit.retry.num-retries': '50' })
    await Promise.all(Array.from({ length: 12 }, (_, i) => table.append([{ id: i, city: null }])))
    const rows = await rowsOf((await table.refresh()).scan())
    expect(rows.map(({ id }) => id).sort((a, b) => a - b)).toEqual(rows.map((_, i) => i))
    expect(rows).toHaveLength(12)
  })
})
