import { describe, expect, it } from 'vitest'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { schema, t } from '../../index.ts'
import { code, memoryLake, rowsOf } from './support.ts'

const options = { schema: schema({ id: t.long().required() }) }

describe('append', () => {
  it('with a commit id that is there makes no request and pulls no input', async () => {
    const { lake, calls } = await memoryLake()
    const created = await lake.createTable('shop.orders', options)
    const table = await created.append([{ id: 1 }], { commitId: 'load-1' })
    calls.length = 0
    let pulled = 0
    const rows = function* () {
      pulled++
      yield { id: 1 }
    }
    expect((await table.append(rows(), { commitId: 'load-1' })).metadataLocation).toBe(table.metadataLocation)
    expect([pulled, calls]).toEqual([0, []])
    // A view from before the commit learns of it when it commits; nothing stays behind.
    const late = await created.append([{ id: 1 }], { commitId: 'load-1' })
    expect(late.snapshots).toHaveLength(1)
    const deleted = calls.filter(({ call }) => call === 'delete').map(({ location }) => location)
    expect(deleted.some((location) => location.endsWith('.parquet'))).toBe(true)
    expect(await rowsOf(late.scan())).toEqual([{ id: 1n }])
  })

  it('of no rows is committed where it has a commit id, so that it is once too', async () => {
    const { lake } = await memoryLake()
    const created = await lake.createTable('shop.orders', options)
    expect((await created.append([])).snapshots).toHaveLength(0)
    const empty = await created.append([], { commitId: 'load-1' })
    expect(empty.currentSnapshot?.summary).toMatchObject({ 'total-records': '0', 'total-data-files': '0' })
    expect((await empty.append([{ id: 1 }], { commitId: 'load-1' })).snapshots).toHaveLength(1)
    const table = await empty.append([{ id: 2 }], { commitId: { id: 'load-2', after: 'load-1' } })
    expect(await rowsOf(table.scan())).toEqual([{ id: 2n }])
  })

  it('with a commit id that the newest version holds finds it, though the view at hand cannot tell', async () => {
    const { lake, store, environment } = await memoryLake()
    const created = await lake.createTable('shop.orders', options)
    const first = await created.append([{ id: 1 }])
    await first.append([{ id: 2 }])
    const catalog = objectStoreCatalog({ store, warehouse: 'memory://lake/wh', environment })
    await catalog.commitTable({
      identifier: { namespace: ['shop'], name: 'orders' },
      requirements: [],
      updates: [{ action: 'remove-snapshots', snapshotIds: [first.currentSnapshot!.snapshotId] }],
    })
    const trimmed = await first.refresh()
    await expect(trimmed.append([{ id: 3 }], { commitId: 'load-3' })).rejects.toEqual(
      code('COMMIT_STATE_UNKNOWN'),
    )
    const since = environment.now() + 120_000
    await trimmed.append([{ id: 3 }], { commitId: { id: 'load-3', since } })
    const again = await trimmed.append([{ id: 3 }], { commitId: 'load-3' })
    expect(again.snapshots).toHaveLength(2)
    expect((await rowsOf(again.scan())).map(({ id }) => id).sort()).toEqual([1n, 2n, 3n])
  })

  it('writes to a branch, which is read by its name', async () => {
    const { lake } = await memoryLake()
    const created = await lake.createTable('shop.orders', options)
    const main = await created.append([{ id: 1 }])
    const table = await main.append([{ id: 2 }], { branch: 'audit' })
    expect(await rowsOf(table.scan())).toEqual([{ id: 1n }])
    expect(await rowsOf(table.scan({ at: { ref: 'audit' } }))).toEqual([{ id: 2n }, { id: 1n }])
  })

  it.each([{ branch: '' }, { branch: 7 }, { commitId: '' }, { commitId: { id: 'a', since: Number.NaN } }])(
    'refuses %j before anything is written',
    async (given) => {
      const { lake, calls } = await memoryLake()
      const table = await lake.createTable('shop.orders', options)
      calls.length = 0
      await expect(table.append([{ id: 1 }], given as never)).rejects.toEqual(code('INVALID_ARGUMENT'))
      expect(calls).toEqual([])
    },
  )
})
