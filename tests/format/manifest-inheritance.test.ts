import { describe, expect, it } from 'vitest'
import type { DataFile, EntryStatus, ManifestEntry, ManifestFile } from '../../format/manifest.ts'
import { inheritance } from '../../format/manifest-inheritance.ts'

const manifest: ManifestFile = {
  manifestPath: 'm.avro',
  manifestLength: 1n,
  partitionSpecId: 0,
  content: 'data',
  sequenceNumber: 7n,
  minSequenceNumber: 3n,
  addedSnapshotId: 70n,
}

function entry(
  status: EntryStatus,
  over: Partial<ManifestEntry> = {},
  file: Partial<DataFile> = {},
): ManifestEntry {
  return {
    status,
    ...over,
    dataFile: {
      content: 'data',
      filePath: 'a.parquet',
      fileFormat: 'parquet',
      specId: 0,
      partition: [],
      recordCount: 10n,
      fileSizeInBytes: 1n,
      ...file,
    },
  }
}

function inherit(entries: readonly ManifestEntry[], over: Partial<ManifestFile> = {}) {
  return entries.map(inheritance({ ...manifest, ...over }))
}

describe('inheritance from the manifest list', () => {
  it('gives added files the snapshot and the sequence numbers of the manifest', () => {
    expect(inherit([entry('added')])[0]).toMatchObject({
      snapshotId: 70n,
      sequenceNumber: 7n,
      fileSequenceNumber: 7n,
    })
  })

  it('keeps an explicit older data sequence number, 0 too, and still gives the file sequence number', () => {
    const entries = [entry('added', { sequenceNumber: 3n }), entry('added', { sequenceNumber: 0n })]
    expect(inherit(entries)).toMatchObject([
      { sequenceNumber: 3n, fileSequenceNumber: 7n },
      { sequenceNumber: 0n, fileSequenceNumber: 7n },
    ])
  })

  it('keeps what existing and deleted entries say', () => {
    const own = { snapshotId: 5n, sequenceNumber: 2n, fileSequenceNumber: 4n }
    expect(inherit([entry('existing', own), entry('deleted', own)])).toMatchObject([own, own])
  })

  it('refuses an existing entry without a sequence number, as nothing can be inherited there', () => {
    expect(() => inherit([entry('existing', { snapshotId: 5n })])).toThrow(
      expect.objectContaining({ code: 'INVALID_DATA', context: { rule: 'Sequence Number Inheritance' } }),
    )
  })

  it('lets a deleted entry of an old writer stand without sequence numbers', () => {
    expect(inherit([entry('deleted')])[0]).toMatchObject({ snapshotId: 70n, sequenceNumber: undefined })
  })

  it('numbers every file of a v1 manifest 0', () => {
    const statuses: EntryStatus[] = ['added', 'existing', 'deleted']
    for (const inherited of inherit(
      statuses.map((status) => entry(status)),
      { sequenceNumber: 0n },
    )) {
      expect(inherited).toMatchObject({ sequenceNumber: 0n, fileSequenceNumber: 0n })
    }
  })

  it('assigns first row ids as in the example of the spec', () => {
    const entries = [
      entry('existing', { sequenceNumber: 1n }, { recordCount: 25n, firstRowId: 800n }),
      entry('added', {}, { recordCount: 50n }),
      entry('deleted', { sequenceNumber: 1n }, { recordCount: 1000n }),
      entry('added', {}, { recordCount: 50n }),
      entry('existing', { sequenceNumber: 1n }, { recordCount: 5n }),
    ]
    const ids = inherit(entries, { firstRowId: 1000n }).map(({ dataFile }) => dataFile.firstRowId)
    expect(ids).toEqual([800n, 1000n, undefined, 1050n, 1100n])
  })

  it('gives no row ids without a first row id of the manifest, whatever is stored', () => {
    expect(inherit([entry('added', {}, { firstRowId: 5n })])[0]!.dataFile.firstRowId).toBeUndefined()
  })

  it('refuses to derive row ids from an unknown record count', () => {
    expect(() => inherit([entry('added', {}, { recordCount: -1n })], { firstRowId: 0n })).toThrow(
      /row ids unknown/,
    )
  })

  it('refuses deletes in a data manifest', () => {
    expect(() => inherit([entry('added', {}, { content: 'position-deletes' })])).toThrow(
      /holds position-deletes/,
    )
  })
})
