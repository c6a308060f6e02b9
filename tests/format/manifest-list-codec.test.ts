import { describe, expect, it } from 'vitest'
import { intCodec, longCodec, stringCodec } from '../../format/avro/codec.ts'
import { encodeAvro, openAvro } from '../../format/avro/container.ts'
import { columnsOf, recordCodec, required } from '../../format/avro/record-codec.ts'
import type { ManifestFile } from '../../format/manifest.ts'
import {
  decodeManifestList,
  type EncodeManifestList,
  encodeManifestList,
  type UnassignedManifest,
} from '../../format/manifest-list-codec.ts'

const SNAPSHOT = 2n ** 62n + 1n

const unassigned: UnassignedManifest = {
  manifestPath: 's3://b/m1.avro',
  manifestLength: 2n ** 40n,
  partitionSpecId: 2,
  content: 'data',
  addedSnapshotId: SNAPSHOT,
  addedFilesCount: 1,
  existingFilesCount: 2,
  deletedFilesCount: 3,
  addedRowsCount: 100n,
  existingRowsCount: 25n,
  deletedRowsCount: 7n,
  partitions: [
    { containsNull: true, containsNan: false, lowerBound: Uint8Array.of(1), upperBound: new Uint8Array() },
    { containsNull: false },
  ],
  keyMetadata: Uint8Array.of(9),
}
const committed: ManifestFile = {
  ...unassigned,
  sequenceNumber: 3n,
  minSequenceNumber: 1n,
  addedSnapshotId: 5n,
}

function encode(over: Partial<EncodeManifestList>) {
  const firstRowId = over.formatVersion === 3 ? 1000n : undefined
  return encodeManifestList({
    formatVersion: 2,
    snapshotId: SNAPSHOT,
    sequenceNumber: 8n,
    firstRowId,
    manifests: [],
    ...over,
  })
}

describe('a manifest list', () => {
  it.each([1, 2, 3] as const)('of v%i returns what was written', (formatVersion) => {
    const written: ManifestFile[] = [committed, { ...committed, manifestPath: 'b', partitions: undefined }]
    const { bytes, manifests } = encode({ formatVersion, manifests: written })
    const expected =
      formatVersion === 1
        ? written.map((m) => ({ ...m, sequenceNumber: 0n, minSequenceNumber: 0n }))
        : manifests
    expect(decodeManifestList(bytes)).toEqual(expected)
  })

  it('gives new manifests the sequence number of the commit, and keeps that of the others', () => {
    const oldest = { ...unassigned, minSequenceNumber: 2n }
    const { bytes, manifests } = encode({ manifests: [unassigned, oldest, committed] })
    expect(manifests.map((m) => [m.sequenceNumber, m.minSequenceNumber])).toEqual([
      [8n, 8n],
      [8n, 2n],
      [3n, 1n],
    ])
    expect(decodeManifestList(bytes)).toEqual(manifests)
  })

  it('refuses to number a manifest that another snapshot added', () => {
    expect(() => encode({ manifests: [{ ...unassigned, addedSnapshotId: 5n }] })).toThrow(
      /snapshot 5 added it/,
    )
  })

  it('assigns first row ids as in the example of the spec', () => {
    const rows = (added: bigint, existing: bigint): UnassignedManifest => ({
      ...unassigned,
      addedRowsCount: added,
      existingRowsCount: existing,
    })
    const { manifests, assignedRows } = encode({
      formatVersion: 3,
      firstRowId: 1000n,
      manifests: [{ ...committed, firstRowId: 925n }, rows(100n, 25n), rows(0n, 100n), rows(125n, 25n)],
    })
    expect(manifests.map((m) => m.firstRowId)).toEqual([925n, 1000n, 1125n, 1225n])
    expect(assignedRows).toBe(375n)
  })

  it('gives row ids to the manifests of a table that came from v2, and none to deletes', () => {
    const { manifests, assignedRows } = encode({
      formatVersion: 3,
      firstRowId: 0n,
      manifests: [{ ...committed, content: 'deletes', firstRowId: 77n }, committed, unassigned],
    })
    expect(manifests.map((m) => m.firstRowId)).toEqual([undefined, 0n, 125n])
    expect(assignedRows).toBe(250n)
  })

  it('writes no sequence numbers and row ids in v1', () => {
    const { bytes, manifests, assignedRows } = encode({ formatVersion: 1, manifests: [unassigned] })
    expect(manifests[0]).toMatchObject({ sequenceNumber: 0n, minSequenceNumber: 0n })
    expect(assignedRows).toBe(0n)
    expect(openAvro(bytes).metadata.get('avro.schema')).not.toContain('sequence_number')
  })

  it('says in its header which snapshot it belongs to', () => {
    const { metadata } = openAvro(encode({ formatVersion: 3, parentSnapshotId: 4n }).bytes)
    expect(Object.fromEntries(metadata)).toMatchObject({
      'snapshot-id': String(SNAPSHOT),
      'parent-snapshot-id': '4',
      'sequence-number': '8',
      'first-row-id': '1000',
      'format-version': '3',
    })
    expect(openAvro(encode({}).bytes).metadata.get('parent-snapshot-id')).toBe('null')
  })

  it('refuses delete manifests in v1, unknown counts in v2, and v3 without a first row id', () => {
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' })
    expect(() => encode({ formatVersion: 1, manifests: [{ ...committed, content: 'deletes' }] })).toThrow(
      refused,
    )
    expect(() => encode({ manifests: [{ ...committed, addedFilesCount: undefined }] })).toThrow(
      /added_files_count/,
    )
    expect(() => encode({ formatVersion: 3, firstRowId: undefined })).toThrow(refused)
  })

  it('reads an old v1 list, whose counts have other names and no version stands in the header', () => {
    interface Old {
      path: string
      length: bigint
      spec: number
      snapshot: bigint
      added?: number
    }
    const column = columnsOf<Old>()
    const columns = [
      required(column('path', 500, 'manifest_path', stringCodec)),
      required(column('length', 501, 'manifest_length', longCodec)),
      required(column('spec', 502, 'partition_spec_id', intCodec)),
      required(column('snapshot', 503, 'added_snapshot_id', longCodec)),
      column('added', 504, 'added_data_files_count', intCodec),
    ]
    const old: Old = { path: 'm', length: 1n, spec: 0, snapshot: 6n, added: 2 }
    const codec = recordCodec<Old>('manifest_file', columns, () => old)
    expect(decodeManifestList(encodeAvro(codec, [old], {}))).toEqual([
      {
        manifestPath: 'm',
        manifestLength: 1n,
        partitionSpecId: 0,
        content: 'data',
        sequenceNumber: 0n,
        minSequenceNumber: 0n,
        addedSnapshotId: 6n,
        addedFilesCount: 2,
      },
    ])
    expect(() => decodeManifestList(encodeAvro(codec, [old], { 'format-version': '2' }))).toThrow(
      /expected column 'content' \(field id 517\)/,
    )
    expect(() => decodeManifestList(encodeAvro(codec, [old], { 'format-version': '4' }))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    )
  })
})
