import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMoraineError } from '../../format/errors.ts'
import type { PartitionField } from '../../format/partition-spec.ts'
import type { Schema } from '../../format/schema.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema, defaultSpec, newTableMetadata } from '../../format/table-metadata-build.ts'
import { decodeTableMetadata, encodeTableMetadata } from '../../format/table-metadata-json.ts'
import type { TableUpdate } from '../../format/table-update.ts'
import { applyUpdates, withMetadataLogEntry } from '../../format/table-update-apply.ts'
import {
  dateType,
  intType,
  longType,
  type NestedField,
  stringType,
  timestampNsType,
} from '../../format/types.ts'
import { runs } from '../runs.ts'
import { decode, oldV1, v2 } from './metadata-fixtures.ts'

const START = 1_700_000_000_000
const fields: readonly NestedField[] = [
  { id: 1, name: 'id', required: true, type: longType },
  { id: 2, name: 'day', required: false, type: dateType },
  { id: 3, name: 'city', required: false, type: stringType },
]

function table(formatVersion = 2): TableMetadata {
  return newTableMetadata({
    schema: { fields, identifierFieldIds: [] },
    partitionSpec: {
      fields: [{ fieldId: 0, name: 'city', sourceIds: [3], transform: { kind: 'identity' } }],
    },
    formatVersion,
    location: 's3://b/t',
    uuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1',
    now: START,
  })
}

function apply(metadata: TableMetadata, ...updates: TableUpdate[]): TableMetadata {
  return applyUpdates(metadata, updates, { now: metadata.lastUpdatedMs + 1000 })
}

function snapshotOf(metadata: TableMetadata, id: number, more: Partial<Snapshot> = {}): Snapshot {
  const parent = metadata.currentSnapshotId
  return {
    snapshotId: BigInt(id),
    ...(parent === undefined ? {} : { parentSnapshotId: parent }),
    sequenceNumber: metadata.formatVersion === 1 ? 0n : metadata.lastSequenceNumber + 1n,
    timestampMs: metadata.lastUpdatedMs + 10,
    manifestList: `s3://b/t/s${id}.avro`,
    operation: 'append',
    summary: {},
    ...(metadata.formatVersion === 3 ? { firstRowId: metadata.nextRowId, addedRows: 5n } : {}),
    ...more,
  }
}

const add = (snapshot: Snapshot): TableUpdate => ({ action: 'add-snapshot', snapshot })
const setMain = (id: number): TableUpdate => ({
  action: 'set-snapshot-ref',
  refName: 'main',
  ref: { type: 'branch', snapshotId: BigInt(id) },
})
const append = (metadata: TableMetadata, id: number) =>
  apply(metadata, add(snapshotOf(metadata, id)), setMain(id))
const schemaOf = (...more: NestedField[]): Schema => ({
  schemaId: 9,
  fields: [...fields, ...more],
  identifierFieldIds: [],
})
const extra: NestedField = { id: 4, name: 'extra', required: false, type: intType }
const code = (expected: string) => expect.objectContaining({ code: expected })

describe('applyUpdates', () => {
  it('returns the same object when nothing changes', () => {
    const metadata = append(table(), 1)
    expect(apply(metadata)).toBe(metadata)
    expect(
      apply(
        metadata,
        { action: 'add-schema', schema: currentSchema(metadata) },
        { action: 'set-current-schema', schemaId: -1 },
        { action: 'assign-uuid', uuid: metadata.tableUuid!.toUpperCase() },
        { action: 'upgrade-format-version', formatVersion: 2 },
        { action: 'set-location', location: 's3://b/t/' },
        { action: 'set-properties', updates: {} },
        { action: 'remove-snapshots', snapshotIds: [99n] },
        { action: 'remove-snapshot-ref', refName: 'none' },
        { action: 'remove-statistics', snapshotId: 1n },
        setMain(1),
      ),
    ).toBe(metadata)
  })

  it('never changes the metadata that it is given', () => {
    const metadata = append(table(3), 1)
    const before = encodeTableMetadata(metadata)
    append(metadata, 2)
    apply(
      metadata,
      { action: 'set-properties', updates: { a: 'b' } },
      { action: 'remove-snapshots', snapshotIds: [1n] },
    )
    expect(encodeTableMetadata(metadata)).toEqual(before)
  })

  it('sets last-updated-ms to now', () => {
    const metadata = applyUpdates(table(), [{ action: 'set-properties', updates: { a: 'b' } }], {
      now: START + 7,
    })
    expect(metadata.lastUpdatedMs).toBe(START + 7)
  })

  it('refuses a time more than a minute before the logs', () => {
    const metadata = append(table(), 1)
    const update: TableUpdate = { action: 'set-properties', updates: { a: 'b' } }
    const logged = metadata.snapshotLog[0]!.timestampMs
    expect(() => applyUpdates(metadata, [update], { now: logged - 60_000 })).not.toThrow()
    expect(() => applyUpdates(metadata, [update], { now: logged - 60_001 })).toThrow(code('INVALID_ARGUMENT'))
  })
})

describe('schemas', () => {
  it('get the next id and become current by -1', () => {
    const metadata = apply(
      table(),
      { action: 'add-schema', schema: schemaOf(extra) },
      { action: 'set-current-schema', schemaId: -1 },
    )
    expect(metadata.currentSchemaId).toBe(1)
    expect(metadata.schemas.map((schema) => schema.schemaId)).toEqual([0, 1])
    expect(metadata.lastColumnId).toBe(4)
  })

  it('are reused when equal, docs and defaults included', () => {
    const grown = apply(
      table(),
      { action: 'add-schema', schema: schemaOf(extra) },
      { action: 'set-current-schema', schemaId: -1 },
    )
    const back = apply(
      grown,
      { action: 'add-schema', schema: schemaOf() },
      { action: 'set-current-schema', schemaId: -1 },
    )
    expect(back).toMatchObject({ currentSchemaId: 0, lastColumnId: 4 })
    expect(back.schemas).toHaveLength(2)
    const documented = apply(back, { action: 'add-schema', schema: schemaOf({ ...extra, doc: 'new' }) })
    expect(documented.schemas).toHaveLength(3)
  })

  it('must fit the format version and the default spec', () => {
    const ns = schemaOf({ ...extra, type: timestampNsType })
    expect(() => apply(table(), { action: 'add-schema', schema: ns })).toThrow(/needs format version 3/)
    expect(
      apply(
        table(),
        { action: 'upgrade-format-version', formatVersion: 3 },
        { action: 'add-schema', schema: ns },
      ).schemas,
    ).toHaveLength(2)
    const without = { ...schemaOf(), fields: fields.slice(0, 2) }
    expect(() =>
      apply(
        table(),
        { action: 'add-schema', schema: without },
        { action: 'set-current-schema', schemaId: -1 },
      ),
    ).toThrow(/'city' has source column 3, which the schema does not have/)
  })

  it('are removed, but for the current one', () => {
    const grown = apply(
      table(),
      { action: 'add-schema', schema: schemaOf(extra) },
      { action: 'set-current-schema', schemaId: -1 },
    )
    expect(
      apply(grown, { action: 'remove-schemas', schemaIds: [0, 7] }).schemas.map((schema) => schema.schemaId),
    ).toEqual([1])
    expect(() => apply(grown, { action: 'remove-schemas', schemaIds: [1] })).toThrow(
      /current schema cannot be removed/,
    )
  })

  it('must exist to become current', () => {
    expect(() => apply(table(), { action: 'set-current-schema', schemaId: 5 })).toThrow(
      /schema 5 does not exist/,
    )
    expect(() => apply(table(), { action: 'set-current-schema', schemaId: -1 })).toThrow(/none was added/)
  })
})

describe('partition specs', () => {
  const field = (
    name: string,
    sourceId: number,
    kind: 'identity' | 'day' | 'void',
    fieldId = 0,
  ): PartitionField => ({
    fieldId,
    name,
    sourceIds: [sourceId],
    transform: { kind },
  })
  const addSpec = (...specFields: PartitionField[]): TableUpdate => ({
    action: 'add-spec',
    spec: { specId: 7, fields: specFields },
  })
  const byDay = addSpec(field('day_day', 2, 'day'))

  it('get the next id; their fields reuse the id of an equivalent field or get the next', () => {
    const metadata = apply(table(), addSpec(field('day_day', 2, 'day'), field('city', 3, 'identity')), {
      action: 'set-default-spec',
      specId: -1,
    })
    expect(defaultSpec(metadata)).toMatchObject({ specId: 1, fields: [{ fieldId: 1001 }, { fieldId: 1000 }] })
    expect(metadata.lastPartitionId).toBe(1001)
  })

  it('are reused when compatible, whatever their field ids', () => {
    const metadata = table()
    expect(
      apply(metadata, addSpec(field('city', 3, 'identity', 1044)), {
        action: 'set-default-spec',
        specId: -1,
      }),
    ).toBe(metadata)
  })

  it('refuse a field id that means another field, void aside', () => {
    expect(() => apply(table(), addSpec(field('day_day', 2, 'day', 1000)))).toThrow(
      /has the id 1000 of another field, 'city'/,
    )
    expect(() =>
      apply(table(), addSpec(field('a', 3, 'identity', 1005), field('b', 2, 'identity', 1005))),
    ).toThrow(/used twice/)
    const voided = apply(table(), addSpec(field('city', 3, 'void', 1000)))
    expect(voided.partitionSpecs[1]!.fields[0]!.fieldId).toBe(1000)
  })

  it('count from 1000 in version 1', () => {
    const metadata = apply(table(1), addSpec(field('city', 3, 'void'), field('day_day', 2, 'day')))
    expect(metadata.partitionSpecs[1]!.fields.map((each) => each.fieldId)).toEqual([1000, 1001])
    expect(() => apply(table(1), addSpec(field('day_day', 2, 'day', 1001)))).toThrow(/count up from 1000/)
  })

  it('must fit the schema and exist to be the default', () => {
    expect(() => apply(table(), addSpec(field('x', 1, 'day')))).toThrow(/cannot apply day to 'id'/)
    expect(() => apply(table(), addSpec(field('id', 3, 'day')))).toThrow(
      /name of a column that is not its source/,
    )
    expect(() => apply(table(), { action: 'set-default-spec', specId: 3 })).toThrow(
      /partition spec 3 does not exist/,
    )
  })

  it('are removed, but for the default', () => {
    const metadata = apply(table(), byDay)
    expect(apply(metadata, { action: 'remove-partition-specs', specIds: [1] }).partitionSpecs).toHaveLength(1)
    expect(() => apply(metadata, { action: 'remove-partition-specs', specIds: [0] })).toThrow(/default/)
  })
})

describe('sort orders', () => {
  const order = (sourceId: number): TableUpdate => ({
    action: 'add-sort-order',
    sortOrder: {
      orderId: 0,
      fields: [
        {
          sourceIds: [sourceId],
          transform: { kind: 'identity' },
          direction: 'asc',
          nullOrder: 'nulls-first',
        },
      ],
    },
  })
  const useLast: TableUpdate = { action: 'set-default-sort-order', sortOrderId: -1 }

  it('count from 1, are reused when equal, and 0 is unsorted', () => {
    const sorted = apply(table(), order(1), useLast)
    expect(sorted).toMatchObject({ defaultSortOrderId: 1 })
    const again = apply(sorted, order(2), order(1), useLast)
    expect(again.defaultSortOrderId).toBe(1)
    expect(again.sortOrders.map((each) => each.orderId)).toEqual([0, 1, 2])
    const unsorted = apply(
      decode(v2),
      { action: 'add-sort-order', sortOrder: { orderId: 5, fields: [] } },
      useLast,
    )
    expect(unsorted.defaultSortOrderId).toBe(0)
  })

  it('must fit the schema and exist', () => {
    expect(() => apply(table(), order(9))).toThrow(/source column 9/)
    expect(() => apply(table(), { action: 'set-default-sort-order', sortOrderId: 4 })).toThrow(
      /sort order 4 does not exist/,
    )
  })
})

describe('snapshots', () => {
  it('become current with main, logged at their own time', () => {
    const metadata = append(append(table(), 1), 2)
    expect(metadata).toMatchObject({ currentSnapshotId: 2n, lastSequenceNumber: 2n })
    expect(metadata.refs.get('main')).toEqual({ type: 'branch', snapshotId: 2n })
    expect(metadata.snapshotLog).toEqual([
      { timestampMs: START + 10, snapshotId: 1n },
      { timestampMs: START + 1010, snapshotId: 2n },
    ])
  })

  it('are staged when no reference is set', () => {
    const metadata = apply(table(), add(snapshotOf(table(), 1)))
    expect(metadata.currentSnapshotId).toBeUndefined()
    expect(metadata).toMatchObject({ lastSequenceNumber: 1n, snapshotLog: [] })
  })

  it('with a sequence number that is taken are a lost race, to be staged anew', () => {
    const metadata = append(table(), 1)
    const late = snapshotOf(metadata, 2, { sequenceNumber: 1n })
    const error = expect.objectContaining({ code: 'COMMIT_CONFLICT', retryable: true })
    expect(() => apply(metadata, add(late), setMain(2))).toThrow(error)
    // Two first snapshots, of two branches: Iceberg Java gives both the number 1.
    expect(() => apply(metadata, add({ ...late, parentSnapshotId: undefined as never }))).toThrow(error)
  })

  it('with an id that is taken, or without a manifest list, are refused', () => {
    const metadata = append(table(), 1)
    expect(() => apply(metadata, add(snapshotOf(metadata, 1)))).toThrow(/snapshot 1 exists already/)
    const { manifestList: _, ...bare } = snapshotOf(metadata, 2)
    expect(() => apply(metadata, add({ ...bare, manifests: [] }))).toThrow(/no manifest list/)
  })

  it('of v1 have no sequence numbers', () => {
    const metadata = append(append(table(1), 1), 2)
    expect(metadata).toMatchObject({ lastSequenceNumber: 0n, currentSnapshotId: 2n })
    expect(() => apply(metadata, add(snapshotOf(metadata, 3, { sequenceNumber: 3n })))).toThrow(
      code('INVALID_ARGUMENT'),
    )
  })

  it('of v3 take their row ids from next-row-id and advance it', () => {
    const metadata = append(append(table(3), 1), 2)
    expect(metadata.nextRowId).toBe(10n)
    const stale = snapshotOf(metadata, 3, { firstRowId: 9n })
    expect(() => apply(metadata, add(stale))).toThrow(
      expect.objectContaining({ code: 'COMMIT_CONFLICT', retryable: true }),
    )
    expect(apply(metadata, add(snapshotOf(metadata, 3, { firstRowId: 12n }))).nextRowId).toBe(17n)
    expect(() => apply(metadata, add(snapshotOf(metadata, 3, { firstRowId: undefined as never })))).toThrow(
      /needs first-row-id/,
    )
    expect(() => apply(metadata, add(snapshotOf(metadata, 3, { addedRows: -1n })))).toThrow(/added-rows/)
  })

  it('that were current only within one list of updates leave no trace in the log', () => {
    const base = append(table(), 1)
    const second = snapshotOf(base, 2)
    const third = snapshotOf(base, 3, { sequenceNumber: 3n, parentSnapshotId: 2n })
    const metadata = apply(base, add(second), setMain(2), add(third), setMain(3))
    expect(metadata.snapshotLog.map((entry) => entry.snapshotId)).toEqual([1n, 3n])
    expect(metadata.snapshots).toHaveLength(3)
  })

  it('rolled back to are logged at the time of the rollback', () => {
    const metadata = append(append(table(), 1), 2)
    const back = apply(metadata, setMain(1))
    expect(back.currentSnapshotId).toBe(1n)
    expect(back.snapshotLog.at(-1)).toEqual({ timestampMs: back.lastUpdatedMs, snapshotId: 1n })
  })

  it('are removed with their references and statistics, and with the log before them', () => {
    const statistics = { snapshotId: 2n, json: { 'snapshot-id': 2 } }
    const tag: TableUpdate = {
      action: 'set-snapshot-ref',
      refName: 't',
      ref: { type: 'tag', snapshotId: 2n },
    }
    const base = apply(
      append(append(append(append(table(), 1), 2), 3), 4),
      tag,
      { action: 'set-statistics', statistics },
      { action: 'set-partition-statistics', partitionStatistics: statistics },
    )
    const metadata = apply(base, { action: 'remove-snapshots', snapshotIds: [2n] })
    expect(metadata.snapshots.map((snapshot) => snapshot.snapshotId)).toEqual([1n, 3n, 4n])
    expect([...metadata.refs.keys()]).toEqual(['main'])
    expect(metadata).toMatchObject({ statistics: [], partitionStatistics: [], currentSnapshotId: 4n })
    expect(metadata.snapshotLog.map((entry) => entry.snapshotId)).toEqual([3n, 4n])
  })

  it('leave the table without a current one when that is removed', () => {
    const metadata = apply(append(table(), 1), { action: 'remove-snapshots', snapshotIds: [1n] })
    expect(metadata).not.toHaveProperty('currentSnapshotId')
    expect(metadata).toMatchObject({ snapshots: [], snapshotLog: [], lastSequenceNumber: 1n })
  })
})

describe('references', () => {
  const base = append(append(table(), 1), 2)
  const set = (
    refName: string,
    ref: Extract<TableUpdate, { action: 'set-snapshot-ref' }>['ref'],
  ): TableUpdate => ({
    action: 'set-snapshot-ref',
    refName,
    ref,
  })

  it('other than main leave the log and the current snapshot alone', () => {
    const metadata = apply(base, set('audit', { type: 'branch', snapshotId: 1n, minSnapshotsToKeep: 3 }))
    expect(metadata.refs.get('audit')).toEqual({ type: 'branch', snapshotId: 1n, minSnapshotsToKeep: 3 })
    expect(metadata).toMatchObject({ currentSnapshotId: 2n, snapshotLog: base.snapshotLog })
    expect(apply(metadata, { action: 'remove-snapshot-ref', refName: 'audit' }).refs).toEqual(base.refs)
  })

  it('of main may change their retention without an entry in the log', () => {
    const metadata = apply(base, set('main', { type: 'branch', snapshotId: 2n, maxSnapshotAgeMs: 5 }))
    expect(metadata.refs.get('main')?.maxSnapshotAgeMs).toBe(5)
    expect(metadata.snapshotLog).toEqual(base.snapshotLog)
  })

  it('of main can be removed, which leaves no current snapshot', () => {
    const metadata = apply(base, { action: 'remove-snapshot-ref', refName: 'main' })
    expect(metadata).not.toHaveProperty('currentSnapshotId')
    expect(metadata.snapshots).toHaveLength(2)
  })

  it('to a snapshot that is gone contradict the table', () => {
    expect(() => apply(base, set('a', { type: 'tag', snapshotId: 9n }))).toThrow(code('VALIDATION_FAILED'))
  })

  it.each([
    ['main', { type: 'tag', snapshotId: 1n }, /'main' must be a branch/],
    ['t', { type: 'tag', snapshotId: 1n, minSnapshotsToKeep: 1 }, /only branches/],
    ['b', { type: 'branch', snapshotId: 1n, maxRefAgeMs: 0 }, /retention of 0/],
    ['', { type: 'branch', snapshotId: 1n }, /needs a name/],
  ] as const)('refuse a bad one: %#', (name, ref, message) => {
    expect(() => apply(base, set(name, ref))).toThrow(message)
  })
})

describe('the rest', () => {
  it('a format version only goes up, to 3', () => {
    const upgraded = apply(append(table(2), 1), { action: 'upgrade-format-version', formatVersion: 3 })
    expect(upgraded).toMatchObject({ formatVersion: 3, nextRowId: 0n })
    expect(() => apply(upgraded, { action: 'upgrade-format-version', formatVersion: 2 })).toThrow(
      /only goes up/,
    )
    expect(() => apply(upgraded, { action: 'upgrade-format-version', formatVersion: 4 })).toThrow(
      code('UNSUPPORTED'),
    )
  })

  it('a v1 table without UUID needs one to be upgraded, and then keeps it', () => {
    const metadata = decode(oldV1)
    const upgrade: TableUpdate = { action: 'upgrade-format-version', formatVersion: 2 }
    expect(() => apply(metadata, upgrade)).toThrow(/table-uuid is required/)
    const upgraded = apply(metadata, { action: 'assign-uuid', uuid: 'u-1' }, upgrade)
    expect(upgraded).toMatchObject({ formatVersion: 2, tableUuid: 'u-1' })
    expect(() => apply(upgraded, { action: 'assign-uuid', uuid: 'u-2' })).toThrow(/cannot get another/)
  })

  it('properties are set and removed; reserved ones are refused', () => {
    const metadata = apply(
      table(),
      { action: 'set-properties', updates: { a: '1', b: '2' } },
      { action: 'remove-properties', removals: ['a', 'zzz'] },
    )
    expect(metadata.properties).toMatchObject({ b: '2' })
    expect(metadata.properties).not.toHaveProperty('a')
    expect(() => apply(table(), { action: 'set-properties', updates: { 'format-version': '3' } })).toThrow(
      /use upgrade-format-version/,
    )
    expect(() => apply(table(), { action: 'set-properties', updates: { a: 5 as never } })).toThrow(
      "'a' must be a text",
    )
  })

  it('statistics replace those of the same snapshot', () => {
    const file = (path: string) => ({ snapshotId: 1n, json: { 'snapshot-id': 1, 'statistics-path': path } })
    const base = append(table(), 1)
    const metadata = apply(
      base,
      { action: 'set-statistics', statistics: file('a') },
      { action: 'set-statistics', statistics: file('b') },
    )
    expect(metadata.statistics).toEqual([file('b')])
    expect(apply(metadata, { action: 'remove-statistics', snapshotId: 1n }).statistics).toEqual([])
  })

  it('encryption keys are added once and removed', () => {
    const encryptionKey = { 'key-id': 'k', 'encrypted-key-metadata': 'x' }
    const metadata = apply(
      table(3),
      { action: 'add-encryption-key', encryptionKey },
      { action: 'add-encryption-key', encryptionKey },
    )
    expect(metadata.encryptionKeys).toEqual([encryptionKey])
    expect(apply(metadata, { action: 'remove-encryption-key', keyId: 'k' }).encryptionKeys).toEqual([])
  })

  it('the metadata log keeps as many entries as the property says', () => {
    const limited = apply(table(), {
      action: 'set-properties',
      updates: { 'write.metadata.previous-versions-max': '2' },
    })
    let metadata = limited
    for (let i = 1; i <= 3; i++)
      metadata = withMetadataLogEntry(metadata, { timestampMs: START + i, metadataFile: `v${i}` })
    expect(metadata.metadataLog.map((entry) => entry.metadataFile)).toEqual(['v2', 'v3'])
  })

  it('any list of updates gives valid metadata or a typed error, and ids are never reused', () => {
    const id = fc.integer({ min: -1, max: 4 })
    const snapshotId = fc.integer({ min: 1, max: 5 })
    const refName = fc.constantFrom('main', 'a', 'b')
    type Step = (metadata: TableMetadata) => TableUpdate
    const step: fc.Arbitrary<Step> = fc.oneof(
      snapshotId.map(
        (i): Step =>
          (metadata) =>
            add(snapshotOf(metadata, i)),
      ),
      fc.record({ refName, i: snapshotId }).map(
        ({ refName, i }): Step =>
          () =>
            ({ ...setMain(i), refName }) as TableUpdate,
      ),
      snapshotId.map(
        (i): Step =>
          () => ({ action: 'remove-snapshots', snapshotIds: [BigInt(i)] }),
      ),
      refName.map(
        (name): Step =>
          () => ({ action: 'remove-snapshot-ref', refName: name }),
      ),
      id.map(
        (i): Step =>
          (metadata) => ({
            action: 'add-schema',
            schema: schemaOf({ ...extra, id: metadata.lastColumnId + 1, name: `n${i}` }),
          }),
      ),
      id.map(
        (i): Step =>
          () => ({ action: 'set-current-schema', schemaId: i }),
      ),
      id.map(
        (i): Step =>
          () => ({ action: 'remove-schemas', schemaIds: [i] }),
      ),
      id.map(
        (i): Step =>
          () => ({ action: 'upgrade-format-version', formatVersion: i }),
      ),
    )
    const property = fc.property(
      fc.constantFrom(1, 2, 3),
      fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 8 }),
      (version, commits) => {
        let metadata = table(version)
        for (const steps of commits) {
          try {
            let staged = metadata
            const updates = steps.map((make) => {
              const update = make(staged)
              if (update.action === 'add-snapshot')
                staged = { ...staged, lastSequenceNumber: update.snapshot.sequenceNumber }
              return update
            })
            const next = apply(metadata, ...updates)
            expect(decodeTableMetadata(encodeTableMetadata(next), 'x')).toEqual(next)
            expect(next.lastSequenceNumber >= metadata.lastSequenceNumber).toBe(true)
            expect(next.nextRowId >= metadata.nextRowId).toBe(true)
            expect(next.lastColumnId >= metadata.lastColumnId).toBe(true)
            if (next.snapshotLog.length > 0 && next.currentSnapshotId !== undefined) {
              expect(next.snapshotLog.at(-1)!.snapshotId).toBe(next.currentSnapshotId)
            }
            metadata = next
          } catch (error) {
            if (!isMoraineError(error)) throw error
          }
        }
      },
    )
    fc.assert(property, runs(6, 400))
  })
})
