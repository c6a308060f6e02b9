/** Whole tables whose data files lack what the table has, or say it in another form, read row by row. */
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../format/lossless-json.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { SchemaElement } from '../../format/parquet/footer.ts'
import { intType, longType, type NestedField, type PrimitiveType, stringType } from '../../format/types.ts'
import { toLiteral } from '../../format/values/literal-input.ts'
import {
  day,
  eq,
  gtEq,
  hour,
  identity,
  isNull,
  lt,
  month,
  not,
  type Scan,
  schema,
  t,
  year,
} from '../../index.ts'
import { CraftedTable, positionRows } from '../deletes/crafted-table.ts'
import { type AnyColumn, type SampleName, sampleNames, samples } from '../interop/samples.ts'
import { rowsOf } from '../table/support.ts'
import { avroFile } from './avro/avro-bytes.ts'
import { rewriteMetadata } from './rewritten-table.ts'
import {
  type InputRow,
  listOf,
  mapOf,
  optional,
  parquetFile,
  readRows,
  required,
  struct,
  structOf,
} from './support.ts'

async function byId(scan: Scan<unknown>) {
  const rows = (await rowsOf(scan)) as { readonly id: bigint }[]
  return rows.sort((a, b) => Number(a.id - b.id))
}

function widened(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 4) return bytes
  const wide = new DataView(new ArrayBuffer(8))
  wide.setBigInt64(0, BigInt(new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true)), true)
  return new Uint8Array(wide.buffer)
}

describe('a column that its files lack, as their folders tell it', () => {
  test.each(sampleNames)('has the values of the partition, of type %s', async (name: SampleName) => {
    const { column, values } = samples[name]
    const crafted = await CraftedTable.create({
      schema: schema({ id: t.long().required(), p: (column as () => AnyColumn)() }),
      partitionBy: [identity('p')],
      properties: { 'format-version': '3' },
    })
    const type = (await crafted.load()).schema.fields[1]!.type as PrimitiveType
    const rows = [...values, null].map((p, i) => ({ id: BigInt(i), p: p as unknown }))
    const files = []
    for (const { id, p } of rows) {
      const partition = [p === null ? null : toLiteral(type, p)]
      files.push(await crafted.dataFile([required(1, 'id', longType)], [[{ id }]], { partition }))
    }
    await crafted.commit({ add: files })
    const table = await crafted.load()
    expect(await byId(table.scan())).toEqual(rows)
    expect(await byId(table.scan({ where: isNull('p') }))).toEqual(rows.slice(-1))
    expect(await byId(table.scan({ where: not(isNull('p')), select: ['id'] }))).toHaveLength(values.length)
    // Two zeros are two values, as in Iceberg Java.
    for (const [i, value] of values.entries()) {
      if (Number.isNaN(value)) continue
      expect(await byId(table.scan({ where: eq('p', value as never) })), String(value)).toEqual([rows[i]])
    }
  })

  test.each([
    ['int', t.int, 7, t.long, 7n],
    ['float', t.float, 0.5, t.double, 0.5],
    ['decimal', () => t.decimal(4, 2), '-1.50', () => t.decimal(38, 2), '-1.50'],
  ] as const)('has them in the type that it was promoted to: %s', async (_, before, p, after, promoted) => {
    const crafted = await CraftedTable.create({
      schema: schema({ id: t.long().required(), p: (before as () => AnyColumn)() }),
      partitionBy: [identity('p')],
      properties: { 'format-version': '3' },
    })
    const type = (await crafted.load()).schema.fields[1]!.type as PrimitiveType
    const add = []
    for (const [id, value] of [toLiteral(type, p), null].entries()) {
      const rows = [{ id: BigInt(id) }]
      add.push(await crafted.dataFile([required(1, 'id', longType)], [rows], { partition: [value] }))
    }
    await crafted.commit({ add })
    const widened = (after as () => AnyColumn)()
    const table = await (await crafted.load())
      .update()
      .widenColumn('p', widened as never)
      .commit()
    const rows = [
      { id: 0n, p: promoted },
      { id: 1n, p: null },
    ]
    expect(await byId(table.scan())).toEqual(rows)
    expect(await byId(table.scan({ where: eq('p', promoted) }))).toEqual(rows.slice(0, 1))
    expect(await byId(table.scan({ where: isNull('p') }))).toEqual(rows.slice(1))
    const appended = await table.append([{ id: 2n, p: promoted }] as never)
    expect(await byId(appended.scan({ where: eq('p', promoted) }))).toHaveLength(2)
  })

  test('has them in a struct too, and only in the files of the spec that tells them', async () => {
    const crafted = await CraftedTable.create({
      schema: schema({ id: t.long().required(), s: t.struct({ a: t.int(), p: t.string() }) }),
      partitionBy: [identity('s.p')],
    })
    const { schema: made } = await crafted.load()
    const s = made.fields[1]!
    const a = s.type.kind === 'struct' ? s.type.fields[0]! : undefined
    const withoutP = [made.fields[0]!, { ...s, type: structOf(a!) }]
    const rows = [
      { id: 1n, s: struct({ a: 7 }) },
      { id: 2n, s: null },
    ]
    const part = await crafted.dataFile(withoutP, [rows], { partition: ['x/y z'] })
    const whole = await crafted.dataFile(made.fields, [[{ id: 3n, s: struct({ a: null, p: 'own' }) }]], {
      partition: ['own'],
    })
    await crafted.commit({ add: [part, whole] })
    const table = await crafted.load()
    expect(await byId(table.scan())).toEqual([
      { id: 1n, s: { a: 7, p: 'x/y z' } },
      { id: 2n, s: null },
      { id: 3n, s: { a: null, p: 'own' } },
    ])
    expect(await byId(table.scan({ select: ['id', 's.p'] }))).toEqual([
      { id: 1n, s: { p: 'x/y z' } },
      { id: 2n, s: null },
      { id: 3n, s: { p: 'own' } },
    ])
  })
})

describe('a table whose manifests tell wrong sizes of its files', () => {
  test.each([-1, 1, 100, 1e9, 0])('has its rows, and its deletes: off by %d', async (off) => {
    const crafted = await CraftedTable.create({ schema: schema({ id: t.long(), s: t.string() }) })
    const { fields } = (await crafted.load()).schema
    const rows = Array.from({ length: 300 }, (_, i) => ({ id: BigInt(i), s: `row ${i * 7919}` }))
    const wrong = <F extends { readonly fileSizeInBytes: bigint }>(file: F): F => ({
      ...file,
      fileSizeInBytes: off === 0 ? 0n : file.fileSizeInBytes + BigInt(off),
    })
    const data = await crafted.dataFile(fields, [rows.slice(0, 200), rows.slice(200)])
    await crafted.commit({ add: [wrong(data)] })
    const positions = await crafted.positionDeletes(positionRows(data.filePath, [0, 199, 200]))
    const keys = await crafted.equalityDeletes([1], [optional(1, 'id', longType)], [{ id: 5n }])
    await crafted.commit({ add: [wrong(positions), wrong(keys)] })
    const table = await crafted.load()
    expect(await byId(table.scan())).toEqual(rows.filter(({ id }) => ![0n, 5n, 199n, 200n].includes(id)))
    expect(await byId(table.scan({ where: eq('id', 299) }))).toEqual([rows[299]])
  })
})

test.each(
  (['parquet', 'avro'] as const).flatMap((format) =>
    [-1n, 0n].map((recordCount) => [format, recordCount] as const),
  ),
)(
  'a manifest without record counts has the rows of its %s files, though it says %d',
  async (format, recordCount) => {
    const crafted = await CraftedTable.create({ schema: schema({ id: t.long(), s: t.string() }) })
    const { fields } = (await crafted.load()).schema
    const rows = Array.from({ length: 300 }, (_, i) => ({ id: BigInt(i), s: `row ${i}` }))
    const uncounted = { recordCount }
    const data =
      format === 'parquet'
        ? await crafted.dataFile(fields, [rows])
        : await crafted.foreignFile(avroFile(fields, rows), { fileFormat: 'avro' })
    await crafted.commit({ add: [{ ...data, ...uncounted }] })
    const keys = await crafted.equalityDeletes([1], [optional(1, 'id', longType)], [{ id: 5n }])
    const positions = await crafted.positionDeletes(positionRows(data.filePath, [0, 299]))
    await crafted.commit({
      add: [
        { ...keys, ...uncounted },
        { ...positions, ...uncounted },
      ],
    })
    const table = await crafted.load()
    expect(await byId(table.scan())).toEqual(rows.filter(({ id }) => ![0n, 5n, 299n].includes(id)))
    expect(await byId(table.scan({ where: eq('id', 298) }))).toEqual([rows[298]])
  },
)

test('bounds of int columns in 8 bytes, as of a long, hide no row from a filter or a delete', async () => {
  const crafted = await CraftedTable.create({
    schema: schema({ id: t.long(), i: t.int(), day: t.date() }),
    partitionBy: [identity('day')],
  })
  const { fields } = (await crafted.load()).schema
  const wide = (bounds: DataFile['lowerBounds']) =>
    new Map([...bounds!].map(([id, bytes]) => [id, widened(bytes)] as const))
  const files = []
  for (const day of [-3, 20_000]) {
    const rows = [-7, 5].map((i) => ({ id: BigInt(day + i), i, day }))
    const file = await crafted.dataFile(fields, [rows], { partition: [day] })
    files.push({ ...file, lowerBounds: wide(file.lowerBounds), upperBounds: wide(file.upperBounds) })
  }
  await crafted.commit({ add: files })
  const keys = await crafted.equalityDeletes([2], [fields[1]!], [{ i: 5 }], { partition: [-3] })
  await crafted.commit({
    add: [{ ...keys, lowerBounds: wide(keys.lowerBounds), upperBounds: wide(keys.upperBounds) }],
  })
  const table = await crafted.load()
  const ids = async (scan: Scan<unknown>) => (await byId(scan)).map(({ id }) => id)
  expect(await ids(table.scan())).toEqual([-10n, 19_993n, 20_005n])
  expect(await ids(table.scan({ where: lt('i', 0) }))).toEqual([-10n, 19_993n])
  expect(await ids(table.scan({ where: eq('i', 5) }))).toEqual([20_005n])
  expect(await ids(table.scan({ where: lt('day', '1970-01-01') }))).toEqual([-10n])
})

test.each([-1n, 0n])(
  'a delete takes of a file without a record count (%d) what matches, and counts it',
  async (recordCount) => {
    const crafted = await CraftedTable.create({ schema: schema({ id: t.long() }) })
    const { fields } = (await crafted.load()).schema
    const file = await crafted.dataFile(fields, [[{ id: 1n }, { id: 2n }]])
    await crafted.commit({ add: [{ ...file, recordCount }] })
    let table = await (await crafted.load()).delete(eq('id', 1n))
    expect(table.changed).toMatchObject({ deleted: 1 })
    expect(await byId(table.scan())).toEqual([{ id: 2n }])
    table = await table.delete(gtEq('id', 1n))
    expect(table.changed).toMatchObject({ deleted: 1 })
    expect(await byId(table.scan())).toEqual([])
  },
)

describe('lists and maps of old writers', () => {
  /** Elements of `name`, each as `change` has it; undefined leaves it out. */
  const changed =
    (changes: Readonly<Record<number, Partial<SchemaElement> | undefined>>) =>
    (elements: readonly SchemaElement[]): SchemaElement[] =>
      elements.flatMap((element, i) => {
        if (!(i in changes)) return [element]
        const change = changes[i]
        return change === undefined ? [] : [{ ...element, ...change }]
      })
  const list = (element: Parameters<typeof listOf>[1]) => [optional(1, 'l', listOf(2, element, true))]
  const one = structOf(optional(3, 'a', intType))

  test.each([
    ['a repeated primitive', 'element'],
    ['a repeated primitive called array', 'array'],
    ['a repeated primitive called as the list', 'l_tuple'],
  ])('%s is the element', async (_, name) => {
    const fields = list(intType)
    const rows: InputRow[] = [{ l: [1, 2, 3] }, { l: [] }, {}, { l: [4] }]
    const bytes = parquetFile(
      fields,
      [rows],
      changed({ 2: undefined, 3: { name, repetition: 'REPEATED' } }),
      () => ['l', name],
    )
    expect(await readRows(bytes, 4, fields)).toEqual([{ l: [1, 2, 3] }, { l: [] }, { l: null }, { l: [4] }])
    expect(await readRows(bytes, 4, [...fields, optional(9, 'x', longType)])).toContainEqual({
      l: [4],
      x: null,
    })
  })

  test.each(['array', 'l_tuple'])('a repeated group %s of one field is the element', async (name) => {
    const fields = list(one)
    const rows: InputRow[] = [{ l: [struct({ a: 1 }), struct({ a: null })] }, { l: [] }, {}]
    const bytes = parquetFile(fields, [rows], changed({ 2: { name, fieldId: 2 }, 3: undefined }), () => [
      'l',
      name,
      'a',
    ])
    const expected = [{ l: [{ a: 1 }, { a: null }] }, { l: [] }, { l: null }]
    expect(await readRows(bytes, 3, fields)).toEqual(expected)
    expect(await readRows(bytes, 3, fields, { select: ['l.element.a'] })).toEqual(expected)
    const grown = list(structOf(optional(4, 'b', intType, { initialDefault: 9 }), ...one.fields))
    expect(await readRows(bytes, 3, grown)).toEqual([
      {
        l: [
          { b: 9, a: 1 },
          { b: 9, a: null },
        ],
      },
      { l: [] },
      { l: null },
    ])
    expect(await readRows(bytes, 3, grown, { select: ['l.element.b'] })).toEqual([
      { l: [{ b: 9 }, { b: 9 }] },
      { l: [] },
      { l: null },
    ])
  })

  test('a list of lists in two levels each', async () => {
    const fields = list(listOf(3, intType, true))
    const rows: InputRow[] = [{ l: [[1, 2], [], [3]] }, { l: [] }, {}]
    // l (LIST) { repeated array (LIST) { repeated int32 array } }
    const bytes = parquetFile(
      fields,
      [rows],
      changed({
        2: undefined,
        3: { name: 'array', repetition: 'REPEATED' },
        4: undefined,
        5: { name: 'array', repetition: 'REPEATED' },
      }),
      () => ['l', 'array', 'array'],
    )
    expect(await readRows(bytes, 3, fields)).toEqual([{ l: [[1, 2], [], [3]] }, { l: [] }, { l: null }])
  })

  test('a list of lists as Spark’s legacy format has it: two levels around three', async () => {
    const pair = structOf(optional(5, 'a', intType), optional(6, 'b', stringType))
    for (const [inner, row] of [
      [stringType, [['x', null], []]],
      [pair, [[struct({ a: 1, b: 'x' }), null], []]],
    ] as const) {
      const fields = list(listOf(3, inner))
      const rows: InputRow[] = [{ l: row }, { l: [] }, {}]
      // l (LIST) { repeated array (LIST) { repeated bag { optional array } } }
      const bytes = parquetFile(
        fields,
        [rows],
        changed({
          2: undefined,
          3: { name: 'array', repetition: 'REPEATED' },
          4: { name: 'bag' },
          5: { name: 'array' },
        }),
        (path) => ['l', 'array', 'bag', 'array', ...path.slice(5)],
      )
      const expected = await readRows(parquetFile(fields, [rows]), 3, fields)
      expect(expected[0]).toMatchObject({ l: [[expect.anything(), null], []] })
      expect(await readRows(bytes, 3, fields)).toEqual(expected)
      if (inner !== pair) continue
      expect(await readRows(bytes, 3, fields, { select: ['l.element.element.b'] })).toEqual([
        { l: [[{ b: 'x' }, null], []] },
        { l: [] },
        { l: null },
      ])
    }
  })

  test('a repeated field outside of a list is a required list', async () => {
    const fields: NestedField[] = [{ ...list(intType)[0]!, required: true }, optional(5, 's', stringType)]
    const bytes = parquetFile(
      fields,
      [
        [
          { l: [1, 2], s: 'a' },
          { l: [], s: null },
        ],
      ],
      changed({ 1: undefined, 2: undefined, 3: { name: 'l', repetition: 'REPEATED', fieldId: 1 } }),
      (path) => (path[0] === 'l' ? ['l'] : path),
    )
    expect(await readRows(bytes, 2, fields)).toEqual([
      { l: [1, 2], s: 'a' },
      { l: [], s: null },
    ])
  })

  test.each([
    ['map', 1],
    ['map', 2],
    ['entries', 2],
  ])('a map whose entries are called %s, annotated by %d', async (name, convertedType) => {
    const fields = [optional(1, 'm', mapOf(2, stringType, 3, intType))]
    const value = {
      entries: [
        ['k', 1],
        ['n', null],
      ],
    } as InputRow[string]
    const bytes = parquetFile(
      fields,
      [[{ m: value }, {}]],
      (elements) =>
        elements.map((element, i) => {
          const { logicalType: _, ...bare } = element
          if (i === 1) return { ...bare, convertedType }
          return i === 2 ? { ...bare, name, convertedType: 2 } : element
        }),
      (path) => ['m', name, path.at(-1)!],
    )
    expect(await readRows(bytes, 2, fields)).toEqual([
      {
        m: new Map<string, unknown>([
          ['k', 1],
          ['n', null],
        ]),
      },
      { m: null },
    ])
  })
})

describe('a column that never had a value, which Parquet annotates as UNKNOWN', () => {
  const annotated = (elements: readonly SchemaElement[]) =>
    elements.map((element) =>
      element.type === 'INT32' ? { ...element, logicalType: { kind: 'UNKNOWN' } as const } : element,
    )
  const stored = [
    optional(1, 'n', intType),
    optional(2, 'l', listOf(3, intType)),
    optional(4, 's', structOf(optional(5, 'n', intType))),
  ]
  const rows: InputRow[] = [{ n: null, l: [null, null], s: struct({ n: null }) }, { l: [] }, {}]
  const bytes = parquetFile(stored, [rows], annotated)

  test.each([stringType, longType])('is null, whatever it is stored as: $kind', async (type) => {
    const fields = [
      optional(1, 'n', type, { initialDefault: type.kind === 'string' ? 'never' : 7n }),
      optional(2, 'l', listOf(3, type)),
      optional(4, 's', structOf(optional(5, 'n', type))),
    ]
    const expected = [
      { n: null, l: [null, null], s: { n: null } },
      { n: null, l: [], s: null },
      { n: null, l: null, s: null },
    ]
    expect(await readRows(bytes, 3, fields)).toEqual(expected)
    const isNull = { op: 'is-null', term: 'n' } as const
    expect(await readRows(bytes, 3, fields, { where: isNull })).toEqual(expected)
    expect(await readRows(bytes, 3, fields, { where: { op: 'not', child: isNull } })).toEqual([])
  })
})

describe('a column of type unknown', () => {
  test('is null at every depth, and takes values once it is of another type', async () => {
    const crafted = await CraftedTable.create({
      schema: schema({
        id: t.long().required(),
        u: t.unknown(),
        s: t.struct({ a: t.int(), u: t.unknown() }),
        l: t.list(t.struct({ a: t.int(), u: t.unknown() })),
      }),
      properties: { 'format-version': '3' },
    })
    const created = await crafted.load()
    const row = { id: 1n, u: null, s: { a: 1, u: null }, l: [{ a: 2, u: null }, null] }
    let table = await created.append([row] as never)
    expect(await byId(table.scan())).toEqual([row])
    expect(await byId(table.scan({ where: isNull('u') }))).toEqual([row])
    const update = table
      .update()
      .widenColumn('u', t.string() as never)
      .widenColumn('s.u', t.decimal(9, 2) as never)
    table = (await update.widenColumn('l.element.u', t.date() as never).commit()) as typeof table
    const next = {
      id: 2n,
      u: 'text',
      s: { a: 3, u: '1.50' },
      l: [{ a: 4, u: '1969-12-31' }],
    }
    table = await table.append([next] as never)
    expect(await byId(table.scan())).toEqual([row, next])
    expect(await byId(table.scan({ where: eq('u', 'text') }))).toEqual([next])
    expect(await byId(table.scan({ select: ['id', 'l.element.u'] }))).toEqual([
      { id: 1n, l: [{ u: null }, null] },
      { id: 2n, l: [{ u: '1969-12-31' }] },
    ])
  })
})

const HOUR = 3_600_000_000_000n

describe('nanoseconds before 1970', () => {
  test.each([year, month, day, hour])(
    'are found in their partition, and not a unit beside: %o',
    async (term) => {
      const crafted = await CraftedTable.create({
        schema: schema({ id: t.long(), n: t.timestampNs(), z: t.timestamptzNs() }),
        partitionBy: [term('n'), term('z')],
        properties: { 'format-version': '3' },
      })
      const hours = [1n, 2n, 24n, 25n, 24n * 31n, 24n * 365n].flatMap((count) =>
        [0n, -1n].map((ns) => count * HOUR + ns),
      )
      const values = [-1n, 0n, 1n, -999n, -1000n, -1001n, ...hours, ...hours.map((ns) => -ns)]
      const rows = values.map((n, id) => ({ id: BigInt(id), n, z: n }))
      const table = await (await crafted.load()).append(rows as never)
      expect(await byId(table.scan())).toEqual(rows)
      for (const pivot of values) {
        for (const [where, keeps] of [
          [eq('n', pivot), (n: bigint) => n === pivot],
          [lt('z', pivot), (n: bigint) => n < pivot],
          [gtEq('n', pivot), (n: bigint) => n >= pivot],
        ] as const) {
          expect(await byId(table.scan({ where })), String(pivot)).toEqual(rows.filter(({ n }) => keeps(n)))
        }
      }
      const texts = await byId(table.scan({ where: eq('n', '1969-12-31T23:59:59.999998999') }))
      expect(texts).toEqual([rows[5]])
    },
  )
})

/** Every primitive type with a default as Appendix D writes it, and what is read. */
const defaults: readonly (readonly [type: string, json: unknown, value: unknown])[] = [
  ['boolean', true, true],
  ['int', -34, -34],
  ['long', 9_007_199_254_740_993n, 9_007_199_254_740_993n],
  ['float', 1.5, 1.5],
  ['double', -0.1, -0.1],
  ['decimal(9,2)', '14.20', '14.20'],
  ['decimal(38,10)', '-0.0000000001', '-0.0000000001'],
  ['date', '1969-12-31', '1969-12-31'],
  ['time', '22:31:08.123456', 81_068_123_456n],
  ['timestamp', '1969-12-31T23:59:59.999999', -1n],
  ['timestamptz', '2017-11-16T22:31:08.123456+00:00', 1_510_871_468_123_456n],
  ['timestamp_ns', '1969-12-31T23:59:59.999999999', -1n],
  ['timestamptz_ns', '2017-11-16T22:31:08.123456789+00:00', 1_510_871_468_123_456_789n],
  ['string', 'déjà "vu"', 'déjà "vu"'],
  ['uuid', 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 'f79c3e09-677c-4bbd-a479-3f349cb785e7'],
  ['fixed[3]', '0102ff', Uint8Array.of(1, 2, 255)],
  ['binary', '', Uint8Array.of()],
  ['binary', '00ff', Uint8Array.of(0, 255)],
]

describe('columns with initial defaults, added after the files', () => {
  test('have them at every depth, of every type', async () => {
    const crafted = await CraftedTable.create({
      schema: schema({
        id: t.long().required(),
        s: t.struct({ a: t.int(), deep: t.struct({ b: t.int() }) }),
        l: t.list(t.struct({ a: t.int() })),
        m: t.map(t.string(), t.struct({ a: t.int() })),
        ll: t.list(t.map(t.int(), t.list(t.struct({ a: t.int() })))),
      }),
      properties: { 'format-version': '3' },
    })
    const created = await crafted.load()
    const a = (n: number) => struct({ a: n })
    const pairs = (...entries: unknown[]) => ({ entries }) as InputRow[string]
    const full: InputRow = {
      id: 1n,
      s: struct({ a: 1, deep: struct({ b: 2 }) }),
      l: [a(3), null],
      m: pairs(['k', a(4)], ['n', null]),
      ll: [pairs([5, [a(6), null]], [7, null]), null],
    }
    const file = await crafted.dataFile(created.schema.fields, [[full, { id: 2n }]])
    await crafted.commit({ add: [file] })

    let nextId = created.metadata.lastColumnId
    const added = () =>
      defaults.map(([type, json], i) => ({
        id: ++nextId,
        name: `d${i}`,
        required: i % 2 === 0,
        type,
        'initial-default': json,
        'write-default': json,
      }))
    /** Adds the columns to every struct of the type. */
    const grown = (type: unknown): unknown => {
      if (typeof type !== 'object' || type === null) return type
      const nested = type as Readonly<Record<string, unknown>>
      const parts = Object.entries(nested).map(([key, part]) => [key, key === 'fields' ? part : grown(part)])
      if (nested['type'] !== 'struct') return Object.fromEntries(parts)
      const fields = (nested['fields'] as Readonly<Record<string, unknown>>[]).map((field) => ({
        ...field,
        type: grown(field['type']),
      }))
      return { ...Object.fromEntries(parts), fields: [...fields, ...added()] }
    }
    await rewriteMetadata(crafted.store, await crafted.load(), (metadata) => {
      const schemas = (metadata['schemas'] as JsonObject[]).map(grown)
      return { schemas, 'last-column-id': nextId }
    })

    const made = Object.fromEntries(defaults.map(([, , value], i) => [`d${i}`, value]))
    const read = (n: number) => ({ a: n, ...made })
    const rows = await byId((await crafted.load()).scan())
    expect(rows).toEqual([
      {
        id: 1n,
        s: { a: 1, deep: { b: 2, ...made }, ...made },
        l: [read(3), null],
        m: new Map<string, unknown>([
          ['k', read(4)],
          ['n', null],
        ]),
        ll: [
          new Map<number, unknown>([
            [5, [read(6), null]],
            [7, null],
          ]),
          null,
        ],
        ...made,
      },
      { id: 2n, s: null, l: null, m: null, ll: null, ...made },
    ])
    const table = await crafted.load()
    for (const [i, [type, , value]] of defaults.entries()) {
      const path = `d${i}`
      expect(await byId(table.scan({ where: eq(path, value as never) })), type).toHaveLength(2)
      expect(await byId(table.scan({ where: isNull(path) })), type).toEqual([])
      expect(await byId(table.scan({ select: ['id', `l.element.${path}`] })), type).toEqual([
        { id: 1n, l: [{ [path]: value }, null] },
        { id: 2n, l: null },
      ])
    }
    // What is appended takes the write defaults, and both read alike.
    const appended = await table.append([{ id: 3n, l: [{ a: 8 }] }] as never)
    expect((await byId(appended.scan())).at(-1)).toMatchObject({ id: 3n, l: [read(8)], ...made })
  })
})
