import { describe, expect, test } from 'vitest'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { parseNameMapping } from '../../format/name-mapping.ts'
import type { SchemaElement } from '../../format/parquet/footer.ts'
import {
  binaryType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  floatType,
  intType,
  longType,
  type NestedField,
  stringType,
  timestampNsType,
  timestampType,
  unknownType,
} from '../../format/types.ts'
import { LAST_UPDATED_COLUMN, ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import {
  entries,
  type InputRow,
  LOCATION,
  listOf,
  mapOf,
  optional,
  parquetFile,
  readBatches,
  readRows,
  required,
  storeOf,
  struct,
  structOf,
  withoutIds,
} from './support.ts'

describe('columns are found by field id', () => {
  const written = [required(1, 'a', intType), optional(2, 'b', stringType), optional(3, 'c', doubleType)]
  const file = parquetFile(written, [[{ a: 1, b: 'x', c: 0.5 }, { a: 2 }]])

  test('renamed and reordered columns keep their values, a dropped and re-added name has none', async () => {
    const now = [
      optional(3, 'measurement', doubleType),
      optional(2, 'name', stringType),
      optional(4, 'a', intType),
    ]
    expect(await readRows(file, 2, now)).toEqual([
      { measurement: 0.5, name: 'x', a: null },
      { measurement: null, name: null, a: null },
    ])
  })

  test('batches have exactly the Arrow schema of the projection', async () => {
    const now = [optional(2, 'name', stringType), optional(9, 'new', longType), required(1, 'id', longType)]
    for await (const { batch } of readBatches(file, 2, now)) {
      const expected = arrowSchemaOf(now)
      expect(batch.schema.fields.map(String)).toEqual(expected.fields.map(String))
      expect(batch.schema.fields.map((field) => [...field.metadata])).toEqual(
        expected.fields.map((field) => [...field.metadata]),
      )
      expect(batch.data.children.map((child) => String(child.type))).toEqual(['Utf8', 'Int64', 'Int64'])
    }
  })

  test('promoted columns are widened', async () => {
    const old = [
      optional(1, 'i', intType),
      optional(2, 'f', floatType),
      optional(3, 'm', decimalType(5, 2)),
      optional(4, 'd', dateType),
      optional(5, 'e', dateType),
      optional(6, 's', stringType),
      optional(7, 'b', binaryType),
    ]
    const now = [
      optional(1, 'i', longType),
      optional(2, 'f', doubleType),
      optional(3, 'm', decimalType(38, 2)),
      optional(4, 'd', timestampType),
      optional(5, 'e', timestampNsType),
      optional(6, 's', binaryType),
      optional(7, 'b', stringType),
    ]
    const rows: InputRow[] = [
      { i: -2147483648, f: 0.1, m: -12345n, d: -1, e: 1, s: 'é', b: Uint8Array.of(0xc3, 0xa9) },
      {},
      { i: 2147483647, f: -0, m: 0n, d: 0, e: 0, s: '', b: Uint8Array.of() },
    ]
    expect(await readRows(parquetFile(old, [rows]), 3, now)).toEqual([
      {
        i: -2147483648n,
        f: Math.fround(0.1),
        m: '-123.45',
        d: -86_400_000_000n,
        e: 86_400_000_000_000n,
        s: Uint8Array.of(0xc3, 0xa9),
        b: 'é',
      },
      { i: null, f: null, m: null, d: null, e: null, s: null, b: null },
      { i: 2147483647n, f: -0, m: '0.00', d: 0n, e: 0n, s: Uint8Array.of(), b: '' },
    ])
  })

  test('a type that was never a promotion is refused with column, expected and found', async () => {
    await expect(readRows(file, 2, [optional(2, 'b', intType)])).rejects.toMatchObject({
      code: 'INVALID_DATA',
      message: `${LOCATION}: column 'b': expected int, found Utf8 in the file`,
      context: { file: LOCATION, column: 'b' },
    })
    await expect(readRows(file, 2, [optional(2, 'b', listOf(5, intType))])).rejects.toMatchObject({
      code: 'INVALID_DATA',
      message: expect.stringContaining('expected list<int>, found a primitive'),
    })
  })

  test('bytes that are no text are refused for a string column', async () => {
    const bytes = parquetFile([optional(1, 'b', binaryType)], [[{ b: Uint8Array.of(0xc3) }]])
    await expect(readRows(bytes, 1, [optional(1, 'b', stringType)])).rejects.toMatchObject({
      code: 'INVALID_DATA',
      message: expect.stringContaining('not UTF-8'),
    })
  })

  test('a column of type unknown is null whatever the file holds', async () => {
    expect(await readRows(file, 2, [optional(2, 'b', unknownType)])).toEqual([{ b: null }, { b: null }])
  })
})

describe('nested columns', () => {
  const point = structOf(optional(2, 'x', intType), optional(3, 'y', intType))
  const item = structOf(optional(6, 'sku', stringType), optional(7, 'quantity', intType))
  const counted = structOf(optional(11, 'sku', stringType), optional(12, 'quantity', intType))
  const written = [
    optional(1, 'p', point),
    optional(4, 'items', listOf(5, item)),
    optional(8, 'm', mapOf(9, stringType, 10, counted)),
  ]
  const rows = [
    {
      p: struct({ x: 1, y: 2 }),
      items: [struct({ sku: 'a', quantity: 1 }), null, struct({ sku: null, quantity: 2 })],
      m: entries(['k', struct({ sku: 'v', quantity: 3 })], ['n', null]),
    },
    { p: null, items: null, m: null },
    { p: struct({ x: null, y: null }), items: [], m: entries() },
  ]
  const file = parquetFile(written, [rows])

  test('every depth can be selected, and reads what a whole read has there', async () => {
    expect(
      await readRows(file, 3, written, { select: ['p.y', 'items.element.sku', 'm.value.quantity'] }),
    ).toEqual([
      {
        p: { y: 2 },
        items: [{ sku: 'a' }, null, { sku: null }],
        m: new Map([
          ['k', { quantity: 3 }],
          ['n', null],
        ]),
      },
      { p: null, items: null, m: null },
      { p: { y: null }, items: [], m: new Map() },
    ])
  })

  test('a part that the file lacks is null or its default, under the nulls and lengths of what is around it', async () => {
    const added = (id: number) =>
      structOf(optional(id, 'z', intType), optional(id + 1, 'w', intType, { initialDefault: 7 }))
    const now = [
      optional(1, 'p', added(20)),
      optional(4, 'items', listOf(5, added(30))),
      optional(8, 'm', mapOf(9, stringType, 10, added(40))),
    ]
    const made = { z: null, w: 7 }
    expect(await readRows(file, 3, now)).toEqual([
      {
        p: made,
        items: [made, null, made],
        m: new Map<string, unknown>([
          ['k', made],
          ['n', null],
        ]),
      },
      { p: null, items: null, m: null },
      { p: made, items: [], m: new Map() },
    ])
  })

  test('only the chunks of the wanted leaves are fetched', async () => {
    // Random text does not compress: each wide column is far larger than the gap that one request may bridge.
    let state = 1
    const noise = () => {
      state = (state * 48271) % 2147483647
      return state.toString(36)
    }
    const wide = structOf(
      optional(2, 'a', stringType),
      optional(3, 'b', longType),
      optional(4, 'c', stringType),
    )
    const fields = [optional(1, 's', listOf(9, wide))]
    const many = Array.from({ length: 20_000 }, (_, i) => ({
      s: [struct({ a: noise() + noise(), b: BigInt(i), c: noise() + noise() })],
    }))
    const bytes = parquetFile(fields, [many])
    const store = await storeOf(bytes)
    const [first] = await readRows(bytes, many.length, fields, { store, select: ['s.element.b'] })
    expect(first).toEqual({ s: [{ b: 0n }] })
    expect(store.counters.gets).toBe(2)
    expect(store.counters.bytesRead).toBeLessThan(bytes.length / 3)
  })

  test('a small file costs one request', async () => {
    const store = await storeOf(file)
    await readRows(file, 3, written, { store })
    expect(store.counters).toMatchObject({ gets: 1, bytesRead: file.length })
  })

  test('two-level lists of old writers keep their rows when a field of the element is selected', async () => {
    const pair = structOf(optional(3, 'a', intType), optional(4, 'b', intType))
    const fields = [optional(1, 'l', listOf(2, pair, true))]
    const list = [struct({ a: 1, b: 2 }), struct({ a: null, b: 4 })]
    // The repeated group becomes the element itself: levels stay the same, as the element was required.
    const legacy = parquetFile(
      fields,
      [[{ l: list }, { l: [] }, {}]],
      (schema) =>
        schema.flatMap((element, i) => {
          if (i === 2) return [{ ...element, name: 'bag', numChildren: 2, fieldId: 2 }]
          return i === 3 ? [] : [element]
        }),
      (path) => ['l', 'bag', path.at(-1)!],
    )
    expect(await readRows(legacy, 3, fields, { select: ['l.element.b'] })).toEqual([
      { l: [{ b: 2 }, { b: 4 }] },
      { l: [] },
      { l: null },
    ])
  })
})

describe('a field that the file lacks', () => {
  const written = [optional(1, 'a', intType)]
  const file = parquetFile(written, [[{ a: 1 }, { a: null }]])
  const identity = (fieldId: number, sourceId: number) => ({
    specId: 3,
    fields: [{ fieldId, name: 'part', sourceIds: [sourceId], transform: { kind: 'identity' as const } }],
  })

  test('has the identity partition value before its default, widened to its type', async () => {
    const now = [optional(1, 'a', intType), optional(2, 'day', longType, { initialDefault: 5n })]
    const reading = { spec: identity(1000, 2), dataFile: { specId: 3, partition: [17] } }
    expect(await readRows(file, 2, now, reading)).toEqual([
      { a: 1, day: 17n },
      { a: null, day: 17n },
    ])
    const isNull = { ...reading, dataFile: { specId: 3, partition: [null] } }
    expect((await readRows(file, 2, now, isNull))[0]).toEqual({ a: 1, day: null })
  })

  test('a partition value never hides what the file holds, and other transforms give none', async () => {
    const now = [optional(1, 'a', intType), optional(2, 'b', intType, { initialDefault: 5 })]
    const stored = { spec: identity(1000, 1), dataFile: { specId: 3, partition: [99] } }
    expect((await readRows(file, 2, now, stored))[0]).toEqual({ a: 1, b: 5 })
    const bucket = {
      spec: {
        specId: 3,
        fields: [{ ...identity(1000, 2).fields[0]!, transform: { kind: 'bucket' as const, numBuckets: 4 } }],
      },
      dataFile: { specId: 3, partition: [3] },
    }
    expect((await readRows(file, 2, now, bucket))[0]).toEqual({ a: 1, b: 5 })
  })

  test('has its initial default, else null', async () => {
    const now = [
      optional(2, 's', stringType, { initialDefault: 'none' }),
      required(3, 'n', longType),
      optional(4, 'x', intType),
    ].map((field) => (field.id === 3 ? { ...field, initialDefault: -1n } : field))
    expect(await readRows(file, 2, now)).toEqual([
      { s: 'none', n: -1n, x: null },
      { s: 'none', n: -1n, x: null },
    ])
  })

  test('a missing struct is null, or with the default {} a struct of its fields’ defaults', async () => {
    const type = structOf(optional(11, 'x', intType, { initialDefault: 0 }), optional(12, 'y', intType))
    const now = [
      optional(10, 'p', type),
      optional(
        20,
        'q',
        { ...type, fields: type.fields.map((f) => ({ ...f, id: f.id + 10 })) },
        {
          initialDefault: struct({}),
        },
      ),
    ]
    expect((await readRows(file, 2, now))[0]).toEqual({ p: null, q: { x: 0, y: null } })
  })

  test('is refused when it is required and has no default', async () => {
    await expect(readRows(file, 2, [required(2, 'n', longType)])).rejects.toMatchObject({
      code: 'INVALID_DATA',
      message: expect.stringMatching(/data\.parquet: column 'n' is required, but the file does not have it/),
      context: { rule: 'Column Projection' },
    })
  })

  test('filters see the value that rows show', async () => {
    const now = [optional(1, 'a', intType), optional(2, 's', stringType, { initialDefault: 'none' })]
    const rows = (value: string) => readRows(file, 2, now, { where: { op: 'eq', term: 's', value } })
    expect(await rows('none')).toHaveLength(2)
    expect(await rows('some')).toEqual([])
  })
})

describe('files without field ids', () => {
  const inner = (x: number, y: number) => structOf(optional(x, 'x', intType), optional(y, 'y', intType))
  const written = [
    optional(1, 'a', intType),
    optional(2, 's', inner(3, 4)),
    optional(5, 'l', listOf(6, inner(7, 8))),
  ]
  const rows = [{ a: 1, s: struct({ x: 2, y: 3 }), l: [struct({ x: 4, y: 5 })] }]
  const file = parquetFile(written, [rows], withoutIds)

  test('have their columns named by the name mapping, at every depth', async () => {
    const innerNow = (why: number, x: number) =>
      structOf(optional(why, 'why', intType), optional(x, 'x', intType))
    const now = [
      optional(12, 's', innerNow(13, 14)),
      optional(11, 'alpha', intType),
      optional(15, 'l', listOf(16, innerNow(17, 18))),
    ]
    const inside = (why: number, x: number) => [
      { 'field-id': x, names: ['x'] },
      { 'field-id': why, names: ['why', 'y'] },
    ]
    const element = { 'field-id': 16, names: ['element'], fields: inside(17, 18) }
    const nameMapping = parseNameMapping(
      JSON.stringify([
        { 'field-id': 11, names: ['alpha', 'a'] },
        { 'field-id': 12, names: ['s'], fields: inside(13, 14) },
        { 'field-id': 15, names: ['l'], fields: [element] },
      ]),
    )
    expect(await readRows(file, 1, now, { nameMapping })).toEqual([
      { s: { why: 3, x: 2 }, alpha: 1, l: [{ why: 5, x: 4 }] },
    ])
  })

  test('are not touched by a mapping when they have ids of their own', async () => {
    const nameMapping = parseNameMapping('[{"field-id": 2, "names": ["a"]}]')
    const own = parquetFile([optional(1, 'a', intType)], [[{ a: 1 }]])
    expect(
      await readRows(own, 1, [optional(1, 'b', intType), optional(2, 'c', intType)], { nameMapping }),
    ).toEqual([{ b: 1, c: null }])
  })

  test('have their columns taken by position when there is no mapping, and members of structs not at all', async () => {
    const renamed: NestedField[] = [
      optional(1, 'first', intType),
      optional(2, 'second', structOf(optional(4, 'y', intType), optional(3, 'x', intType))),
      optional(9, 'new', intType),
    ]
    expect(await readRows(file, 1, renamed)).toEqual([{ first: 1, second: { y: null, x: null }, new: null }])
    const numbers = parquetFile([optional(1, 'n', listOf(2, intType))], [[{ n: [1, null] }]], withoutIds)
    expect(await readRows(numbers, 1, [optional(1, 'list', listOf(7, longType))])).toEqual([
      { list: [1n, null] },
    ])
  })
})

describe('metadata columns', () => {
  const written = [required(1, 'a', intType)]
  const groups = [[{ a: 10 }, { a: 11 }, { a: 12 }], [{ a: 13 }], [{ a: 14 }, { a: 15 }]]
  const file = parquetFile(written, groups)

  test('_file, _pos and _spec_id say where a row stands, over row groups, batches and filters', async () => {
    const rows = await readRows(file, 6, written, {
      select: ['_file', '_pos', '_spec_id', 'a'],
      where: { op: 'not-in', term: 'a', values: [11, 13] },
      batchSize: 2,
      dataFile: { specId: 4 },
    })
    const at = (a: number, pos: bigint) => ({ a, _file: LOCATION, _pos: pos, _spec_id: 4 })
    expect(rows).toEqual([at(10, 0n), at(12, 2n), at(14, 4n), at(15, 5n)])
  })

  test('columns that need nothing of the file need only its footer', async () => {
    const store = await storeOf(file)
    const rows = await readRows(file, 6, written, { store, select: ['_pos'], batchSize: 2 })
    expect(rows.map((row) => row['_pos'])).toEqual([0n, 1n, 2n, 3n, 4n, 5n])
    expect(store.counters.gets).toBe(1)
    expect(await readRows(file, 6, written, { select: [] })).toEqual(Array(6).fill({}))
  })

  test('_partition holds the fields of all specs, null where the file’s spec lacks one', async () => {
    const partitionType = structOf(optional(1000, 'p', longType), optional(1001, 'q', stringType))
    const spec = {
      specId: 4,
      fields: [{ fieldId: 1000, name: 'old_p', sourceIds: [1], transform: { kind: 'identity' as const } }],
    }
    const reading = { select: ['_partition'], partitionType, spec, dataFile: { partition: [10] } }
    expect((await readRows(file, 6, written, reading))[0]).toEqual({ _partition: { p: 10n, q: null } })
    expect((await readRows(file, 6, written, { select: ['_partition'] }))[0]).toEqual({ _partition: null })
  })

  test('row lineage is inherited from the data file', async () => {
    const select = ['_row_id', '_last_updated_sequence_number']
    const lineage = { select, dataFile: { firstRowId: 100n }, sequenceNumber: 9n }
    const rows = await readRows(file, 6, written, lineage)
    expect(rows.map((row) => row['_row_id'])).toEqual([100n, 101n, 102n, 103n, 104n, 105n])
    expect(new Set(rows.map((row) => row['_last_updated_sequence_number']))).toEqual(new Set([9n]))
    const none = { _row_id: null, _last_updated_sequence_number: null }
    expect((await readRows(file, 6, written, { select }))[0]).toEqual(none)
    expect((await readRows(file, 6, written, { ...lineage, formatVersion: 2 }))[0]).toEqual(none)
  })

  test('row lineage that the file holds is kept, and only its nulls are inherited', async () => {
    const stored = [...written, ROW_ID_COLUMN, LAST_UPDATED_COLUMN]
    const bytes = parquetFile(stored, [
      [{ a: 1, _row_id: 5n, _last_updated_sequence_number: null }, { a: 2 }],
      [{ a: 3, _row_id: null, _last_updated_sequence_number: 2n }],
    ])
    const select = ['_row_id', '_last_updated_sequence_number']
    const lineage = { select, dataFile: { firstRowId: 100n }, sequenceNumber: 9n }
    expect(await readRows(bytes, 3, written, lineage)).toEqual([
      { _row_id: 5n, _last_updated_sequence_number: 9n },
      { _row_id: 101n, _last_updated_sequence_number: 9n },
      { _row_id: 102n, _last_updated_sequence_number: 2n },
    ])
    expect((await readRows(bytes, 3, written, { select }))[0]).toEqual({
      _row_id: null,
      _last_updated_sequence_number: null,
    })
  })
})

describe('filtering', () => {
  const written = [optional(1, 'a', intType), optional(2, 's', structOf(optional(3, 'ok', booleanType)))]
  const rows = [
    { a: 1, s: struct({ ok: true }) },
    { a: 2, s: null },
    { a: null, s: struct({ ok: false }) },
  ]
  const file = parquetFile(written, [rows, [{ a: 4 }]])

  test('columns that only the filter needs are not returned', async () => {
    const where = { op: 'eq' as const, term: 's.ok', value: true }
    expect(await readRows(file, 4, written, { select: ['a'], where })).toEqual([{ a: 1 }])
  })

  test('a batch without a matching row is not yielded', async () => {
    const where = { op: 'eq' as const, term: 'a', value: 4 }
    const sizes: number[] = []
    for await (const { batch } of readBatches(file, 4, written, { where })) sizes.push(batch.numRows)
    expect(sizes).toEqual([1])
  })

  test('a filter that no row can match reads nothing', async () => {
    const store = await storeOf(file)
    expect(await readRows(file, 4, written, { store, where: { op: 'false' } })).toEqual([])
    expect(store.counters.gets).toBe(0)
  })
})

describe('what is not served is refused before anything is read', () => {
  const fields = [optional(1, 'a', intType)]
  const cases: readonly [string, Parameters<typeof readRows>[3], RegExp][] = [
    ['ORC files', { dataFile: { fileFormat: 'orc' } }, /format orc/],
    ['encrypted files', { dataFile: { keyMetadata: Uint8Array.of(1) } }, /encrypted/],
  ]
  test.each(cases)('%s', async (_, reading, message) => {
    const store = await storeOf(new Uint8Array(0))
    await expect(
      readRows(new Uint8Array(0), 0, fields, { select: ['a'], store, ...reading }),
    ).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(message),
    })
    expect(store.counters.gets).toBe(0)
  })

  test('delete files in ORC, by name', async () => {
    const { readTask } = await import('../../readers/read-task.ts')
    const { codec } = await import('./support.ts')
    const store = await storeOf(new Uint8Array(0))
    const file = {
      content: 'data',
      filePath: LOCATION,
      fileFormat: 'parquet',
      specId: 0,
      partition: [],
    } as const
    const counts = { recordCount: 1n, fileSizeInBytes: 1n }
    const deleteFile = {
      ...file,
      ...counts,
      content: 'position-deletes',
      fileFormat: 'orc',
      filePath: 'memory://test/d.orc',
    } as const
    const task = {
      dataFile: { ...file, ...counts },
      sequenceNumber: 1n,
      deletes: [{ file: deleteFile, sequenceNumber: 2n }],
      residual: { op: 'true' as const },
    }
    const tableSchema = { schemaId: 0, fields, identifierFieldIds: [] }
    const spec = { specId: 0, fields: [] }
    const reading = readTask(task, { store, codec, tableSchema, projected: fields, spec, formatVersion: 2 })
    await expect(reading.next()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('memory://test/d.orc'),
    })
    expect(store.counters.gets).toBe(0)
  })
})

describe('a file that is not what its manifest says', () => {
  const fields = [optional(1, 'a', longType), optional(2, 's', stringType)]
  const rows = Array.from({ length: 100 }, (_, i) => ({ a: BigInt(i), s: `row ${i}` }))
  const file = parquetFile(fields, [rows])

  test('another number of rows is refused', async () => {
    await expect(readRows(file, 99, fields)).rejects.toMatchObject({
      code: 'INVALID_DATA',
      message: `${LOCATION}: expected 99 rows as the manifest says, found 100`,
    })
  })

  test('a wrong size in the manifest costs a request, and no row', async () => {
    for (const size of [file.length + 1, file.length - 1, 0, 3, 12]) {
      const read = await readRows(file, 100, fields, { dataFile: { fileSizeInBytes: BigInt(size) } })
      expect(read, `${size} of ${file.length} bytes`).toEqual(rows)
    }
  })

  test('a file that was cut short is refused', async () => {
    for (const length of [file.length - 1, 12, 3]) {
      const reading = readRows(file.subarray(0, length), 100, fields, {
        dataFile: { fileSizeInBytes: BigInt(file.length) },
      })
      await expect(reading).rejects.toMatchObject({ code: 'INVALID_DATA', context: { file: LOCATION } })
    }
  })

  test('damaged bytes give as many rows, or a typed error that names the file', async () => {
    const expected = await readRows(file, 100, fields)
    let state = 20261121
    const next = (limit: number) => {
      state = (state * 48271) % 2147483647
      return state % limit
    }
    let refused = 0
    for (let run = 0; run < 150; run++) {
      const damaged = file.slice()
      for (let k = 0; k <= next(3); k++) damaged[next(damaged.length)]! ^= 1 << next(8)
      try {
        const read = await readRows(damaged, 100, fields)
        expect(read).toHaveLength(expected.length)
      } catch (error) {
        refused++
        expect(error).toMatchObject({
          code: expect.stringMatching(/^(INVALID_DATA|UNSUPPORTED)$/),
          context: { file: LOCATION },
        })
      }
    }
    expect(refused).toBeGreaterThan(50)
  })

  test('a field id that stands twice in the file is refused', async () => {
    const twice = parquetFile(fields, [rows], (schema) =>
      schema.map((element) => (element.fieldId === 2 ? { ...element, fieldId: 1 } : element)),
    )
    await expect(readRows(twice, 100, fields)).rejects.toThrow(/field id 1 stands twice/)
  })
})

describe('bounds', () => {
  const fields = [optional(1, 'a', longType)]
  const group = (from: number) =>
    Array.from({ length: 5000 }, (_, i) => ({ a: BigInt(from + i * 7919) ** 3n % 10n ** 17n }))
  const file = parquetFile(fields, [group(1), group(2), group(3), group(4)])

  test('a row group is fetched when it is pulled, so leaving early fetches no more', async () => {
    const store = await storeOf(file)
    for await (const { batch } of readBatches(file, 20_000, fields, { store })) {
      expect(batch.numRows).toBe(5000)
      break
    }
    expect(store.counters.gets).toBe(2)
  })

  test('batches hold at most batchSize rows', async () => {
    const sizes = new Set<number>()
    let total = 0
    for await (const { batch } of readBatches(file, 20_000, fields, { batchSize: 1024 })) {
      sizes.add(batch.numRows)
      total += batch.numRows
    }
    expect(Math.max(...sizes)).toBe(1024)
    expect(total).toBe(20_000)
  })

  test('an aborted signal stops between row groups', async () => {
    const controller = new AbortController()
    const reading = readBatches(file, 20_000, fields, { signal: controller.signal })
    await reading.next()
    controller.abort()
    await expect(reading.next()).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

test('decimals of every precision are written as Iceberg stores them, and read', async () => {
  const fields = Array.from({ length: 38 }, (_, i) => optional(i + 1, `d${i + 1}`, decimalType(i + 1, 0)))
  const row = Object.fromEntries(fields.map(({ name }, i) => [name, -(10n ** BigInt(i + 1)) + 1n]))
  const expected = Object.fromEntries(fields.map(({ name }, i) => [name, `-${'9'.repeat(i + 1)}`]))
  expect(await readRows(parquetFile(fields, [[row, {}]]), 2, fields)).toEqual([
    expected,
    Object.fromEntries(fields.map(({ name }) => [name, null])),
  ])
})

test('geometries and geographies are the bytes of their WKB, annotated or not', async () => {
  const fields = [
    optional(1, 'g', { kind: 'geometry', crs: 'srid:4326' }),
    optional(2, 'h', { kind: 'geography', crs: 'OGC:CRS84', algorithm: 'spherical' }),
  ]
  const point = Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x40)
  const rows = [
    { g: point, h: null },
    { g: null, h: point },
  ]
  const bare = (schema: readonly SchemaElement[]) => schema.map(({ logicalType: _, ...element }) => element)
  for (const file of [parquetFile(fields, [rows]), parquetFile(fields, [rows], bare)]) {
    expect(await readRows(file, 2, fields)).toEqual(rows)
  }
})
