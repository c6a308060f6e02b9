import { describe, expect, it } from 'vitest'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { MoraineError } from '../../format/errors.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import { commitKey, findCommit } from '../../snapshot/commit-id.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import {
  actingBefore,
  append,
  avroFiles,
  rivalAppend,
  rivalUpdate,
  type Started,
  startTable,
  TABLE,
  WAREHOUSE,
  withCommit,
} from './support.ts'

const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })
const commitId = 'job-7/checkpoint-42'

describe('a commit id', () => {
  it('is kept in the summary of its snapshot, with the branch unless that is main', async () => {
    const started = await startTable()
    const first = await append(started.context, started.base, { commitId })
    expect(first.metadata.snapshots[0]!.summary).toMatchObject({ 'moraine.commit-id': commitId })
    expect(first.metadata.snapshots[0]!.summary).not.toHaveProperty(['moraine.commit-branch'])
    const second = await append(started.context, first, { commitId, branch: 'audit' })
    expect(second.metadata.snapshots[1]!.summary).toMatchObject({
      'moraine.commit-id': commitId,
      'moraine.commit-branch': 'audit',
    })
  })

  it('commits once, by another client and below other commits too, and leaves no file', async () => {
    const started = await startTable()
    await append(started.context, started.base, { commitId })
    await rivalAppend(started)
    const environment = testEnvironment(5)
    const catalog = objectStoreCatalog({ store: started.store, warehouse: WAREHOUSE, environment })
    const later = await catalog.loadTable(TABLE)
    const again = await append({ store: started.store, environment, catalog }, later, {
      name: 'again',
      commitId,
    })
    expect(again.metadataLocation).toBe(later.metadataLocation)
    expect(again.metadata.snapshots).toHaveLength(2)
    expect((await avroFiles(started.store)).filter((name) => name.includes('again'))).toEqual([])
  })

  it('is found by a client whose view is older than the commit', async () => {
    const started = await startTable()
    await append(started.rival, started.base, { commitId })
    const again = await append(started.context, started.base, { name: 'again', commitId })
    expect(again.metadata.snapshots).toHaveLength(1)
    expect((await avroFiles(started.store)).filter((name) => name.includes('again'))).toEqual([])
  })

  it('of a twin that commits at the same time is committed once', async () => {
    const started = await startTable()
    const context = actingBefore(started.context, async (attempt) => {
      if (attempt === 0)
        await append(started.rival, await started.rival.catalog.loadTable(TABLE), { commitId })
    })
    const { metadata } = await append(context, started.base, { name: 'ours', commitId })
    expect(metadata.snapshots).toHaveLength(1)
    expect((await avroFiles(started.store)).filter((name) => name.includes('ours'))).toEqual([])
  })

  it('makes a call safe to repeat whose answer was lost', async () => {
    const started = await startTable()
    const { catalog } = started.context
    const silent = {
      ...started.context,
      catalog: {
        ...withCommit(catalog, async (request, options) => {
          await catalog.commitTable(request, options)
          throw new MoraineError('COMMIT_STATE_UNKNOWN', 'no answer')
        }),
        loadTable: async () => {
          throw new MoraineError('UNAVAILABLE', 'no answer')
        },
      },
    }
    await expect(append(silent, started.base, { commitId })).rejects.toEqual(code('COMMIT_STATE_UNKNOWN'))
    const { metadata } = await append(started.context, started.base, { commitId })
    expect(metadata.snapshots).toHaveLength(1)
  })

  it('means another commit on another branch, though the branch begins with the first', async () => {
    const started = await startTable()
    const first = await append(started.context, started.base, { commitId })
    const second = await append(started.context, first, { commitId, branch: 'audit' })
    expect(second.metadata.snapshots).toHaveLength(2)
    const third = await append(started.context, second, { commitId, branch: 'audit' })
    expect(third.metadata.snapshots).toHaveLength(2)
  })

  it('commits again after its snapshot was rolled back', async () => {
    const started = await startTable()
    const first = await rivalAppend(started)
    await append(started.context, first, { commitId })
    const ref = { type: 'branch', snapshotId: first.metadata.currentSnapshotId! } as const
    await rivalUpdate(started, { action: 'set-snapshot-ref', refName: 'main', ref })
    const { metadata } = await append(started.context, await started.rival.catalog.loadTable(TABLE), {
      commitId,
    })
    expect(metadata.snapshots).toHaveLength(3)
  })
})

describe('a commit id where snapshots have expired', () => {
  it('is refused rather than committed again, and leaves what is there', async () => {
    const started = await startTable()
    await append(started.context, started.base, { commitId })
    await rivalAppend(started)
    const trimmed = await expireAllButLast(started)
    const files = await avroFiles(started.store)
    await expect(append(started.context, trimmed, { commitId })).rejects.toEqual(code('COMMIT_STATE_UNKNOWN'))
    expect((await started.rival.catalog.loadTable(TABLE)).metadata.snapshots).toHaveLength(1)
    expect(await avroFiles(started.store)).toEqual(files)
  })

  it('is refused by a client that sees the expiry only when it has lost a race', async () => {
    const started = await startTable()
    const first = await rivalAppend(started)
    const context = actingBefore(started.context, async (attempt) => {
      if (attempt > 0) return
      await append(started.rival, first, { commitId })
      await rivalAppend(started)
      await expireAllButLast(started)
    })
    await expect(append(context, first, { commitId })).rejects.toEqual(code('COMMIT_STATE_UNKNOWN'))
    expect((await started.rival.catalog.loadTable(TABLE)).metadata.snapshots).toHaveLength(1)
  })

  it('is found as long as its own snapshot is there', async () => {
    const started = await startTable()
    await rivalAppend(started)
    await append(started.context, await started.rival.catalog.loadTable(TABLE), { commitId })
    const trimmed = await expireAllButLast(started)
    const { metadata } = await append(started.context, trimmed, { commitId })
    expect(metadata.snapshots).toHaveLength(1)
  })

  it('is new when it comes after an id that is there', async () => {
    const started = await startTable()
    let table = await rivalAppend(started)
    for (let i = 1; i <= 5; i++) {
      const after = `checkpoint-${i - 1}`
      const id = { id: `checkpoint-${i}`, ...(i === 1 ? {} : { after }) }
      table = await append(started.context, table, { commitId: id })
      const again = await append(started.context, table, { commitId: id })
      expect(again.metadataLocation).toBe(table.metadataLocation)
      table = await expireAllButLast(started)
    }
    expect(table.metadata.lastSequenceNumber).toBe(6n)
    const late = { id: 'checkpoint-3', after: 'checkpoint-2' }
    await expect(append(started.context, table, { commitId: late })).rejects.toEqual(
      code('COMMIT_STATE_UNKNOWN'),
    )
  })

  it('is new when it did not exist before what is there, clocks a minute apart allowed for', async () => {
    const started = await startTable()
    await rivalAppend(started)
    await rivalAppend(started)
    const trimmed = await expireAllButLast(started)
    const { timestampMs } = trimmed.metadata.snapshots[0]!
    for (const since of [timestampMs - 1, timestampMs + 60_000, new Date(timestampMs)]) {
      await expect(append(started.context, trimmed, { commitId: { id: commitId, since } })).rejects.toEqual(
        code('COMMIT_STATE_UNKNOWN'),
      )
    }
    const id = { id: commitId, since: new Date(timestampMs + 60_001) }
    const { metadata } = await append(started.context, trimmed, { commitId: id })
    expect(metadata.snapshots).toHaveLength(2)
    const again = await append(started.context, trimmed, { commitId: id })
    expect(again.metadata.snapshots).toHaveLength(2)
  })

  it('is new on a branch that is not there', async () => {
    const started = await startTable()
    await rivalAppend(started)
    await rivalAppend(started)
    const trimmed = await expireAllButLast(started)
    const { metadata } = await append(started.context, trimmed, { commitId, branch: 'audit' })
    expect(metadata.refs.has('audit')).toBe(true)
  })
})

describe('the walk through history', () => {
  /** A history of `count` snapshots, which counts how often one is looked at. */
  async function history(count: number, order: (snapshots: Snapshot[]) => Snapshot[]) {
    const { metadata } = (await startTable()).base
    let looks = 0
    const snapshots = Array.from(
      { length: count },
      (_, i): Snapshot => ({
        get snapshotId() {
          looks++
          return BigInt(i + 1)
        },
        ...(i === 0 ? {} : { parentSnapshotId: BigInt(i) }),
        sequenceNumber: BigInt(i + 1),
        timestampMs: i,
        operation: 'append',
        summary: i === 0 ? { 'moraine.commit-id': commitId } : {},
      }),
    )
    const refs = new Map([['main', { type: 'branch' as const, snapshotId: BigInt(count) }]])
    const key = commitKey(commitId, 'main')
    return { found: findCommit({ ...metadata, snapshots: order(snapshots), refs }, key), looks }
  }

  it('takes time that grows with its length, not with the square of it', async () => {
    const { found, looks } = await history(2000, (snapshots) => snapshots)
    expect(found?.timestampMs).toBe(0)
    expect(looks).toBeLessThan(3 * 2000)
  })

  it('finds parents wherever they stand', async () => {
    const { found } = await history(50, (snapshots) => snapshots.toReversed())
    expect(found?.timestampMs).toBe(0)
  })
})

describe('what is no commit id', () => {
  it.each([
    '',
    'x'.repeat(257),
    7,
    null,
    {},
    { id: 'a', since: 'yesterday' },
    { id: 'a', before: 'b' },
    { id: 'a', after: '' },
  ])('is refused: %j', (given) => {
    expect(() => commitKey(given as never, 'main')).toThrow(code('INVALID_ARGUMENT'))
  })
})

/** Takes all snapshots but the current one out of the metadata. */
async function expireAllButLast(started: Started) {
  const { metadata } = await started.rival.catalog.loadTable(TABLE)
  const snapshotIds = metadata.snapshots
    .map((snapshot) => snapshot.snapshotId)
    .filter((id) => id !== metadata.currentSnapshotId)
  await rivalUpdate(started, { action: 'remove-snapshots', snapshotIds })
  return started.rival.catalog.loadTable(TABLE)
}
