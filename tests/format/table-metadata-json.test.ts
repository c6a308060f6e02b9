import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMoraineError } from '../../format/errors.ts'
import { type JsonObject, parseJson } from '../../format/lossless-json.ts'
import { currentSchema, currentSnapshot, defaultSpec, specById } from '../../format/table-metadata-build.ts'
import { decodeTableMetadata, encodeTableMetadata } from '../../format/table-metadata-json.ts'
import { runs } from '../runs.ts'
import { decode, edited, oldV1, v2, v3 } from './metadata-fixtures.ts'

const location = 'memory://t/v1.metadata.json'
const encoded = (text: string) => parseJson(encodeTableMetadata(decode(text)))

describe('table metadata of v2 and v3', () => {
  it.each([
    ['v2', v2],
    ['v3', v3],
  ])('of %s is written as it was read, with unknown fields and every 64-bit integer', (_, text) => {
    expect(encoded(text)).toEqual(parseJson(text))
    expect(encoded(text)).toEqual(encoded(new TextDecoder().decode(encodeTableMetadata(decode(text)))))
  })

  it('is read from gzip, whatever the name, and written as gzip on request', () => {
    const zipped = new Uint8Array(gzipSync(v2))
    expect(decodeTableMetadata(zipped, location)).toEqual(decode(v2))
    const written = encodeTableMetadata(decode(v2), { gzip: true })
    expect([...written.subarray(0, 2)]).toEqual([0x1f, 0x8b])
    expect(decodeTableMetadata(written, location)).toEqual(decode(v2))
  })

  it('keeps names such as __proto__ apart from prototypes', () => {
    const metadata = decode(v2)
    const name = '__proto__'
    expect(metadata.properties[name]).toBe('kept')
    expect(metadata.refs.get(name)?.type).toBe('tag')
    expect(metadata.snapshots[0]!.summary[name]).toBe('kept')
    expect(currentSchema(metadata).fields[1]!.name).toBe(name)
    expect(Object.prototype).not.toHaveProperty('kept')
  })

  it('has the snapshot, its operation and its summary', () => {
    const metadata = decode(v2)
    expect(metadata.currentSnapshotId).toBe(9007199254740993n)
    expect(currentSnapshot(metadata)).toMatchObject({
      operation: 'overwrite',
      parentSnapshotId: 9007199254740992n,
    })
    expect(Object.keys(metadata.snapshots[0]!.summary)).toEqual(['__proto__'])
    expect(specById(metadata, 0).fields[1]!.transform).toEqual({ kind: 'unknown', text: 'zorder[2]' })
    expect(() => specById(metadata, 7)).toThrow(/partition spec 7 is not in/)
  })

  it('has defaults in their internal form', () => {
    const [id, n] = currentSchema(decode(v3)).fields
    expect(id).toMatchObject({ initialDefault: 9007199254740993n, writeDefault: 5n })
    expect(n!.initialDefault).toBe(1795300268123456789n)
  })

  it('has no current snapshot when current-snapshot-id is −1, null or missing', () => {
    const without = {
      refs: undefined,
      snapshots: undefined,
      statistics: undefined,
      'snapshot-log': undefined,
    }
    for (const id of [-1, null, undefined]) {
      const metadata = decode(edited(v2, { ...without, 'current-snapshot-id': id }))
      expect(metadata.currentSnapshotId).toBeUndefined()
      expect(metadata.refs.size).toBe(0)
      expect((parseJson(encodeTableMetadata(metadata)) as JsonObject)['current-snapshot-id']).toBe(-1)
    }
    const inV3 = encoded(edited(v3, { ...without, 'current-snapshot-id': null })) as JsonObject
    expect(inV3['current-snapshot-id']).toBeNull()
  })

  it('makes up main from current-snapshot-id when refs leave it out', () => {
    const metadata = decode(edited(v2, { refs: undefined }))
    expect(metadata.refs).toEqual(new Map([['main', { type: 'branch', snapshotId: 9007199254740993n }]]))
  })

  it('raises last-column-id and last-partition-id to the ids in use', () => {
    const metadata = decode(edited(v2, { 'last-column-id': 2, 'last-partition-id': 999 }))
    expect(metadata.lastColumnId).toBe(10)
    expect(metadata.lastPartitionId).toBe(1001)
  })

  it('reads an unsorted default order that is not listed', () => {
    const metadata = decode(edited(v2, { 'sort-orders': [], 'default-sort-order-id': 0 }))
    expect(metadata.sortOrders).toEqual([{ orderId: 0, fields: [] }])
  })
})

describe('table metadata of v1', () => {
  it('is read from a file with schema and partition-spec alone', () => {
    const metadata = decode(oldV1)
    expect(metadata).toMatchObject({
      formatVersion: 1,
      location: 'file:/warehouse/t',
      lastSequenceNumber: 0n,
      currentSchemaId: 0,
      defaultSpecId: 0,
      lastPartitionId: 1001,
      sortOrders: [{ orderId: 0, fields: [] }],
      defaultSortOrderId: 0,
      nextRowId: 0n,
    })
    expect(metadata.tableUuid).toBeUndefined()
    expect(defaultSpec(metadata).fields.map((field) => field.fieldId)).toEqual([1000, 1001])
    expect(metadata.snapshots[0]).toMatchObject({
      sequenceNumber: 0n,
      manifests: ['file:/warehouse/t/m1.avro'],
    })
    expect(metadata.refs.get('main')?.snapshotId).toBe(3051729675574597004n)
  })

  it('is written with the lists and with what older readers look for', () => {
    const json = encoded(oldV1) as JsonObject
    expect(json['schemas']).toHaveLength(1)
    expect(json['schema']).toEqual((json['schemas'] as JsonObject[])[0])
    expect(json['partition-spec']).toEqual((json['partition-specs'] as JsonObject[])[0]!['fields'])
    expect(json).not.toHaveProperty('last-sequence-number')
    expect(json).not.toHaveProperty('table-uuid')
    expect(json['snapshots']).toEqual((parseJson(oldV1) as JsonObject)['snapshots'])
    expect(decode(new TextDecoder().decode(encodeTableMetadata(decode(oldV1))))).toEqual(decode(oldV1))
  })
})

describe('bad table metadata', () => {
  const field = (id: number, name: string) => ({ id, name, required: false, type: 'int' })
  const schemas = (...fields: unknown[]) => ({ schemas: [{ type: 'struct', 'schema-id': 1, fields }] })
  const spec = (...fields: unknown[]) => ({ 'partition-specs': [{ 'spec-id': 0, fields }] })
  const snapshot = (parseJson(v2) as unknown as { snapshots: JsonObject[] }).snapshots[1]!

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'no format-version',
      { 'format-version': undefined },
      /'format-version' must be a 32-bit integer, found nothing/,
    ],
    ['format-version 0', { 'format-version': 0 }, /format-version must be 1, 2 or 3, found 0/],
    ['no table-uuid', { 'table-uuid': undefined }, /table-uuid is required/],
    ['no location', { location: undefined }, /'location' must be a string/],
    [
      'no last-sequence-number',
      { 'last-sequence-number': undefined },
      /'last-sequence-number' must be a 64-bit/,
    ],
    ['a sequence number beyond 64 bits', { 'last-sequence-number': 2n ** 63n }, /must be a 64-bit integer/],
    ['a fraction for an integer', { 'last-column-id': 1.5 }, /must be a 32-bit integer, found 1.5/],
    ['no schemas', { schemas: undefined }, /schemas is required in format version 2/],
    ['an unknown current-schema-id', { 'current-schema-id': 9 }, /current-schema-id 9 is not in schemas/],
    ['a field id used twice', schemas(field(1, 'a'), field(1, 'b')), /field id 1 is used twice/],
    ['a name used twice', schemas(field(1, 'a'), field(2, 'a')), /'a' stands twice/],
    ['a reserved field id', schemas(field(2147483546, 'a')), /reserved/],
    ['a negative field id', schemas(field(-1, 'a')), /must not be negative/],
    ['an unknown type', schemas({ ...field(1, 'a'), type: 'money' }), /unknown type "money"/],
    ['a wide decimal', schemas({ ...field(1, 'a'), type: 'decimal(39,2)' }), /precision of 1 to 38/],
    ['a default that does not fit', schemas({ ...field(1, 'a'), 'initial-default': 'x' }), /./],
    ['a field that is no object', schemas(7), /struct field must be an object, found 7/],
    ['no partition-specs', { 'partition-specs': undefined }, /partition-specs is required/],
    ['an unknown default-spec-id', { 'default-spec-id': 4 }, /default-spec-id 4 is not in partition-specs/],
    [
      'a bucket of 0',
      spec({ name: 'b', transform: 'bucket[0]', 'source-id': 1, 'field-id': 1000 }),
      /bucket\[0\]/,
    ],
    ['no last-partition-id', { 'last-partition-id': undefined }, /last-partition-id is required/],
    ['no sort-orders', { 'sort-orders': undefined }, /sort-orders is required/],
    ['an unknown default-sort-order-id', { 'default-sort-order-id': 9 }, /9 is not in sort-orders/],
    ['a property that is no string', { properties: { a: 1 } }, /'a' must be a string, found 1/],
    ['an unknown current snapshot', { 'current-snapshot-id': 5, refs: undefined }, /5 is not in snapshots/],
    [
      'a current snapshot that is not main',
      { 'current-snapshot-id': 9007199254740992n },
      /but main points to/,
    ],
    ['main without a current snapshot', { 'current-snapshot-id': null }, /is not set, but main points to/],
    [
      'a reference to no snapshot',
      { refs: { a: { type: 'tag', 'snapshot-id': 5 } } },
      /'a' points to snapshot 5/,
    ],
    [
      'an unknown kind of reference',
      { refs: { a: { type: 'x', 'snapshot-id': 5 } } },
      /must be branch or tag/,
    ],
    ['a snapshot twice', { snapshots: [snapshot, snapshot] }, /snapshot-id 9007199254740993 is used twice/],
    [
      'a snapshot from the future',
      { 'last-sequence-number': 33 },
      /sequence number 34, above last-sequence-number/,
    ],
    [
      'a log that goes back',
      {
        'metadata-log': [
          { 'timestamp-ms': 1700000002000, 'metadata-file': 'a' },
          { 'timestamp-ms': 1699999941999, 'metadata-file': 'b' },
        ],
      },
      /metadata-log goes back in time/,
    ],
    [
      'an update before its log',
      { 'last-updated-ms': 1699999941999 },
      /last-updated-ms .* before the last entry/,
    ],
    ['statistics without snapshot', { statistics: [{}] }, /statistics file: 'snapshot-id'/],
  ])('with %s is INVALID_DATA that names the file and a rule', (_, fields, message) => {
    const error = caught(() => decode(edited(v2, fields)))
    expect(error.code).toBe('INVALID_DATA')
    expect(error.message).toMatch(message)
    expect(error.message.startsWith(`${location}: `)).toBe(true)
    expect(error.context['file']).toBe(location)
    expect(error.context['rule']).toBeTypeOf('string')
  })

  it('of v3 without next-row-id is INVALID_DATA', () => {
    expect(() => decode(edited(v3, { 'next-row-id': undefined }))).toThrow(/'next-row-id' must be/)
  })

  it('of v1 with a sequence number in a snapshot is INVALID_DATA', () => {
    const snapshots = [{ ...snapshot, 'snapshot-id': 3051729675574597004n }]
    expect(() => decode(edited(oldV1, { snapshots }))).toThrow(/above last-sequence-number 0/)
  })

  it('of version 4 is refused by name', () => {
    const error = caught(() => decode(edited(v2, { 'format-version': 4 })))
    expect(error.code).toBe('UNSUPPORTED')
    expect(error.message).toMatch(/Iceberg format version 4 is not supported/)
  })

  it('may go back in time by a minute', () => {
    expect(() => decode(edited(v2, { 'last-updated-ms': 1699999942000 }))).not.toThrow()
  })

  it('is INVALID_DATA when it is cut off, plain or gzip', () => {
    const plain = new TextEncoder().encode(v3)
    const zipped = new Uint8Array(gzipSync(plain))
    for (const bytes of [plain, zipped]) {
      for (let end = 0; end < bytes.length - 1; end += 97) {
        expect(caught(() => decodeTableMetadata(bytes.subarray(0, end), location)).code).toBe('INVALID_DATA')
      }
    }
  })

  it('answers every change of one value with metadata or a typed error, and writes what it reads', () => {
    const values = [
      null,
      true,
      -1,
      0,
      4,
      1e300,
      2n ** 63n,
      '',
      'main',
      [],
      {},
      [[]],
      [null],
      { type: 'struct' },
    ]
    const property = fc.property(
      fc.constantFrom(oldV1, v2, v3),
      fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
      fc.constantFrom(...values),
      (text, path, value) => {
        const json = parseJson(text)
        replaceAt(json, path, value)
        try {
          const metadata = decode(edited('{}', json as JsonObject))
          expect(decodeTableMetadata(encodeTableMetadata(metadata), location)).toEqual(metadata)
        } catch (error) {
          if (!isMoraineError(error)) throw error
          expect(['INVALID_DATA', 'UNSUPPORTED']).toContain(error.code)
        }
      },
    )
    fc.assert(property, runs(5, 2000))
  })
})

/** Walks into the JSON by position and replaces the value that it comes to. */
function replaceAt(json: unknown, path: readonly number[], value: unknown): void {
  const container = json as Record<string, unknown>
  const keys = Object.keys(container)
  const key = keys[path[0]! % keys.length]
  if (key === undefined) return
  const child = container[key]
  const isContainer = typeof child === 'object' && child !== null && Object.keys(child).length > 0
  if (path.length > 1 && isContainer) replaceAt(child, path.slice(1), value)
  else container[key] = value
}

function caught(run: () => unknown) {
  try {
    run()
  } catch (error) {
    if (isMoraineError(error)) return error
    throw error
  }
  throw new Error('expected an error')
}
