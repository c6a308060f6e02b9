import { describe, expect, it } from 'vitest'
import { and, day, eq, gtEq, identity, lt, type ScanTask, schema, startsWith, t } from '../../index.ts'
import { openParquet } from '../../readers/parquet-source.ts'
import { code, collect, memoryLake, rowsOf } from './support.ts'

const trips = schema({
  id: t.long().required(),
  city: t.string(),
  at: t.timestamptz(),
  fare: t.struct({ total: t.double(), parts: t.list(t.struct({ name: t.string(), cents: t.long() })) }),
  notes: t.map(t.string(), t.string()),
})

const trip = (id: number, city: string, at: string) => ({
  id,
  city,
  at,
  fare: { total: id / 2, parts: [{ name: 'base', cents: id * 50 }] },
  notes: { by: `driver ${id}` },
})

/** Three days in two cities, a file each, in three commits. */
async function tripsTable() {
  const memory = await memoryLake()
  let table = await memory.lake.createTable('taxi.trips', {
    schema: trips,
    partitionBy: [identity('city'), day('at')],
  })
  const times: number[] = []
  for (const date of ['2026-01-01', '2026-01-02', '2026-01-03']) {
    const first = times.length * 10
    table = await table.append([
      trip(first, 'Graz', `${date}T08:00:00Z`),
      trip(first + 1, 'Wien', `${date}T09:00:00Z`),
      trip(first + 2, 'Wien', `${date}T10:00:00.123456Z`),
    ])
    times.push(table.currentSnapshot!.timestampMs)
  }
  memory.calls.length = 0
  return { ...memory, table, times }
}

const ids = async (scan: { rows(): AsyncIterable<unknown> }) =>
  (await collect(scan.rows())).map((row) => (row as { id: bigint }).id).sort((a, b) => Number(a - b))

describe('a scan', () => {
  it('reads all columns of all rows, or those asked for, at any depth', async () => {
    const { table } = await tripsTable()
    const rows = await rowsOf(table.scan({ where: eq('id', 12) }))
    expect(rows).toEqual([
      {
        id: 12n,
        city: 'Wien',
        at: 1767348000123456n,
        fare: { total: 6, parts: [{ name: 'base', cents: 600n }] },
        notes: new Map([['by', 'driver 12']]),
      },
    ])
    const some = table.scan({ select: ['fare.parts.element.cents', 'id'], where: eq('id', 12) })
    expect(await rowsOf(some)).toEqual([{ id: 12n, fare: { parts: [{ cents: 600n }] } }])
    expect(some.fields.map((field) => field.name)).toEqual(['id', 'fare'])
    const first = await rowsOf(table.scan({ select: [['fare', 'total']], limit: 1 }))
    expect(Object.keys(first[0]!)).toEqual(['fare'])
  })

  it('gives timestamps as Dates where asked to', async () => {
    const { table } = await tripsTable()
    const [row] = await collect(
      table.scan({ select: ['at'], where: eq('id', 2) }).rows({ timestamps: 'date' }),
    )
    expect(row).toEqual({ at: new Date('2026-01-01T10:00:00.123Z') })
  })

  it('prunes by partition and by column metrics, and tells how much', async () => {
    const { table } = await tripsTable()
    const scan = table.scan({ where: and(eq('city', 'Wien'), gtEq('at', '2026-01-02T00:00:00Z')) })
    expect(scan.report).toEqual({ manifests: 0, manifestsRead: 0, files: 0, filesPlanned: 0, deleteFiles: 0 })
    expect(await ids(scan)).toEqual([11n, 12n, 21n, 22n])
    expect(scan.report).toEqual({ manifests: 3, manifestsRead: 2, files: 4, filesPlanned: 2, deleteFiles: 0 })

    const byMetrics = table.scan({ where: and(gtEq('id', 20), lt('id', 21)) })
    expect(await ids(byMetrics)).toEqual([20n])
    expect(byMetrics.report).toEqual({
      manifests: 3,
      manifestsRead: 3,
      files: 6,
      filesPlanned: 1,
      deleteFiles: 0,
    })
    expect(await ids(table.scan({ where: startsWith('city', 'Gr') }))).toEqual([0n, 10n, 20n])
  })

  it('reads what was current at a snapshot, a time or a ref', async () => {
    const { table, times } = await tripsTable()
    const [first, second, third] = table.snapshots.map((snapshot) => snapshot.snapshotId)
    const count = async (at: Parameters<typeof table.scan>[0]) => (await rowsOf(table.scan(at))).length
    expect(await count({ at: { snapshotId: first! } })).toBe(3)
    expect(await count({ at: { snapshotId: second! } })).toBe(6)
    expect(await count({ at: { timestamp: times[0]! } })).toBe(3)
    expect(await count({ at: { timestamp: times[1]! - 1 } })).toBe(3)
    expect(await count({ at: { timestamp: new Date(times[2]!) } })).toBe(9)
    expect(await count({ at: { ref: 'main' } })).toBe(9)
    expect(table.scan({ at: { snapshotId: second! } }).snapshot?.snapshotId).toBe(second)
    expect(table.scan().snapshot?.snapshotId).toBe(third)
  })

  it.each([
    ['an unknown snapshot', { at: { snapshotId: 1n } }, 'NOT_FOUND'],
    ['a time before history', { at: { timestamp: 0 } }, 'NOT_FOUND'],
    ['an unknown ref', { at: { ref: 'dev' } }, 'NOT_FOUND'],
    ['no date', { at: { timestamp: new Date(Number.NaN) } }, 'INVALID_ARGUMENT'],
    ['a negative limit', { limit: -1 }, 'INVALID_ARGUMENT'],
    ['half a row', { limit: 1.5 }, 'INVALID_ARGUMENT'],
    ['an unknown column', { select: ['town'] }, 'INVALID_ARGUMENT'],
    ['an unknown column in where', { where: eq('town', 1) }, 'INVALID_ARGUMENT'],
    ['a literal of another type', { where: eq('id', 'one') }, 'INVALID_ARGUMENT'],
  ])('refuses %s at once', async (_, options, expected) => {
    const { table } = await tripsTable()
    expect(() => table.scan(options as never)).toThrow(code(expected))
  })

  it('reads a snapshot with its own schema, and a branch with that of the table', async () => {
    const { lake, table, store, environment } = await tripsTable()
    const { objectStoreCatalog } = await import('../../catalog/object-store-catalog.ts')
    const catalog = objectStoreCatalog({ store, warehouse: lake.warehouse, environment })
    const before = table.currentSnapshot!.snapshotId
    const { lastColumnId } = table.metadata
    await catalog.commitTable({
      identifier: table.identifier,
      requirements: [],
      updates: [
        {
          action: 'add-schema',
          schema: {
            schemaId: 1,
            identifierFieldIds: [],
            fields: [
              { ...table.schema.fields[0]!, name: 'number' },
              { ...table.schema.fields[1]! },
              { ...table.schema.fields[2]! },
              { id: lastColumnId + 1, name: 'fare', type: { kind: 'string' }, required: false },
            ],
          },
        },
        { action: 'set-current-schema', schemaId: -1 },
      ],
    })
    const now = await table.refresh()
    const [current] = await rowsOf(now.scan({ where: eq('number', 12) }))
    expect(current).toEqual({ number: 12n, city: 'Wien', at: 1767348000123456n, fare: null })
    const [then] = await rowsOf(now.scan({ at: { snapshotId: before }, where: eq('id', 12) }))
    expect(then).toMatchObject({ id: 12n, fare: { total: 6 } })
    expect(now.scan({ at: { ref: 'main' } }).fields.map((field) => field.name)).toContain('number')
  })

  it('stops fetching at the limit', async () => {
    const { table, calls } = await tripsTable()
    expect(await rowsOf(table.scan({ limit: 0 }))).toEqual([])
    expect(calls).toEqual([])
    expect(await rowsOf(table.scan({ limit: 1 }))).toHaveLength(1)
    expect(new Set(calls.filter(isData).map(({ location }) => location)).size).toBe(1)
    expect(calls.filter(({ location }) => /-m\d+\.avro$/.test(location))).toHaveLength(1)
    expect(await rowsOf(table.scan({ limit: 4 }))).toHaveLength(4)
    expect(await rowsOf(table.scan({ limit: 100 }))).toHaveLength(9)
    // The limit counts rows that match.
    expect(await rowsOf(table.scan({ limit: 2, where: eq('city', 'Wien') }))).toHaveLength(2)
  })

  it('stops fetching when the loop is left', async () => {
    const { table, calls } = await tripsTable()
    for await (const _ of table.scan().rows()) break
    const after = calls.length
    expect(new Set(calls.filter(isData).map(({ location }) => location)).size).toBe(1)
    await new Promise(setImmediate)
    expect(calls).toHaveLength(after)
  })

  it('fetches nothing before the first pull', async () => {
    const { table, calls } = await tripsTable()
    const scan = table.scan()
    scan.tasks()
    scan.batches()
    scan.rows()
    await new Promise(setImmediate)
    expect(calls).toEqual([])
  })

  it('ends with ABORTED when its signal fires', async () => {
    const { table } = await tripsTable()
    const controller = new AbortController()
    const read = async () => {
      for await (const _ of table.scan({ signal: controller.signal }).rows()) controller.abort()
    }
    await expect(read()).rejects.toEqual(code('ABORTED'))
    const tasks = async () => collect(table.scan({ signal: AbortSignal.abort() }).tasks())
    await expect(tasks()).rejects.toEqual(code('ABORTED'))
  })

  it('plans tasks that may go to another thread', async () => {
    const { table } = await tripsTable()
    const tasks = await collect(table.scan({ where: and(eq('city', 'Wien'), gtEq('id', 11)) }).tasks())
    expect(tasks).toHaveLength(2)
    for (const task of tasks) expect(structuredClone(task)).toEqual(task)
    expect(tasks.every((task: ScanTask) => task.deletes.length === 0 && task.sequenceNumber > 0n)).toBe(true)
  })

  it('of a table without rows finds none', async () => {
    const { lake } = await memoryLake()
    const table = await lake.createTable('taxi.trips', { schema: trips })
    const scan = table.scan({ where: eq('id', 1) })
    expect(await rowsOf(scan)).toEqual([])
    expect(await collect(scan.batches())).toEqual([])
    expect(scan.snapshot).toBeUndefined()
  })

  it('reads the metadata columns', async () => {
    const { lake } = await memoryLake()
    const table = await lake.createTable('taxi.trips', {
      schema: schema({ id: t.long(), city: t.string() }),
      partitionBy: ['city'],
      properties: { 'format-version': '3' },
    })
    await table.append([
      { id: 1, city: 'Graz' },
      { id: 2, city: 'Graz' },
    ])
    const after = await table.append([{ id: 3, city: null }])
    const columns = [
      'id',
      '_file',
      '_pos',
      '_spec_id',
      '_partition',
      '_row_id',
      '_last_updated_sequence_number',
    ]
    const rows = (await rowsOf(after.scan({ select: columns }))) as Record<string, unknown>[]
    rows.sort((a, b) => Number((a['id'] as bigint) - (b['id'] as bigint)))
    const file = expect.stringMatching(/\/city=Graz\/.*\.parquet$/)
    expect(rows).toEqual([
      {
        id: 1n,
        _file: file,
        _pos: 0n,
        _spec_id: 0,
        _partition: { city: 'Graz' },
        _row_id: 0n,
        _last_updated_sequence_number: 1n,
      },
      {
        id: 2n,
        _file: file,
        _pos: 1n,
        _spec_id: 0,
        _partition: { city: 'Graz' },
        _row_id: 1n,
        _last_updated_sequence_number: 1n,
      },
      {
        id: 3n,
        _file: expect.stringContaining('city=null'),
        _pos: 0n,
        _spec_id: 0,
        _partition: { city: null },
        _row_id: 2n,
        _last_updated_sequence_number: 2n,
      },
    ])
  })

  it('reads files of two partition specs', async () => {
    const { lake, table, store, environment } = await tripsTable()
    const { objectStoreCatalog } = await import('../../catalog/object-store-catalog.ts')
    const catalog = objectStoreCatalog({ store, warehouse: lake.warehouse, environment })
    await catalog.commitTable({
      identifier: table.identifier,
      requirements: [],
      updates: [
        {
          action: 'add-spec',
          spec: {
            specId: 1,
            fields: [
              {
                fieldId: 1002,
                name: 'id_bucket',
                sourceIds: [1],
                transform: { kind: 'bucket', numBuckets: 4 },
              },
            ],
          },
        },
        { action: 'set-default-spec', specId: -1 },
      ],
    })
    const fresh = await table.refresh()
    const after = await fresh.append([trip(30, 'Graz', '2026-01-04T08:00:00Z')])
    expect(await ids(after.scan({ where: eq('city', 'Graz') }))).toEqual([0n, 10n, 20n, 30n])
    const rows = await rowsOf(after.scan({ select: ['id', '_spec_id', '_partition'], where: gtEq('id', 22) }))
    expect(rows).toHaveLength(2)
    const files = await collect(after.inspect.files())
    expect(files.map((file) => file.specId).sort()).toEqual([0, 0, 0, 0, 0, 0, 1])
    expect(files.find((file) => file.specId === 1)?.partition).toMatch(/^id_bucket=\d$/)
    expect(await ids(after.scan({ where: eq('id', 30) }))).toEqual([30n])
  })
})

describe('a scan of one nested leaf', () => {
  it('reads little more than the chunks of that leaf', async () => {
    const { lake, store } = await memoryLake()
    const table = await lake.createTable('wide.rows', {
      schema: schema({
        a: t.struct({ b: t.struct({ c: t.double(), d: t.double() }), e: t.long() }),
        g: t.list(t.struct({ h: t.double(), i: t.double() })),
      }),
      properties: { 'write.parquet.compression-codec': 'uncompressed' },
    })
    const rows = Array.from({ length: 130_000 }, (_, n) => ({
      a: { b: { c: Math.sin(n), d: Math.cos(n) }, e: n },
      g: [{ h: Math.tan(n), i: n / 3 }],
    }))
    const after = await table.append(rows)
    const [file] = await collect(after.inspect.files())
    const input = await openParquet(store, file!.filePath, file!.fileSizeInBytes, undefined)
    for (const [leaf, path] of [
      ['a.b.c', 'a.b.c'],
      ['g.element.h', 'g.list.element.h'],
    ] as const) {
      const wanted = input.footer.rowGroups
        .flatMap((group) => group.columns)
        .filter((chunk) => chunk.pathInSchema.join('.') === path)
        .reduce((sum, chunk) => sum + Number(chunk.totalCompressedSize), 0)
      const before = store.counters.bytesRead
      let count = 0
      for await (const batch of after.scan({ select: [leaf] }).batches()) count += batch.numRows
      const read = store.counters.bytesRead - before
      expect(count).toBe(130_000)
      expect(read).toBeGreaterThanOrEqual(wanted)
      expect(read).toBeLessThan(wanted * 1.1)
      expect(read).toBeLessThan(Number(file!.fileSizeInBytes) / 3)
    }
  })
})

function isData({ location }: { readonly location: string }): boolean {
  return location.endsWith('.parquet')
}
