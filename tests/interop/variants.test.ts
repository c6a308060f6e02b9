/** Variants that Spark writes, shredded, whole and in Avro, at every depth: the same values for Spark and for us. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gtEq, type Lake } from '../../index.ts'
import { enginesInstalled, type Judge } from './judge.ts'
import { agreed } from './matrix.ts'
import { seededRandom } from './samples.ts'
import { withSparkLake } from './spark-lake.ts'
import { range } from './subjects.ts'

let folder: string
let warehouse: string
let lake: Lake
let spark: Judge

withSparkLake('variants', (made) => {
  ;({ folder, warehouse, lake, spark } = made)
})

const layouts: Readonly<Record<string, string>> = {
  whole: `'write.format.default' = 'parquet'`,
  shredded: `'write.parquet.shred-variants' = 'true'`,
  avro: `'write.format.default' = 'avro'`,
}

describe.skipIf(!enginesInstalled)('variants', () => {
  test.each(Object.keys(layouts))('of any JSON are the values that Spark reads: %s', async (layout) => {
    const name = `json_${layout}`
    const documents = range(DOCUMENTS).map((i) => documentOf(i))
    const file = join(folder, `${name}.txt`)
    await writeFile(file, documents.map((text, i) => `${i}\t${text}`).join('\n'))
    await spark.sql(
      warehouse,
      `create table lake.db.${name} (id bigint, v variant, s struct<a: int, v: variant>, l array<variant>, m map<string, variant>)
         using iceberg tblproperties ('format-version' = '3', ${layouts[layout]}, 'write.delete.mode' = 'merge-on-read',
         'read.parquet.vectorization.enabled' = 'false')`,
      `create or replace temporary view documents as
         select cast(split(value, '\\t', 2)[0] as bigint) as id, parse_json(split(value, '\\t', 2)[1]) as v from text.\`${file}\``,
      `insert into lake.db.${name} select /*+ coalesce(1) */ id, if(id % 10 = 9, null, v),
         if(id % 7 = 3, null, named_struct('a', cast(id as int), 'v', v)),
         if(id % 5 = 2, null, array(v, null, variant_get(v, '$.name', 'variant'))),
         if(id % 5 = 4, null, map('k', v, 'n', null)) from documents order by id`,
    )
    await compare(name, documents)
    for await (const { filePath } of (await lake.loadTable(['db', name])).inspect.files()) {
      const bytes = await readFile(filePath.replace('file://', '').replace('file:', ''))
      expect(bytes.includes('typed_value'), filePath).toBe(layout === 'shredded')
    }
    await spark.sql(
      warehouse,
      `delete from lake.db.${name} where id % 6 = 1`,
      `alter table lake.db.${name} rename column v to value`,
      `alter table lake.db.${name} rename column value to v`,
    )
    await compare(name, documents)
  })

  test.each(Object.keys(layouts))('of every type are what was put into them: %s', async (layout) => {
    const name = `typed_${layout}`
    const parts = Object.entries(typed).map(([key, { sql }]) => `'${key}', ${sql}`)
    await spark.sql(
      warehouse,
      `create table lake.db.${name} (id bigint, v variant, each array<variant>) using iceberg
         tblproperties ('format-version' = '3', ${layouts[layout]})`,
      `insert into lake.db.${name} select id, to_variant_object(named_struct(${parts.join(', ')})),
         array(${Object.values(typed).map(({ sql }) => `cast(${sql} as variant)`)}) from range(0, 300, 1, 1)`,
    )
    const table = await lake.loadTable(['db', name])
    const found = new Map<bigint, unknown>()
    for await (const { id, v, each } of table.scan().rows({ variants: 'exact' }))
      found.set(id as bigint, { v, each })
    for (const i of range(300)) {
      const values = Object.entries(typed).map(([key, { exact }]) => [key, exact(BigInt(i))] as const)
      const expected = { v: Object.fromEntries(values), each: values.map(([, value]) => value) }
      expect(found.get(BigInt(i)), `row ${i}`).toEqual(expected)
    }
    expect(found.size).toBe(300)
    agreed(name, 'moraine', found.size)
  })
})

/** A value of each type by the row's id, and its exact form. */
const typed: Readonly<Record<string, { readonly sql: string; readonly exact: (id: bigint) => unknown }>> = {
  yes: { sql: 'id % 2 = 0', exact: (id) => id % 2n === 0n },
  tiny: { sql: 'cast(id % 100 as tinyint)', exact: (id) => ({ $exact: `${id % 100n}` }) },
  small: { sql: 'cast(-id * 100 as smallint)', exact: (id) => ({ $exact: `${-id * 100n}` }) },
  int: { sql: 'cast(id * 1000000 as int)', exact: (id) => ({ $exact: `${id * 1_000_000n}` }) },
  long: { sql: 'id * 10000000000000', exact: (id) => ({ $exact: `${id * 10_000_000_000_000n}` }) },
  float: { sql: 'cast(id / 4 as float)', exact: (id) => Number(id) / 4 },
  double: { sql: 'cast(1 + id / 8 as double)', exact: (id) => 1 + Number(id) / 8 },
  d9: { sql: 'cast(id + 0.25 as decimal(9, 2))', exact: (id) => ({ $exact: `${id}.25` }) },
  d18: { sql: 'cast(id + 0.125 as decimal(18, 3))', exact: (id) => ({ $exact: `${id}.125` }) },
  d38: {
    sql: `cast(concat(id, '12345678901234567890.5') as decimal(38, 1))`,
    exact: (id) => ({ $exact: `${BigInt(`${id}12345678901234567890`)}.5` }),
  },
  text: { sql: `concat('ż', repeat('x', cast(id as int)))`, exact: (id) => `ż${'x'.repeat(Number(id))}` },
  raw: {
    sql: `unhex(lpad(hex(id), 4, '0'))`,
    exact: (id) => ({ $binary: id.toString(16).padStart(4, '0') }),
  },
  on: {
    sql: `date_add(date '1969-12-31', cast(id as int))`,
    exact: (id) => ({ $date: new Date(Number(id - 1n) * 86_400_000).toISOString().slice(0, 10) }),
  },
  at: {
    sql: 'timestamp_micros(id - 1)',
    exact: (id) => ({
      $timestamptz: id === 0n ? '1969-12-31T23:59:59.999999+00:00' : `${clock(id - 1n)}+00:00`,
    }),
  },
  local: {
    sql: `timestamp_ntz '1970-01-01 00:00:00' + make_dt_interval(0, 0, 0, id / 1000000)`,
    exact: (id) => ({ $timestamp: clock(id) }),
  },
}

function clock(micros: bigint): string {
  return `1970-01-01T00:00:00.${String(micros).padStart(6, '0')}`
}

const DOCUMENTS = Number(process.env['MORAINE_DOCUMENTS'] ?? 350)
/** Rows whose documents are alike: a writer looks at as many before it shreds. */
const ALIKE = 200

/** Documents that are alike first, so that they are shredded, and then have members, or are, of any type. */
function documentOf(seed: number): string {
  const random = seededRandom(seed)
  const odd = (share: number) => seed >= ALIKE && random(share) === 0
  const pick = (...texts: string[]) => texts[random(texts.length)]!
  const number = () =>
    pick(
      '0',
      '-1',
      '127',
      '-129',
      '32768',
      '-2147483649',
      '9007199254740993',
      '-9223372036854775808',
      '9223372036854775808',
      '12345678901234567890123456789012345678',
      '0.5',
      '-1.25',
      '99999999999.123456789',
      '0.1',
      '1.5e300',
      '2.5E-7',
      '-1.0e21',
    )
  const string = () =>
    pick('""', '"a"', '"żółć 🚀"', '"\\u0000\\"\\\\/\\n"', `"${'x'.repeat(63)}"`, `"${'ü'.repeat(70)}"`)
  const value = (depth: number): string => {
    if (depth > 3) return pick('null', 'true', string(), number())
    switch (random(8)) {
      case 0:
        return pick('null', 'true', 'false')
      case 1:
      case 2:
        return number()
      case 3:
        return string()
      case 4:
        return `[${range(random(4)).map(() => value(depth + 1))}]`
      case 5:
        return pick('{}', '[]', '[[], {}]', '[null]')
      default:
        return `{${range(random(4)).map((i) => `"${pick('k', '', 'ключ', 'a.b', '$x')}${i}": ${value(depth + 1)}`)}}`
    }
  }
  if (seed === ALIKE + 1) return `{${range(300).map((i) => `"key ${i}": ${i}`)}}`
  if (seed === ALIKE + 3) return `[${range(70_000)}]`
  if (seed === ALIKE + 5) return `{"name": "${'long '.repeat(20_000)}", "n": 1}`
  if (odd(6)) return value(0)
  const tags = range(random(4)).map(() => `{"k": ${string()}, "n": ${odd(5) ? value(2) : random(100)}}`)
  const members = [
    `"name": ${odd(8) ? value(1) : string()}`,
    `"n": ${odd(8) ? number() : random(1000)}`,
    `"price": ${random(100)}.${random(9)}5`,
    `"ok": ${odd(9) ? 'null' : 'true'}`,
    `"tags": [${tags}]`,
    `"deep": {"a": {"b": ${odd(5) ? value(2) : random(50)}}}`,
    ...(odd(3) ? [`"extra ${seed}": ${value(1)}`] : []),
  ]
  return `{${members.filter(() => !odd(9))}}`
}

/** What is given, what Spark reads and what we read are the same values; null for SQL and in JSON are told apart. */
async function compare(name: string, documents: readonly string[]): Promise<void> {
  const theirs = await spark.query(
    warehouse,
    `select id, to_json(v), to_json(s.v), to_json(transform(l, x -> to_json(x))),
       to_json(map('k', to_json(m['k']), 'n', to_json(m['n']))) from lake.db.${name}`,
  )
  const table = await lake.loadTable(['db', name])
  const ours = new Map<string, Readonly<Record<string, unknown>>>()
  for await (const row of table.scan().rows({ variants: 'exact' })) ours.set(String(row['id']), row)
  expect(ours.size).toBe(theirs.length)
  const parsed = (text: string | null | undefined) => valuesOf(text ?? 'null')
  for (const [id, v, sv, l, m] of theirs as unknown as readonly [string, ...(string | null)[]][]) {
    const row = ours.get(id)!
    if (v !== null) expect(parsed(v), `Spark, row ${id}`).toEqual(parsed(documents[Number(id)]))
    expect(valuesOfExact(row['v']), `row ${id}`).toEqual(parsed(v))
    const s = row['s'] as { readonly v: unknown } | null
    expect(valuesOfExact(s?.v ?? null), `row ${id}, s.v`).toEqual(parsed(sv))
    const items = JSON.parse(l ?? 'null') as (string | null)[] | null
    expect(valuesOfExact(row['l']), `row ${id}, l`).toEqual(items?.map(parsed) ?? null)
    const map = row['m'] as ReadonlyMap<string, unknown> | null
    const entries = JSON.parse(m!) as Readonly<Record<string, string | null>>
    expect(valuesOfExact(map?.get('k') ?? null), `row ${id}, m`).toEqual(parsed(entries['k']))
    expect(map?.get('n') ?? null).toBeNull()
  }
  const nulls = new Map(theirs.map(([id, v]) => [id, v === null]))
  for await (const { id, v } of table.scan({ select: ['id', 'v'] }).rows({ variants: 'bytes' })) {
    expect(v === null, `row ${id} is null`).toBe(nulls.get(String(id)))
  }
  let some = 0
  for await (const row of table
    .scan({ select: ['s.v', 'id'], where: gtEq('id', 300) })
    .rows({ variants: 'exact' })) {
    expect(row.s, `row ${row.id}, s.v alone`).toEqual(
      row.s === null ? null : { v: (ours.get(String(row.id))!['s'] as { readonly v: unknown }).v },
    )
    some++
  }
  expect(some).toBe(theirs.filter(([id]) => Number(id) >= 300).length)
  agreed(name, 'spark', theirs.length)
}

/** A number as its digits and exponent, whoever printed it. */
interface Digits {
  readonly '#': string
}

/** The values of a JSON text. */
function valuesOf(text: string): unknown {
  const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
  return JSON.parse(
    text.replace(tokens, (token) => (token[0] === '"' ? token : JSON.stringify(digitsOf(token)))),
  )
}

/** The values of a variant as rows give it. */
function valuesOfExact(value: unknown): unknown {
  if (typeof value === 'number') return digitsOf(String(value))
  if (Array.isArray(value)) return value.map(valuesOfExact)
  if (typeof value !== 'object' || value === null) return value
  const { $exact, $object } = value as Readonly<Record<string, unknown>>
  if (typeof $exact === 'string') return digitsOf($exact)
  const members = Object.entries($object === undefined ? value : ($object as object))
  return Object.fromEntries(members.map(([name, member]) => [name, valuesOfExact(member)]))
}

function digitsOf(text: string): Digits {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(
    text,
  )!
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  const power = Number(exponent) - fraction.length + digits.length - significant.length
  return { '#': significant === '' ? '0' : `${sign}${significant}e${power}` }
}
