import { describe, expect, it } from 'vitest'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { isMoraineError, MoraineError } from '../../format/errors.ts'
import { currentSnapshot } from '../../format/table-metadata-build.ts'
import { commit } from '../../snapshot/commit.ts'
import { readManifestEntries, readManifestList } from '../../snapshot/manifests.ts'
import { mergeAppend } from '../../snapshot/merge-append.ts'
import { wrappedStore } from '../simulation/wrapped-store.ts'
import {
  actingBefore,
  append,
  appendOf,
  avroFiles,
  firstMetadata,
  METADATA,
  rivalAppend,
  rivalUpdate,
  type Started,
  startTable,
  TABLE,
  WAREHOUSE,
  withCommit,
} from './support.ts'

const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })

describe('a lost race', () => {
  it('rewrites only the manifest list', async () => {
    const started = await startTable()
    const context = actingBefore(started.context, (attempt) =>
      attempt < 3 ? rivalAppend(started) : Promise.resolve(),
    )
    const table = await append(context, started.base, { name: 'ours' })
    expect(table.metadata.snapshots).toHaveLength(4)

    const puts = started.calls.filter(({ call }) => call === 'put').map(({ location }) => location)
    expect(puts.filter((location) => location.includes('-m0.avro'))).toHaveLength(1)
    const lists = puts.filter((location) => location.includes('/snap-'))
    expect(lists).toHaveLength(4)
    expect(puts.filter((location) => location.endsWith('.metadata.json'))).toHaveLength(1)

    const landed = currentSnapshot(table.metadata)!.manifestList
    const deleted = started.calls.filter(({ call }) => call === 'delete').map(({ location }) => location)
    expect(deleted.sort()).toEqual(lists.filter((list) => list !== landed).sort())
    await everyReferencedFileIsThere(started)
  })

  it('keeps the snapshot id, so that a commit can be recognised', async () => {
    const started = await startTable()
    const ids: bigint[] = []
    const { catalog } = started.context
    const context = {
      ...started.context,
      catalog: withCommit(catalog, async (request, options) => {
        for (const update of request.updates)
          if (update.action === 'add-snapshot') ids.push(update.snapshot.snapshotId)
        if (ids.length < 3) await rivalAppend(started)
        return catalog.commitTable(request, options)
      }),
    }
    await append(context, started.base)
    expect(ids).toHaveLength(3)
    expect(new Set(ids).size).toBe(1)
  })

  it('is not lost when another commit changed properties, the schema or a tag only', async () => {
    const started = await startTable()
    const first = await rivalAppend(started)
    const context = actingBefore(started.context, () =>
      rivalUpdate(
        started,
        { action: 'set-properties', updates: { owner: 'rival' } },
        {
          action: 'add-schema',
          schema: {
            schemaId: 1,
            identifierFieldIds: [],
            fields: [
              { id: 1, name: 'id', type: { kind: 'long' }, required: false },
              { id: 2, name: 'note', type: { kind: 'string' }, required: false },
            ],
          },
        },
        { action: 'set-current-schema', schemaId: -1 },
        {
          action: 'set-snapshot-ref',
          refName: 'then',
          ref: { type: 'tag', snapshotId: currentSnapshot(first.metadata)!.snapshotId },
        },
      ),
    )
    const { metadata } = await append(context, first)
    expect(metadata.properties['owner']).toBe('rival')
    expect(metadata.currentSchemaId).toBe(1)
    expect(metadata.snapshots).toHaveLength(2)
    expect(metadata.refs.has('then')).toBe(true)
  })

  it.each(['2', '3'])('to a branch, of which main shows nothing, is retried too (v%s)', async (version) => {
    const started = await startTable({ 'format-version': version })
    const first = await rivalAppend(started)
    const context = actingBefore(started.context, async (attempt) => {
      if (attempt === 0) await branchCommit(started)
    })
    const { metadata } = await append(context, first)
    const numbers = metadata.snapshots.map((snapshot) => snapshot.sequenceNumber)
    expect(numbers).toEqual([1n, 2n, 3n])
    await everyReferencedFileIsThere(started)
  })

  it('is told as COMMIT_CONFLICT once the retries are spent, and leaves nothing', async () => {
    const started = await startTable({ 'commit.retry.num-retries': '2' })
    let attempts = 0
    const context = actingBefore(started.context, async () => {
      attempts++
      await rivalAppend(started)
    })
    const failure = await append(context, started.base, { name: 'ours' }).catch((error: unknown) => error)
    expect(failure).toEqual(code('COMMIT_CONFLICT'))
    expect(failure).toMatchObject({ retryable: true, context: { attempts: 3 } })
    expect(attempts).toBe(3)
    expect((await avroFiles(started.store)).filter((name) => name.includes('ours'))).toEqual([])
    await everyReferencedFileIsThere(started)
  })
})

describe('commit.retry.* properties', () => {
  it('say how long to wait: doubled each time, within the bounds, at most half of it taken off', async () => {
    const started = await startTable({
      'commit.retry.num-retries': '6',
      'commit.retry.min-wait-ms': '200',
      'commit.retry.max-wait-ms': '1000',
    })
    const waits: number[] = []
    const context = {
      ...actingBefore(started.context, () => rivalAppend(started)),
      environment: {
        ...started.context.environment,
        sleep: async (ms: number) => {
          waits.push(ms)
        },
      },
    }
    await expect(append(context, started.base)).rejects.toEqual(code('COMMIT_CONFLICT'))
    const full = [200, 400, 800, 1000, 1000, 1000]
    expect(waits).toHaveLength(full.length)
    for (const [i, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(full[i]! / 2)
      expect(wait).toBeLessThanOrEqual(full[i]!)
    }
    expect(new Set(waits).size).toBeGreaterThan(3)
  })

  it('default to 4 retries', async () => {
    const started = await startTable()
    let attempts = 0
    const context = actingBefore(started.context, async () => {
      attempts++
      await rivalAppend(started)
    })
    await expect(append(context, started.base)).rejects.toEqual(code('COMMIT_CONFLICT'))
    expect(attempts).toBe(5)
  })

  it('bound the whole time, however many retries are left', async () => {
    const started = await startTable({
      'commit.retry.num-retries': '1000',
      'commit.retry.min-wait-ms': '1000',
      'commit.retry.max-wait-ms': '1000',
      'commit.retry.total-timeout-ms': '5000',
    })
    let attempts = 0
    const context = actingBefore(started.context, async () => {
      attempts++
      await rivalAppend(started)
    })
    await expect(append(context, started.base)).rejects.toEqual(code('COMMIT_CONFLICT'))
    expect(attempts).toBeGreaterThan(5)
    expect(attempts).toBeLessThan(13)
  })
})

describe('a commit whose outcome is unknown', () => {
  const doubts = [
    ['COMMIT_STATE_UNKNOWN', new MoraineError('COMMIT_STATE_UNKNOWN', 'no answer')],
    ['an error that nobody classified', new TypeError('socket hang up')],
  ] as const

  it.each(doubts)(
    'has landed when its snapshot is found, others on top of it or not: %s',
    async (_, thrown) => {
      for (const branch of ['main', 'audit']) {
        for (const isTopped of [false, true]) {
          const started = await startTable()
          const first = await rivalAppend(started)
          const { catalog } = started.context
          const context = {
            ...started.context,
            catalog: withCommit(catalog, async (request, options) => {
              await catalog.commitTable(request, options)
              if (isTopped)
                await append(started.rival, await started.rival.catalog.loadTable(TABLE), { branch })
              throw thrown
            }),
          }
          const { metadata } = await append(context, first, { name: 'ours', branch })
          expect(metadata.snapshots).toHaveLength(isTopped ? 3 : 2)
          await everyReferencedFileIsThere(started)
        }
      }
    },
  )

  it.each(doubts)('deletes nothing while it cannot be looked for: %s', async (_, thrown) => {
    const started = await startTable()
    const { catalog } = started.context
    let isDown = false
    const context = {
      ...started.context,
      catalog: {
        ...withCommit(catalog, async (request, options) => {
          await catalog.commitTable(request, options)
          isDown = true
          throw thrown
        }),
        loadTable: async (...args: Parameters<typeof catalog.loadTable>) => {
          if (isDown) throw new MoraineError('UNAVAILABLE', 'no answer')
          return catalog.loadTable(...args)
        },
      },
    }
    await expect(append(context, started.base)).rejects.toEqual(code('COMMIT_STATE_UNKNOWN'))
    expect(started.calls.filter(({ call }) => call === 'delete')).toEqual([])
    expect((await started.rival.catalog.loadTable(TABLE)).metadata.snapshots).toHaveLength(1)
    await everyReferencedFileIsThere(started)
  })

  it.each(doubts)('deletes nothing when it is not found: it may be on its way: %s', async (_, thrown) => {
    const started = await startTable()
    const { catalog } = started.context
    let land: (() => Promise<unknown>) | undefined
    const context = {
      ...started.context,
      catalog: withCommit(catalog, async (request, options) => {
        land = () => catalog.commitTable(request, options)
        throw thrown
      }),
    }
    await expect(append(context, started.base)).rejects.toEqual(code('COMMIT_STATE_UNKNOWN'))
    expect(started.calls.filter(({ call }) => call === 'delete')).toEqual([])
    await land!()
    expect((await started.rival.catalog.loadTable(TABLE)).metadata.snapshots).toHaveLength(1)
    await everyReferencedFileIsThere(started)
  })

  it('is not committed again when the catalog takes it for a lost race', async () => {
    const started = await startTable()
    const { catalog } = started.context
    const context = {
      ...started.context,
      catalog: withCommit(catalog, async (request, options) => {
        await catalog.commitTable(request, options)
        return { status: 'conflict', reason: 'the version was taken' }
      }),
    }
    const { metadata } = await append(context, started.base)
    expect(metadata.snapshots).toHaveLength(1)
    await everyReferencedFileIsThere(started)
  })
})

describe('a view whose snapshot was expired since', () => {
  it('is no hindrance: the commit goes onto the newest', async () => {
    const started = await startTable()
    const stale = await rivalAppend(started)
    await rivalAppend(started)
    const { manifestList, snapshotId } = currentSnapshot(stale.metadata)!
    await rivalUpdate(started, { action: 'remove-snapshots', snapshotIds: [snapshotId] })
    await started.store.delete([manifestList!])
    const { metadata } = await append(started.context, stale)
    expect(metadata.snapshots.map((snapshot) => snapshot.sequenceNumber)).toEqual([2n, 3n])
    await everyReferencedFileIsThere(started)
  })

  it('is told from a table that lacks a file', async () => {
    const started = await startTable()
    const table = await rivalAppend(started)
    await started.store.delete([currentSnapshot(table.metadata)!.manifestList!])
    await expect(append(started.context, table, { name: 'ours' })).rejects.toEqual(code('INVALID_DATA'))
    expect((await avroFiles(started.store)).filter((name) => name.includes('ours'))).toEqual([])
  })
})

describe('a table that was dropped and made anew in between', () => {
  it.each([0, 4])('is NOT_FOUND, and gets nothing (%i retries)', async (retries) => {
    const started = await startTable({ 'commit.retry.num-retries': String(retries) })
    const { rival } = started
    const context = actingBefore(started.context, async (attempt) => {
      if (attempt > 0) return
      await rival.catalog.dropTable(TABLE)
      await rival.catalog.createTable({
        identifier: TABLE,
        metadata: firstMetadata(started.context.environment, {}),
      })
    })
    await expect(append(context, started.base)).rejects.toEqual(code('NOT_FOUND'))
    expect((await rival.catalog.loadTable(TABLE)).metadata.snapshots).toEqual([])
    expect(await avroFiles(started.store)).toEqual([])
  })

  it('is NOT_FOUND when it is only gone', async () => {
    const started = await startTable()
    const context = actingBefore(started.context, () => started.rival.catalog.dropTable(TABLE))
    await expect(append(context, started.base)).rejects.toEqual(code('NOT_FOUND'))
    expect(await avroFiles(started.store)).toEqual([])
  })
})

describe('snapshots', () => {
  it('get another id when a rival took theirs, and manifests that name it', async () => {
    const started = await startTable()
    const ids = [7n, 7n, 8n]
    const environment = { ...started.context.environment, snapshotId: () => ids.shift()! }
    const rival = { ...started.rival, environment }
    const context = actingBefore({ ...started.context, environment }, async (attempt) => {
      if (attempt === 0) await append(rival, started.base, { name: 'theirs' })
    })
    const { metadata } = await append(context, started.base, { name: 'ours' })
    expect(metadata.snapshots.map((snapshot) => snapshot.snapshotId)).toEqual([7n, 8n])
    expect(ids).toEqual([])
    await everyReferencedFileIsThere(started)
    const list = await readManifestList({ metadata, store: started.store }, currentSnapshot(metadata)!)
    expect(list.map((manifest) => manifest.addedSnapshotId)).toEqual([8n, 7n])
    // The manifests of the id that was taken are gone.
    expect(await avroFiles(started.store)).toHaveLength(4)
  })

  it('never get an id that the table has', async () => {
    const started = await startTable()
    const ids = [7n, 7n, 7n, 9n]
    const context = {
      ...started.context,
      environment: { ...started.context.environment, snapshotId: () => ids.shift()! },
    }
    const second = await append(context, await append(context, started.base))
    expect(second.metadata.snapshots.map((snapshot) => snapshot.snapshotId)).toEqual([7n, 9n])
  })

  it('do not go back in time when the clock does', async () => {
    const started = await startTable()
    const first = await append(started.context, started.base)
    const { environment } = started.context
    const setBack = { ...environment, now: () => environment.now() - 600_000 }
    const catalog = objectStoreCatalog({ store: started.store, warehouse: WAREHOUSE, environment: setBack })
    const second = await append({ store: started.store, catalog, environment: setBack }, first)
    const times = second.metadata.snapshotLog.map((entry) => entry.timestampMs)
    expect(times).toHaveLength(2)
    expect(times[1]).toBeGreaterThanOrEqual(times[0]!)
  })

  it('have manifests of the format version that they are committed to', async () => {
    const started = await startTable({ 'format-version': '1' })
    const context = actingBefore(started.context, async (attempt) => {
      if (attempt > 0) return
      await rivalUpdate(started, { action: 'upgrade-format-version', formatVersion: 2 })
      await rivalAppend(started)
    })
    const { metadata } = await append(context, started.base, { name: 'ours' })
    const source = { metadata, store: started.store }
    const [ours] = await readManifestList(source, currentSnapshot(metadata)!)
    const [entry] = await readManifestEntries(source, ours!)
    expect(entry?.sequenceNumber).toBe(2n)
    await everyReferencedFileIsThere(started)
  })

  it('are staged anew when the table was upgraded in between', async () => {
    for (const [from, to] of [
      [1, 2],
      [1, 3],
      [2, 3],
    ] as const) {
      const started = await startTable({ 'format-version': String(from) })
      const first = await rivalAppend(started)
      const context = actingBefore(started.context, async (attempt) => {
        if (attempt === 0) await rivalUpdate(started, { action: 'upgrade-format-version', formatVersion: to })
      })
      const { metadata } = await append(context, first, { name: 'ours' })
      expect(currentSnapshot(metadata)).toMatchObject({
        sequenceNumber: BigInt(first.metadata.lastSequenceNumber + 1n),
        ...(to === 3 ? { firstRowId: 0n, addedRows: 20n } : {}),
      })
      await everyReferencedFileIsThere(started)
    }
  })

  it('are numbered without gap or repetition, and point to their parents', async () => {
    const started = await startTable()
    let table = started.base
    for (let i = 0; i < 5; i++) table = await append(i % 2 ? started.context : started.rival, started.base)
    const { snapshots } = table.metadata
    expect(snapshots.map((snapshot) => snapshot.sequenceNumber)).toEqual([1n, 2n, 3n, 4n, 5n])
    expect(snapshots.map((snapshot) => snapshot.parentSnapshotId)).toEqual([
      undefined,
      ...snapshots.slice(0, -1).map((snapshot) => snapshot.snapshotId),
    ])
    expect(snapshots.at(-1)?.summary).toMatchObject({ 'total-records': '50', 'total-data-files': '5' })
  })
})

describe('row ids on v3', () => {
  it('are assigned anew at each attempt: disjoint, without gap, and stable once committed', async () => {
    const started = await startTable({ 'format-version': '3' })
    const context = actingBefore(started.context, async (attempt) => {
      if (attempt < 3) await rivalAppend(started)
    })
    const { metadata } = await append(context, started.base, { name: 'ours', records: 5n })
    expect(metadata.nextRowId).toBe(35n)
    const ranges = metadata.snapshots.map(({ firstRowId, addedRows }) => [firstRowId, addedRows])
    expect(ranges).toEqual([
      [0n, 10n],
      [10n, 10n],
      [20n, 10n],
      [30n, 5n],
    ])
    const byFile = new Map<string, bigint>()
    for (const snapshot of metadata.snapshots) {
      const source = { metadata, store: started.store }
      for (const manifest of await readManifestList(source, snapshot)) {
        for (const { dataFile } of await readManifestEntries(source, manifest)) {
          const known = byFile.get(dataFile.filePath) ?? dataFile.firstRowId!
          expect(dataFile.firstRowId).toBe(known)
          byFile.set(dataFile.filePath, known)
        }
      }
    }
    expect([...byFile.values()].sort((a, b) => Number(a - b))).toEqual([0n, 10n, 20n, 30n])
  })

  it('go to the rows of older versions with the first commit after an upgrade', async () => {
    const started = await startTable()
    const first = await append(started.context, started.base, { name: 'old', records: 7n })
    await rivalUpdate(started, { action: 'upgrade-format-version', formatVersion: 3 })
    const { metadata } = await append(started.context, first, { name: 'new', records: 3n })
    expect(metadata.nextRowId).toBe(10n)
    const source = { metadata, store: started.store }
    const firstRowIds: bigint[] = []
    for (const manifest of await readManifestList(source, currentSnapshot(metadata)!)) {
      for (const { dataFile } of await readManifestEntries(source, manifest)) {
        firstRowIds.push(dataFile.firstRowId!)
      }
    }
    expect(firstRowIds).toEqual([0n, 3n])
  })
})

describe('what a failed commit has written', () => {
  it('is taken back wherever the store fails', async () => {
    let struck = 0
    for (let at = 0; ; at++) {
      const started = await startTable()
      let puts = 0
      const failing = wrappedStore(started.store, async (call, _, apply) => {
        if (call === 'put' && puts++ === at) throw new MoraineError('UNAUTHORIZED', 'no')
        return apply()
      })
      const context = { ...started.context, store: failing }
      const failure = await commit(
        context,
        started.base,
        mergeAppend(context, appendOf({ name: 'ours' })),
      ).catch((error: unknown) => error)
      if (puts <= at) break
      struck++
      expect(failure).toEqual(code('UNAUTHORIZED'))
      expect(await avroFiles(started.store)).toEqual([])
    }
    expect(struck).toBe(2)
  })

  it('is taken back when the answer to a put was lost', async () => {
    for (let at = 0; at < 2; at++) {
      const started = await startTable()
      let puts = 0
      const failing = wrappedStore(started.store, async (call, _, apply) => {
        const result = await apply()
        if (call === 'put' && puts++ === at) throw new MoraineError('UNAVAILABLE', 'no answer')
        return result
      })
      const context = { ...started.context, store: failing }
      await expect(append(context, started.base)).rejects.toEqual(code('UNAVAILABLE'))
      expect(await avroFiles(started.store)).toEqual([])
    }
  })

  it('does not hide the failure when it cannot be taken back', async () => {
    const started = await startTable()
    const failing = wrappedStore(started.store, async (call, locations, apply) => {
      if (call === 'delete') throw new Error('nor this')
      if (call === 'put' && locations[0]!.includes('/snap-')) throw new MoraineError('UNAUTHORIZED', 'no')
      return apply()
    })
    const context = { ...started.context, store: failing }
    await expect(append(context, started.base)).rejects.toEqual(code('UNAUTHORIZED'))
  })

  it('is our own when a store that repeats requests says that it is there', async () => {
    const started = await startTable()
    const repeating = wrappedStore(started.store, async (call, _, apply) => {
      if (call === 'put') await apply()
      return apply()
    })
    const context = { ...started.context, store: repeating }
    const { metadata } = await append(context, started.base)
    expect(metadata.snapshots).toHaveLength(1)
    await everyReferencedFileIsThere(started)
  })

  it('never replaces or deletes what another operation wrote under the name', async () => {
    const started = await startTable()
    const ids = [7n, 8n]
    const environment = { ...started.context.environment, snapshotId: () => ids.shift()! }
    const theirs = `${METADATA}snap-7-0-ours.avro`
    await started.store.put(theirs, new Uint8Array([1]))
    const context = { ...started.context, environment }
    await expect(append(context, started.base, { name: 'ours' })).rejects.toEqual(code('INVALID_ARGUMENT'))
    expect(await started.store.get(theirs)).toEqual(new Uint8Array([1]))
    expect(await avroFiles(started.store)).toEqual(['snap-7-0-ours.avro'])
  })
})

describe('the signal', () => {
  it('stops a commit at any store call, and leaves nothing or the whole commit', async () => {
    let aborted = 0
    for (let at = 0; ; at++) {
      const started = await startTable()
      await rivalAppend(started)
      const controller = new AbortController()
      let calls = 0
      const strike = wrappedStore(started.context.store, async (_, __, apply) => {
        if (calls++ === at) controller.abort()
        return apply()
      })
      const context = { ...started.context, store: strike, signal: controller.signal }
      // The base is stale: the first attempt is lost, so that waiting and reloading are struck, too.
      const outcome = await append(context, started.base, { name: 'ours' }).catch((error: unknown) => error)
      if (calls <= at) break
      const { metadata } = await started.rival.catalog.loadTable(TABLE)
      if (isMoraineError(outcome)) {
        aborted++
        expect(outcome.code).toBe('ABORTED')
        expect(metadata.snapshots).toHaveLength(1)
        expect((await avroFiles(started.store)).filter((name) => name.includes('ours'))).toEqual([])
      } else {
        expect(metadata.snapshots).toHaveLength(2)
      }
      await everyReferencedFileIsThere(started)
    }
    expect(aborted).toBeGreaterThan(3)
  })

  it('stops waiting for the next attempt', async () => {
    const started = await startTable()
    const controller = new AbortController()
    const context = {
      ...actingBefore(started.context, () => rivalAppend(started)),
      signal: controller.signal,
      environment: {
        ...started.context.environment,
        sleep: async (_: number, signal?: AbortSignal) => {
          controller.abort(new Error('enough'))
          signal?.throwIfAborted()
        },
      },
    }
    await expect(append(context, started.base, { name: 'ours' })).rejects.toEqual(code('ABORTED'))
    expect((await avroFiles(started.store)).filter((name) => name.includes('ours'))).toEqual([])
  })
})

async function branchCommit({ rival }: Started): Promise<void> {
  const { metadata } = await rival.catalog.loadTable(TABLE)
  const parent = currentSnapshot(metadata)!
  const snapshotId = 4242n
  const result = await rival.catalog.commitTable({
    identifier: TABLE,
    requirements: [],
    updates: [
      {
        action: 'add-snapshot',
        snapshot: {
          ...parent,
          snapshotId,
          parentSnapshotId: parent.snapshotId,
          sequenceNumber: metadata.lastSequenceNumber + 1n,
          ...(metadata.formatVersion === 3 ? { firstRowId: metadata.nextRowId, addedRows: 4n } : {}),
        },
      },
      { action: 'set-snapshot-ref', refName: 'dev', ref: { type: 'branch', snapshotId } },
    ],
  })
  expect(result.status).toBe('committed')
}

/** Every manifest list and manifest that any snapshot names. Data files are only said to exist here. */
async function everyReferencedFileIsThere({ rival, store }: Started): Promise<void> {
  const { metadata } = await rival.catalog.loadTable(TABLE)
  for (const snapshot of metadata.snapshots) {
    for (const manifest of await readManifestList({ metadata, store }, snapshot)) {
      expect((await store.head(manifest.manifestPath))?.size).toBe(Number(manifest.manifestLength))
    }
  }
}
