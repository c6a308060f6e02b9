import { describe, expect, it } from 'vitest'
import type { LoadedTable } from '../../catalog/catalog.ts'
import type { DataFile, ManifestEntry } from '../../format/manifest.ts'
import { currentSnapshot } from '../../format/table-metadata-build.ts'
import { commit } from '../../snapshot/commit.ts'
import { readManifestList } from '../../snapshot/manifests.ts'
import { mergeAppend } from '../../snapshot/merge-append.ts'
import { craftSnapshot, entriesIn, entriesOf, listOf } from './craft.ts'
import {
  actingBefore,
  append,
  appendOf,
  avroFiles,
  dataFile,
  METADATA,
  rivalAppend,
  rivalUpdate,
  type Started,
  startTable,
  TABLE,
} from './support.ts'

const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })
const MERGE_AT_3 = { 'commit.manifest.min-count-to-merge': '3' }

describe('manifests of an append', () => {
  it.each(['1', '2', '3'])(
    'are merged when there are enough, each file with its numbers (v%s)',
    async (version) => {
      const started = await startTable({ ...MERGE_AT_3, 'format-version': version })
      let table = started.base
      const counts: number[] = []
      const numbers = new Map<string, unknown>()
      for (let i = 0; i < 9; i++) {
        table = await append(started.context, table, { name: `f${i}`, records: BigInt(i + 1) })
        counts.push((await listOf(started, table)).length)
        for (const entry of await entriesOf(started, table)) {
          const { snapshotId, sequenceNumber, fileSequenceNumber, dataFile } = entry
          const known = { snapshotId, sequenceNumber, fileSequenceNumber, firstRowId: dataFile.firstRowId }
          expect(numbers.get(dataFile.filePath) ?? known).toEqual(known)
          numbers.set(dataFile.filePath, known)
        }
      }
      expect(counts).toEqual([1, 2, 1, 2, 1, 2, 1, 2, 1])
      expect(numbers.size).toBe(9)
      expect([...numbers.values()]).toEqual(
        table.metadata.snapshots.map(({ snapshotId, sequenceNumber }, i) => ({
          snapshotId,
          sequenceNumber: version === '1' ? 0n : BigInt(i + 1),
          fileSequenceNumber: sequenceNumber,
          firstRowId: version === '3' ? expect.any(BigInt) : undefined,
        })),
      )
      const [merged] = await listOf(started, table)
      expect(merged).toMatchObject({
        minSequenceNumber: version === '1' ? 0n : 1n,
        addedFilesCount: 1,
        existingFilesCount: 8,
      })
      if (version === '3') checkDisjoint(await entriesOf(started, table), table.metadata.nextRowId)
    },
  )

  it('that are merged at once are not written apart, and every file that lies there is named', async () => {
    const started = await startTable(MERGE_AT_3)
    let table = started.base
    for (let i = 0; i < 7; i++) table = await append(started.context, table)
    expect(await avroFiles(started.store)).toEqual(await namedFiles(started, table))
  })

  it('are counted in the summary', async () => {
    const started = await startTable(MERGE_AT_3)
    let table = started.base
    for (let i = 0; i < 3; i++) table = await append(started.context, table)
    expect(table.metadata.snapshots.map(({ summary }) => manifestCounts(summary))).toEqual([
      ['1', '0', '0'],
      ['1', '1', '0'],
      ['1', '0', '2'],
    ])
  })

  it('are told of by partition in the summary, up to write.summary.partition-limit', async () => {
    const started = await startTable({ 'write.summary.partition-limit': '2' })
    await rivalUpdate(
      started,
      {
        action: 'add-spec',
        spec: {
          specId: 1,
          fields: [{ fieldId: 1000, name: 'id', sourceIds: [1], transform: { kind: 'identity' } }],
        },
      },
      { action: 'set-default-spec', specId: -1 },
    )
    const appended = async (...partitions: bigint[]) => {
      const files = partitions.map((value, i) => ({
        ...dataFile(`${value}-${i}`, 3n),
        specId: 1,
        partition: [value],
      }))
      const request = { ...appendOf({ name: `p${partitions.join('-')}` }), files }
      const base = await reloaded(started)
      const table = await commit(started.context, base, mergeAppend(started.context, request))
      return currentSnapshot(table.metadata)!.summary
    }
    expect(await appended(1n, 2n, 2n)).toMatchObject({
      'changed-partition-count': '2',
      'partition-summaries-included': 'true',
      'partitions.id=1': 'added-data-files=1,added-records=3,added-files-size=100',
      'partitions.id=2': 'added-data-files=2,added-records=6,added-files-size=200',
    })
    const many = await appended(1n, 2n, 3n)
    expect(many).toMatchObject({ 'changed-partition-count': '3', 'total-data-files': '6' })
    expect(Object.keys(many).filter((key) => key.startsWith('partition'))).toEqual([])
  })

  it('are left alone when merging is off', async () => {
    const started = await startTable({ ...MERGE_AT_3, 'commit.manifest-merge.enabled': 'false' })
    let table = started.base
    for (let i = 0; i < 5; i++) table = await append(started.context, table)
    expect(await listOf(started, table)).toHaveLength(5)
  })

  it('are closed at the target size, and those that are full stay', async () => {
    const started = await startTable({ ...MERGE_AT_3, 'commit.manifest.target-size-bytes': '12000' })
    const files = Array.from({ length: 3000 }, (_, i) => dataFile(`${i * 7919}-${i}`, 1n))
    const operation = mergeAppend(started.context, { ...appendOf({ name: 'many' }), files })
    let table = await commit(started.context, started.base, operation)
    const first = await listOf(started, table)
    expect(first.length).toBeGreaterThan(2)
    for (const { manifestLength } of first.slice(0, -1)) {
      expect(manifestLength).toBeGreaterThan(8000n)
      expect(manifestLength).toBeLessThan(14_000n)
    }
    for (let i = 0; i < 5; i++) table = await append(started.context, table)
    expect((await entriesOf(started, table)).length).toBe(3005)
    const paths = (await listOf(started, table)).map(({ manifestPath }) => manifestPath)
    expect(paths).toEqual(expect.arrayContaining(first.slice(1, -1).map(({ manifestPath }) => manifestPath)))
  })

  it('of a removal are dropped with the next append, and removed files with the next merge', async () => {
    const started = await startTable(MERGE_AT_3)
    await append(started.context, started.base, { name: 'a' })
    const before = await append(started.context, await reloaded(started), { name: 'b' })
    const removed = await craftSnapshot(started, async ({ snapshotId, before: [b, a], manifest }) => {
      const [entry] = await entriesIn(started, before, a!)
      return [await manifest('data', [{ ...entry!, status: 'deleted', snapshotId }]), b!]
    })
    const table = await append(started.context, removed, { name: 'c' })
    expect(await namesOf(started, table)).toEqual(['b', 'c'])
    expect(await listOf(started, table)).toHaveLength(2)
    expect(currentSnapshot(table.metadata)!.summary['manifests-replaced']).toBe('0')
  })

  it('keep explicit sequence numbers, 0 among them, when they are merged', async () => {
    const started = await startTable(MERGE_AT_3)
    const first = await append(started.context, started.base, { name: 'a' })
    const given = await craftSnapshot(started, async ({ before, manifest }) => [
      await manifest('data', [
        { status: 'added', sequenceNumber: 0n, dataFile: dataFile('zero', 1n) },
        {
          status: 'existing',
          snapshotId: 5n,
          sequenceNumber: 0n,
          fileSequenceNumber: 0n,
          dataFile: dataFile('old', 1n),
        },
        { status: 'existing', snapshotId: 5n, sequenceNumber: 1n, dataFile: dataFile('unknown', 1n) },
      ]),
      ...before,
    ])
    const numbersOf = async (table: LoadedTable) =>
      Object.fromEntries(
        (await entriesOf(started, table)).map(
          ({ dataFile, snapshotId, sequenceNumber, fileSequenceNumber }) => [
            nameOf(dataFile),
            [snapshotId, sequenceNumber, fileSequenceNumber],
          ],
        ),
      )
    const before = await numbersOf(given)
    const table = await append(started.context, given, { name: 'new' })
    const [merged, ...others] = await listOf(started, table)
    expect(others).toEqual([])
    expect(merged!.minSequenceNumber).toBe(0n)
    const after = await numbersOf(table)
    expect(after).toMatchObject(before)
    expect(after['new']).toEqual([table.metadata.currentSnapshotId, 3n, 3n])
    expect(after['zero']).toEqual([given.metadata.currentSnapshotId, 0n, 2n])
    expect(first.metadata.snapshots).toHaveLength(1)
  })

  it('of deletes are merged apart from those of data', async () => {
    for (const version of ['2', '3']) {
      const started = await startTable({ ...MERGE_AT_3, 'format-version': version })
      let table = await append(started.context, started.base, { name: 'a' })
      for (let i = 0; i < 3; i++) {
        table = await craftSnapshot(started, async ({ before, manifest }) => [
          await manifest('deletes', [{ status: 'added', dataFile: deletes(`d${i}`, version) }]),
          ...before,
        ])
      }
      const before = (await entriesOf(started, table)).filter(({ dataFile }) => dataFile.content !== 'data')
      table = await append(started.context, table, { name: 'b' })
      const list = await listOf(started, table)
      expect(list.map(({ content }) => content)).toEqual(['data', 'data', 'deletes'])
      const after = await entriesIn(started, table, list[2]!)
      expect(after).toEqual(before.map((entry) => ({ ...entry, status: 'existing' })))
      expect(list[2]!.firstRowId).toBeUndefined()
    }
  })

  it('that are encrypted stay as they are', async () => {
    const started = await startTable(MERGE_AT_3)
    let table = await append(started.context, started.base)
    const keyMetadata = Uint8Array.of(1)
    table = await craftSnapshot(started, async ({ before }) => [{ ...before[0]!, keyMetadata }])
    for (let i = 0; i < 3; i++) table = await append(started.context, table)
    const list = await listOf(started, table)
    expect(list.map((manifest) => manifest.keyMetadata)).toEqual([undefined, keyMetadata])
  })

  it('whose partition values no schema types any more stay as they are', async () => {
    const started = await startTable({ ...MERGE_AT_3, 'format-version': '2' })
    const spec = {
      specId: 1,
      fields: [{ fieldId: -1, name: 'id', sourceIds: [1], transform: { kind: 'identity' } as const }],
    }
    await rivalUpdate(started, { action: 'add-spec', spec }, { action: 'set-default-spec', specId: -1 })
    let table = await started.rival.catalog.loadTable(TABLE)
    for (const name of ['a', 'b']) {
      const files = [{ ...dataFile(name, 1n), specId: 1, partition: [7n] }]
      table = await commit(
        started.context,
        table,
        mergeAppend(started.context, { ...appendOf({ name }), files }),
      )
    }
    const old = await listOf(started, table)
    const schema = {
      schemaId: 1,
      fields: [{ id: 2, name: 'other', type: { kind: 'int' } as const, required: false }],
      identifierFieldIds: [],
    }
    await rivalUpdate(
      started,
      { action: 'set-default-spec', specId: 0 },
      { action: 'add-schema', schema },
      { action: 'set-current-schema', schemaId: -1 },
      { action: 'remove-schemas', schemaIds: [0] },
    )
    table = await started.rival.catalog.loadTable(TABLE)
    for (const name of ['c', 'd', 'e']) table = await append(started.context, table, { name })
    const listed = await listOf(started, table)
    expect(listed.filter(({ partitionSpecId }) => partitionSpecId === 1)).toEqual(old)
    expect(listed.filter(({ partitionSpecId }) => partitionSpecId === 0)).toHaveLength(1)
  })

  it('are merged by partition spec', async () => {
    const started = await startTable(MERGE_AT_3)
    let table = started.base
    for (let i = 0; i < 2; i++) table = await append(started.context, table, { name: `old${i}` })
    await rivalUpdate(
      started,
      {
        action: 'add-spec',
        spec: {
          specId: 1,
          fields: [{ fieldId: 1000, name: 'id', sourceIds: [1], transform: { kind: 'identity' } }],
        },
      },
      { action: 'set-default-spec', specId: -1 },
    )
    for (let i = 0; i < 3; i++) {
      const files = [{ ...dataFile(`new${i}`, 1n), specId: 1, partition: [BigInt(i)] }]
      const request = { ...appendOf({ name: `new${i}` }), files }
      table = await commit(started.context, await reloaded(started), mergeAppend(started.context, request))
    }
    const list = await listOf(started, table)
    expect(
      list.map(({ partitionSpecId, addedFilesCount, existingFilesCount }) => [
        partitionSpecId,
        addedFilesCount,
        existingFilesCount,
      ]),
    ).toEqual([
      [1, 1, 2],
      [0, 0, 2],
    ])
    expect(list[0]!.partitions).toHaveLength(1)
  })
})

describe('merged manifests of a lost race', () => {
  it('are written anew where their parts have changed, and taken where not; none stays behind', async () => {
    const started = await startTable({ ...MERGE_AT_3, 'commit.manifest.target-size-bytes': '30000' })
    const many = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => dataFile(`${(from + i) * 7919}-${i}`, 1n))
    let table = started.base
    for (let i = 0; i < 2; i++) {
      // Two halves of a full manifest, which the next append merges: no rival changes that.
      const request = { ...appendOf({ name: `half${i}` }), files: many(i * 5000, 1000) }
      const settings = { ...started.context }
      await rivalUpdate(started, {
        action: 'set-properties',
        updates: { 'commit.manifest-merge.enabled': 'false' },
      })
      table = await commit(settings, await reloaded(started), mergeAppend(settings, request))
    }
    for (let i = 0; i < 2; i++) table = await append(started.context, table)
    await rivalUpdate(started, {
      action: 'set-properties',
      updates: { 'commit.manifest-merge.enabled': 'true' },
    })
    const lengths = (await listOf(started, table)).map(({ manifestLength }) => manifestLength)
    await rivalUpdate(started, {
      action: 'set-properties',
      updates: {
        'commit.manifest.target-size-bytes': String(Number(lengths[2]) + Number(lengths[3]) + 1000),
      },
    })
    started.calls.length = 0
    const context = actingBefore(started.context, async (attempt) => {
      if (attempt < 2) await rivalFastAppend(started)
    })
    const base = await reloaded(started)
    const landed = await append(context, base, { name: 'ours' })
    const puts = started.calls
      .filter(({ call, location }) => call === 'put' && location.includes('ours'))
      .map(({ location }) => location.replace(METADATA, '').replace(/\d{6,}/, 'ID'))
    // Attempt 0 merges the halves and the small ones; each later one takes the halves as they are.
    expect(puts.filter((name) => name.includes('-m'))).toHaveLength(4)
    expect(await avroFiles(started.store)).toEqual(await namedFiles(started, landed))
    expect((await entriesOf(started, landed)).length).toBe(2005)
  })

  it('of which only some could be written are kept and completed on the newest version', async () => {
    const started = await startTable(MERGE_AT_3)
    let table = started.base
    for (let i = 0; i < 3; i++) table = await rivalFastAppend(started)
    const spec = {
      specId: 1,
      fields: [{ fieldId: 1000, name: 'id', sourceIds: [1], transform: { kind: 'identity' } }],
    } as const
    await rivalUpdate(started, { action: 'add-spec', spec }, { action: 'set-default-spec', specId: -1 })
    const stale = await reloaded(started)
    // The old spec's manifests cannot be merged any more: they were rewritten, and the snapshot has expired.
    const [gone, ...others] = await listOf(started, stale)
    await craftSnapshot(started, async ({ manifest }) => {
      const [entry] = await entriesIn(started, stale, gone!)
      return [await manifest('data', [{ ...entry!, status: 'existing' }]), ...others]
    })
    await rivalUpdate(started, {
      action: 'remove-snapshots',
      snapshotIds: [table.metadata.currentSnapshotId!],
    })
    await started.store.delete([gone!.manifestPath])
    const files = [0, 1].map((i) => ({ ...dataFile(`new${i}`, 1n), specId: 1, partition: [BigInt(i)] }))
    const request = { ...appendOf({ name: 'ours' }), files }
    const landed = await commit(started.context, stale, mergeAppend(started.context, request))
    expect((await namesOf(started, landed)).length).toBe(5)
    const ours = (await avroFiles(started.store)).filter((name) => name.includes('ours'))
    expect(ours).toEqual((await namedFiles(started, landed)).filter((name) => name.includes('ours')))
  })

  it('are all taken back when the retries are spent', async () => {
    const started = await startTable({ ...MERGE_AT_3, 'commit.retry.num-retries': '2' })
    for (let i = 0; i < 3; i++) await rivalAppend(started)
    const context = actingBefore(started.context, () => rivalAppend(started))
    await expect(append(context, await reloaded(started), { name: 'ours' })).rejects.toEqual(
      code('COMMIT_CONFLICT'),
    )
    expect((await avroFiles(started.store)).filter((name) => name.includes('ours'))).toEqual([])
    await everyNamedFileIsThere(started)
  })

  it('assign the row ids that a rival gave in between', async () => {
    const started = await startTable(MERGE_AT_3)
    for (let i = 0; i < 3; i++) await rivalFastAppend(started)
    await rivalUpdate(started, { action: 'upgrade-format-version', formatVersion: 3 })
    let ids: Map<string, bigint | undefined> | undefined
    const context = actingBefore(started.context, async (attempt) => {
      if (attempt > 0) return
      // The rival's commit is the first of v3: it numbers the rows of all older files.
      ids = await rowIds(started, await rivalFastAppend(started))
    })
    const table = await append(context, await reloaded(started), { name: 'ours' })
    const after = await rowIds(started, table)
    for (const [name, id] of ids!) expect(after.get(name)).toBe(id)
    checkDisjoint(await entriesOf(started, table), table.metadata.nextRowId)
  })
})

describe('tables of early writers', () => {
  it('with snapshots that list their manifests in the metadata are read and appended to', async () => {
    for (const upgrade of [undefined, 2, 3] as const) {
      const started = await startTable({ 'format-version': '1' })
      for (const name of ['a', 'b']) await append(started.context, await reloaded(started), { name })
      const early = await craftSnapshot(
        started,
        async ({ before }) => before,
        ({ manifestList: _, ...snapshot }, manifests) => ({ ...snapshot, manifests }),
      )
      expect(await namesOf(started, early)).toEqual(['a', 'b'])
      if (upgrade !== undefined) {
        await rivalUpdate(started, { action: 'upgrade-format-version', formatVersion: upgrade })
      }
      const table = await append(started.context, await reloaded(started), { name: 'c' })
      expect(await namesOf(started, table)).toEqual(['a', 'b', 'c'])
      const known = early.metadata.snapshots.map(({ snapshotId }) => snapshotId)
      expect(
        (await entriesOf(started, table))
          .map(({ snapshotId }) => snapshotId)
          .slice(1)
          .sort(),
      ).toEqual(known.slice(0, 2).sort())
    }
  })
})

describe('manifests without counts, as v1 allows', () => {
  it('are counted when the table has been upgraded', async () => {
    for (const upgrade of [undefined, 2, 3] as const) {
      const started = await startTable({ 'format-version': '1' })
      await append(started.context, started.base, { name: 'a', records: 7n })
      await craftSnapshot(started, async ({ before: [manifest] }) => {
        const { addedFilesCount, addedRowsCount, existingFilesCount, existingRowsCount, ...rest } = manifest!
        return [{ ...rest, deletedFilesCount: undefined, deletedRowsCount: undefined } as never]
      })
      if (upgrade !== undefined) {
        await rivalUpdate(started, { action: 'upgrade-format-version', formatVersion: upgrade })
      }
      const table = await append(started.context, await reloaded(started), { name: 'b' })
      expect(await namesOf(started, table)).toEqual(['a', 'b'])
      const [, early] = await listOf(started, table)
      expect(early!.addedRowsCount).toBe(upgrade === undefined ? undefined : 7n)
      if (upgrade === 3) expect(table.metadata.nextRowId).toBe(17n)
    }
  })
})

const nameOf = ({ filePath }: DataFile) => filePath.replace(/^.*\/|\.\w+$/g, '')

function reloaded({ rival }: Started): Promise<LoadedTable> {
  return rival.catalog.loadTable(TABLE)
}

/** A rival's append that merges nothing. */
async function rivalFastAppend(started: Started): Promise<LoadedTable> {
  const { rival } = started
  const loaded = await reloaded(started)
  const properties = { ...loaded.metadata.properties, 'commit.manifest-merge.enabled': 'false' }
  const catalog = {
    ...rival.catalog,
    loadTable: async () => {
      const fresh = await reloaded(started)
      return { ...fresh, metadata: { ...fresh.metadata, properties } }
    },
  }
  return append({ ...rival, catalog }, { ...loaded, metadata: { ...loaded.metadata, properties } })
}

async function namesOf(started: Started, table: LoadedTable): Promise<string[]> {
  return (await entriesOf(started, table)).map(({ dataFile }) => nameOf(dataFile)).sort()
}

async function rowIds(started: Started, table: LoadedTable): Promise<Map<string, bigint | undefined>> {
  const entries = await entriesOf(started, table)
  return new Map(entries.map(({ dataFile }) => [nameOf(dataFile), dataFile.firstRowId]))
}

function manifestCounts(summary: Readonly<Record<string, string>>): (string | undefined)[] {
  return ['created', 'kept', 'replaced'].map((kind) => summary[`manifests-${kind}`])
}

function deletes(name: string, version: string): DataFile {
  const { filePath, ...file } = dataFile(name, 1n)
  return version === '2'
    ? { ...file, filePath, content: 'equality-deletes', equalityIds: [1] }
    : {
        ...file,
        filePath: filePath.replace('.parquet', '.puffin'),
        fileFormat: 'puffin',
        content: 'position-deletes',
        referencedDataFile: dataFile('a', 1n).filePath,
        contentOffset: 4n,
        contentSizeInBytes: 40n,
      }
}

/** The names, in the table's folder, of all manifest lists and manifests that its snapshots name. */
async function namedFiles({ store }: Started, { metadata }: LoadedTable): Promise<string[]> {
  const named = new Set<string>()
  for (const snapshot of metadata.snapshots) {
    named.add(snapshot.manifestList!)
    for (const { manifestPath } of await readManifestList({ metadata, store }, snapshot))
      named.add(manifestPath)
  }
  return [...named].map((location) => location.replace(METADATA, '')).sort()
}

async function everyNamedFileIsThere(started: Started): Promise<void> {
  const there = await avroFiles(started.store)
  expect(there).toEqual(expect.arrayContaining(await namedFiles(started, await reloaded(started))))
}

/** Row ids of live files do not meet, and lie below those that are free. */
function checkDisjoint(entries: readonly ManifestEntry[], nextRowId: bigint): void {
  const ranges = entries
    .map(({ dataFile: { firstRowId, recordCount } }) => [firstRowId!, firstRowId! + recordCount] as const)
    .sort(([a], [b]) => Number(a - b))
  for (const [i, [, end]] of ranges.entries())
    expect(end).toBeLessThanOrEqual(ranges[i + 1]?.[0] ?? nextRowId)
}
