import { describe, expect, it } from 'vitest'
import { connect, schema, type Table, t } from '../../index.ts'
import { code, locationsIn, memoryLake, rowsOf } from './support.ts'

const options = { schema: schema({ id: t.long().required() }) }

/** A table of so many appends, each of one row. */
async function tableOf(appends: number) {
  const world = await memoryLake()
  let table: Table = (await world.lake.createTable('shop.orders', options)) as never
  for (let id = 1; id <= appends; id++) table = await table.append([{ id }])
  const idOf = (index: number) => table.snapshots[index]!.snapshotId
  return { ...world, table, idOf }
}

async function idsOf(table: Table, ref: string): Promise<unknown[]> {
  return (await rowsOf(table.scan({ at: { ref } }))).map((row) => row['id']).sort()
}

describe('a branch', () => {
  it('is created at the current snapshot of the version at hand, or where it is told', async () => {
    const { table, idOf } = await tableOf(3)
    await table.append([{ id: 4 }])
    let after = await table.createBranch('here')
    after = await after.createBranch('there', { at: { snapshotId: idOf(0) } })
    after = await after.createBranch('beside', {
      at: { ref: 'there' },
      minSnapshotsToKeep: 3,
      maxRefAgeMs: 9,
    })
    expect(Object.fromEntries(after.refs)).toEqual({
      main: { type: 'branch', snapshotId: after.currentSnapshot!.snapshotId },
      here: { type: 'branch', snapshotId: idOf(2) },
      there: { type: 'branch', snapshotId: idOf(0) },
      beside: { type: 'branch', snapshotId: idOf(0), minSnapshotsToKeep: 3, maxRefAgeMs: 9 },
    })
    expect(await idsOf(after, 'here')).toEqual([1n, 2n, 3n])
  })

  it('of a table without snapshots begins with an empty one, and main stays without', async () => {
    const { table } = await tableOf(0)
    const created = await table.createBranch('audit', { maxSnapshotAgeMs: 5 })
    expect(created.currentSnapshot).toBeUndefined()
    expect(created.refs.get('audit')).toMatchObject({ type: 'branch', maxSnapshotAgeMs: 5 })
    expect(await idsOf(created, 'audit')).toEqual([])
    const appended = await created.append([{ id: 1 }], { branch: 'audit' })
    expect(await idsOf(appended, 'audit')).toEqual([1n])
    await expect(appended.createBranch('audit')).rejects.toEqual(code('ALREADY_EXISTS'))
  })

  it('is moved anywhere by replacing it, and its retention stays', async () => {
    const { table, idOf } = await tableOf(3)
    const created = await table.createBranch('audit', { minSnapshotsToKeep: 2 })
    const moved = await created.replaceBranch('audit', { snapshotId: idOf(0) })
    expect(moved.refs.get('audit')).toEqual({ type: 'branch', snapshotId: idOf(0), minSnapshotsToKeep: 2 })
    const main = await moved.replaceBranch('main', { ref: 'audit' })
    expect(main.currentSnapshot!.snapshotId).toBe(idOf(0))
    expect(main.metadata.snapshotLog.at(-1)!.snapshotId).toBe(idOf(0))
  })

  it('is fast-forwarded only along history, or made where it was not', async () => {
    const { table } = await tableOf(2)
    let after = await table.createBranch('audit')
    after = await after.append([{ id: 3 }], { branch: 'audit' })
    after = await after.fastForward('main', 'audit')
    expect(await idsOf(after, 'main')).toEqual([1n, 2n, 3n])
    const again = await after.fastForward('main', 'audit')
    expect(again.metadataLocation).toBe(after.metadataLocation)
    const apart = await (await after.append([{ id: 4 }])).append([{ id: 5 }], { branch: 'audit' })
    await expect(apart.fastForward('main', 'audit')).rejects.toEqual(code('VALIDATION_FAILED'))
    const made = await apart.fastForward('new', 'audit')
    expect(await idsOf(made, 'new')).toEqual([1n, 2n, 3n, 5n])
  })

  it('is rolled back to an ancestor, by id or by time', async () => {
    const { table, idOf } = await tableOf(4)
    const back = await table.rollbackTo({ snapshotId: idOf(1) })
    expect(await idsOf(back, 'main')).toEqual([1n, 2n])
    const second = back.snapshots[1]!.timestampMs
    for (const timestamp of [second, new Date(second)]) {
      expect(await idsOf(await back.rollbackTo({ timestamp }), 'main')).toEqual([1n])
    }
    await expect(back.rollbackTo({ snapshotId: idOf(3) })).rejects.toEqual(code('VALIDATION_FAILED'))
    await expect(back.rollbackTo({ snapshotId: 1n })).rejects.toEqual(code('NOT_FOUND'))
    await expect(back.rollbackTo({ timestamp: 0 })).rejects.toEqual(code('NOT_FOUND'))
    const appended = await (await back.refresh()).append([{ id: 9 }])
    expect(await idsOf(appended, 'main')).toEqual([1n, 9n])
  })

  it('is renamed and dropped, main never', async () => {
    const { table } = await tableOf(1)
    let after = await table.createBranch('a', { maxRefAgeMs: 7 })
    after = await after.renameBranch('a', 'b')
    expect([...after.refs.keys()].sort()).toEqual(['b', 'main'])
    expect(after.refs.get('b')).toMatchObject({ maxRefAgeMs: 7 })
    after = await after.dropBranch('b')
    expect([...after.refs.keys()]).toEqual(['main'])
    expect(after.snapshots).toHaveLength(1)
    for (const call of [after.dropBranch('main'), after.renameBranch('main', 'm')]) {
      await expect(call).rejects.toEqual(code('INVALID_ARGUMENT'))
    }
    await expect(after.dropBranch('b')).rejects.toEqual(code('NOT_FOUND'))
    await expect(after.renameBranch('b', 'c')).rejects.toEqual(code('NOT_FOUND'))
  })
})

describe('a tag', () => {
  it('is created, moved and dropped', async () => {
    const { table, idOf } = await tableOf(2)
    let after = await table.createTag('v1', { maxRefAgeMs: 1000 })
    expect(after.refs.get('v1')).toEqual({ type: 'tag', snapshotId: idOf(1), maxRefAgeMs: 1000 })
    after = await after.replaceTag('v1', { snapshotId: idOf(0) })
    expect(await idsOf(after, 'v1')).toEqual([1n])
    after = await after.dropTag('v1')
    expect(after.refs.has('v1')).toBe(false)
  })

  it('is no branch', async () => {
    const { table, idOf } = await tableOf(1)
    const tagged = await table.createTag('v1')
    const at = { snapshotId: idOf(0) }
    const calls = [
      () => tagged.dropBranch('v1'),
      () => tagged.dropTag('main'),
      () => tagged.replaceBranch('v1', at),
      () => tagged.replaceTag('main', at),
      () => tagged.renameBranch('v1', 'v2'),
      () => tagged.rollbackTo(at, { branch: 'v1' }),
      () => tagged.fastForward('v1', 'main'),
      () => tagged.setRetention('v1', { minSnapshotsToKeep: 1 }),
      () => tagged.append([{ id: 2 }], { branch: 'v1' }),
    ]
    for (const call of calls) await expect(call()).rejects.toEqual(code('INVALID_ARGUMENT'))
    expect(() => tagged.createTag('v2', { minSnapshotsToKeep: 1 } as never)).toThrow(code('INVALID_ARGUMENT'))
  })

  it('of a table without snapshots is NOT_FOUND', async () => {
    const { table } = await tableOf(0)
    await expect(table.createTag('v1')).rejects.toEqual(code('NOT_FOUND'))
  })
})

describe('the retention of a reference', () => {
  it('is changed limit by limit, and taken away by null', async () => {
    const { table } = await tableOf(1)
    let after = await table.setRetention('main', { minSnapshotsToKeep: 3, maxSnapshotAgeMs: 10 })
    after = await after.setRetention('main', { minSnapshotsToKeep: null, maxRefAgeMs: 20 })
    const snapshotId = after.currentSnapshot!.snapshotId
    const expected = { type: 'branch', snapshotId, maxSnapshotAgeMs: 10, maxRefAgeMs: 20 }
    expect(after.refs.get('main')).toEqual(expected)
    expect((await after.append([{ id: 2 }])).refs.get('main')).toMatchObject({ maxSnapshotAgeMs: 10 })
  })

  it.each([0, -1, 1.5, Number.NaN, '5'])('is no %j', async (limit) => {
    const { table } = await tableOf(1)
    const wrong = { minSnapshotsToKeep: limit as never }
    await expect(table.setRetention('main', wrong)).rejects.toEqual(code('INVALID_ARGUMENT'))
    await expect(table.createBranch('b', wrong)).rejects.toEqual(code('INVALID_ARGUMENT'))
  })
})

describe('changes to references', () => {
  it('meet those that others have made meanwhile', async () => {
    const { table, lake } = await tableOf(2)
    const stale = (await lake.loadTable('shop.orders')) as unknown as Table
    const tagged = await table.createTag('v1')
    await expect(stale.createTag('v1')).rejects.toEqual(code('ALREADY_EXISTS'))
    const both = await stale.createTag('v2')
    expect([...both.refs.keys()].sort()).toEqual(['main', 'v1', 'v2'])
    await both.dropTag('v1')
    await expect(tagged.dropTag('v1')).rejects.toEqual(code('NOT_FOUND'))
    // The branch that main was to be forwarded to has moved on: so does main.
    const branched = await both.createBranch('audit')
    await branched.append([{ id: 3 }], { branch: 'audit' })
    expect(await idsOf(await branched.fastForward('main', 'audit'), 'main')).toEqual([1n, 2n, 3n])
  })

  it('name what is not there', async () => {
    const { table } = await tableOf(1)
    const nowhere = { snapshotId: 5n }
    const calls = [
      () => table.createBranch('b', { at: nowhere }),
      () => table.createTag('v', { at: { ref: 'gone' } }),
      () => table.replaceBranch('main', nowhere),
      () => table.fastForward('main', 'gone'),
      () => table.rollbackTo(nowhere, { branch: 'gone' }),
      () => table.setRetention('gone', { maxRefAgeMs: 1 }),
    ]
    for (const call of calls) await expect(call()).rejects.toEqual(code('NOT_FOUND'))
    for (const name of ['', 7, null]) {
      await expect(table.createBranch(name as never)).rejects.toEqual(code('INVALID_ARGUMENT'))
    }
  })

  it('write metadata alone, and nothing when there is nothing to change', async () => {
    const { table, store, idOf } = await tableOf(1)
    const before = await locationsIn(store)
    const created = await table.createBranch('audit')
    expect(await locationsIn(store)).toHaveLength(before.length + 1)
    const same = await created.replaceBranch('audit', { snapshotId: idOf(0) })
    expect(same.metadataLocation).toBe(created.metadataLocation)
  })

  it('are there for a new process', async () => {
    const { table, store, environment } = await tableOf(1)
    await table.createTag('v1')
    const lake = await connect('memory://lake/wh', { store, environment })
    expect((await lake.loadTable('shop.orders')).refs.has('v1')).toBe(true)
  })
})
