import { describe, expect, it } from 'vitest'
import type { LoadedTable } from '../../catalog/catalog.ts'
import { currentSnapshot, snapshotById } from '../../format/table-metadata-build.ts'
import { readManifestEntries, readManifestList } from '../../snapshot/manifests.ts'
import {
  actingBefore,
  append,
  rivalAppend,
  rivalUpdate,
  type Started,
  startTable,
  TABLE,
  withCommit,
} from './support.ts'

const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })
const head = ({ metadata }: LoadedTable, name: string) =>
  snapshotById(metadata, metadata.refs.get(name)!.snapshotId)!

describe('a write to a branch', () => {
  it.each(['1', '2', '3'])('plans from the head of the branch, not from main (v%s)', async (version) => {
    const started = await startTable({ 'format-version': version })
    const shared = await append(started.context, started.base, { name: 'shared' })
    await branch(started, 'audit', currentSnapshot(shared.metadata)!.snapshotId)
    await rivalAppend(started)
    const stale = await started.rival.catalog.loadTable(TABLE)
    const first = await append(started.context, stale, { name: 'a1', branch: 'audit', records: 3n })
    const second = await append(started.context, first, { name: 'a2', branch: 'audit', records: 4n })

    expect(await filesOf(started, second, 'audit')).toEqual(['a1', 'a2', 'shared'])
    expect((await filesOf(started, second, 'main')).length).toBe(2)
    expect(head(first, 'audit').parentSnapshotId).toBe(currentSnapshot(shared.metadata)!.snapshotId)
    expect(head(second, 'audit').summary).toMatchObject({ 'total-records': '17', 'total-data-files': '3' })
    expect(second.metadata.currentSnapshotId).toBe(stale.metadata.currentSnapshotId)
    expect(second.metadata.snapshotLog).toEqual(stale.metadata.snapshotLog)
  })

  it('keeps the retention of the branch', async () => {
    const started = await startTable()
    const { metadata } = await append(started.context, started.base)
    const retention = { minSnapshotsToKeep: 7, maxSnapshotAgeMs: 1000, maxRefAgeMs: 2000 }
    const snapshotId = metadata.currentSnapshotId!
    await rivalUpdate(started, {
      action: 'set-snapshot-ref',
      refName: 'audit',
      ref: { type: 'branch', snapshotId, ...retention },
    })
    const table = await append(started.context, await reloaded(started), { branch: 'audit' })
    expect(table.metadata.refs.get('audit')).toMatchObject(retention)
    expect(table.metadata.refs.get('audit')?.snapshotId).not.toBe(snapshotId)
  })

  it('makes a branch that does not exist, from the head of main, and counts on from there', async () => {
    const started = await startTable()
    const first = await append(started.context, started.base, { name: 'main' })
    const table = await append(started.context, first, { name: 'a1', branch: 'audit' })
    expect(await filesOf(started, table, 'audit')).toEqual(['a1', 'main'])
    expect(head(table, 'audit').summary).toMatchObject({ 'total-records': '20', 'total-data-files': '2' })
    expect(table.metadata.currentSnapshotId).toBe(first.metadata.currentSnapshotId)
  })

  it('to an empty table leaves main without a snapshot', async () => {
    const started = await startTable()
    const { metadata } = await append(started.context, started.base, { branch: 'audit' })
    expect(metadata.currentSnapshotId).toBeUndefined()
    expect([...metadata.refs.keys()]).toEqual(['audit'])
  })

  it('asserts where that branch is, and no other', async () => {
    const started = await startTable({ 'commit.retry.num-retries': '1' })
    const first = await append(started.context, started.base)
    await branch(started, 'audit', first.metadata.currentSnapshotId!)
    const base = await reloaded(started)
    const asserted: unknown[] = []
    const { catalog } = started.context
    const context = {
      ...started.context,
      catalog: withCommit(catalog, async (request, options) => {
        asserted.push(request.requirements)
        if (asserted.length === 1) await append(started.rival, base, { name: 'theirs', branch: 'audit' })
        return catalog.commitTable(request, options)
      }),
    }
    const table = await append(context, base, { name: 'ours', branch: 'audit' })
    expect(await filesOf(started, table, 'audit')).toContain('theirs')
    const [theirs] = table.metadata.snapshots.slice(-2)
    const uuid = { type: 'assert-table-uuid', uuid: base.metadata.tableUuid }
    expect(asserted).toEqual(
      [first.metadata.currentSnapshotId, theirs!.snapshotId].map((snapshotId) => [
        uuid,
        { type: 'assert-ref-snapshot-id', ref: 'audit', snapshotId },
      ]),
    )
  })

  it('goes onto the branch when a rival makes it in between', async () => {
    const started = await startTable()
    const context = actingBefore(started.context, async (attempt) => {
      if (attempt === 0)
        await append(started.rival, await reloaded(started), { name: 'theirs', branch: 'audit' })
    })
    const table = await append(context, started.base, { name: 'ours', branch: 'audit' })
    expect(await filesOf(started, table, 'audit')).toEqual(['ours', 'theirs'])
  })

  it('to a tag is refused', async () => {
    const started = await startTable()
    const { metadata } = await append(started.context, started.base)
    await rivalUpdate(started, {
      action: 'set-snapshot-ref',
      refName: 'v1',
      ref: { type: 'tag', snapshotId: metadata.currentSnapshotId! },
    })
    await expect(append(started.context, await reloaded(started), { branch: 'v1' })).rejects.toEqual(
      code('INVALID_ARGUMENT'),
    )
  })
})

function reloaded({ rival }: Started): Promise<LoadedTable> {
  return rival.catalog.loadTable(TABLE)
}

async function branch(started: Started, refName: string, snapshotId: bigint): Promise<void> {
  await rivalUpdate(started, { action: 'set-snapshot-ref', refName, ref: { type: 'branch', snapshotId } })
}

/** The names of the files that a branch holds. */
async function filesOf({ store }: Started, table: LoadedTable, name: string): Promise<string[]> {
  const source = { metadata: table.metadata, store }
  const names: string[] = []
  for (const manifest of await readManifestList(source, head(table, name))) {
    for (const { dataFile } of await readManifestEntries(source, manifest)) {
      names.push(dataFile.filePath.replace(/^.*\/|\.parquet$/g, ''))
    }
  }
  return names.sort()
}
