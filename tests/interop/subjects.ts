/** The tables that Moraine writes for the other engines to read: what they hold is known without reading them. */
import {
  bucket,
  type Columns,
  type CreateTableOptions,
  day,
  desc,
  identity,
  type PartitionTerm,
  schema,
  type TableSchema,
  t,
  truncate,
} from '../../index.ts'
import type { Engine } from './judge.ts'
import { type Probe, probesOf } from './probes.ts'
import {
  type AnyColumn,
  bytes,
  type PlainRow,
  type SampleName,
  sampleNames,
  samples,
  seededRandom,
  v3Only,
} from './samples.ts'

export interface Subject {
  readonly name: string
  readonly options: CreateTableOptions<TableSchema<Columns>>
  /** The rows of each append, every column given. */
  readonly commits: readonly (readonly PlainRow[])[]
  /** What the rows read as, where that is more than what was given. */
  readonly expected?: readonly PlainRow[]
  /** Filtered reads: the engines prune by our partitions, summaries and bounds, and must lose no row. */
  readonly probes?: readonly Probe[]
  /** Engines that read a null list or map as an empty one (PyIceberg, next to structs). */
  readonly nullAsEmpty?: readonly Engine[]
  /** Predicates that an engine answers wrong while others read the same table right: it must still do so. */
  readonly faults?: Readonly<Partial<Record<Engine, RegExp>>> | undefined
  /** What an engine must say that cannot read such a table. */
  readonly refusals?: Readonly<Partial<Record<Engine, RegExp>>> | undefined
}

const noTime = { spark: /Spark does not support time fields/ } as const
const noNanos = { spark: /Cannot convert unsupported type to Spark: timestamp(tz)?_ns/ } as const
const noZonedNanos = { duckdb: /Unrecognized primitive type: timestamptz_ns/ } as const
const noNanoPartitions = { pyiceberg: /Unknown logical.*timestamp-nanos/ } as const

const typeRefusals: Readonly<Partial<Record<SampleName, Subject['refusals']>>> = {
  time: noTime,
  timestamp_ns: { ...noNanos, ...noNanoPartitions },
  timestamptz_ns: { ...noNanos, ...noZonedNanos, ...noNanoPartitions },
  // Iceberg Java 1.12 takes a fixed value in a manifest's partition for one with a length in front.
  fixed: { spark: /Invalid int encoding/ },
}

const duckDbEarlyInstants = /by_(month|day) (=|>=|in)/
const uuidsInSpark: Pick<Subject, 'faults'> = { faults: { spark: /c_uuid </ } }
const typeFaults: Readonly<Partial<Record<SampleName, Subject['faults']>>> = {
  decimal_9: { duckdb: /by_truncate in/ },
  // DuckDB 1.5.5 rounds the months and days of instants before 1970 towards zero, and takes nanosecond bounds for
  // microseconds.
  timestamp: { duckdb: duckDbEarlyInstants },
  timestamptz: { duckdb: duckDbEarlyInstants },
  timestamp_ns: { duckdb: /by_identity (=|>=|in|is)|by_(month|day) (=|>=|in)/ },
  uuid: {
    // Iceberg Java 1.12 orders uuids as two signed longs, Spark as text.
    spark: / < /,
    // PyIceberg 0.12 compares a partition's uuid, which it holds as a UUID, with a literal that it holds as bytes.
    pyiceberg: /\('by_identity', \W*f79c/,
    // DuckDB 1.5.5 hashes uuids in its own way.
    duckdb: /by_bucket (=|in)/,
  },
}

/** One table a type, with a column for each transform that the type has, all of the same value. */
function typeSubject(name: SampleName): Subject {
  const { column, values } = samples[name]
  const transforms = transformsOf(name)
  const rows = [...values, null].map((value, i) => ({
    id: BigInt(i),
    ...Object.fromEntries(transforms.map((term) => [term.column, valueFor(term, value)])),
  }))
  return {
    name: `type_${name}`,
    probes: transforms.flatMap(({ column }) => (column === 'by_void' ? [] : probesOf(name, column))),
    options: {
      schema: schema({
        id: t.long(),
        ...Object.fromEntries(transforms.map((term) => [term.column, column()])),
      }),
      partitionBy: transforms,
      properties: v3Only.has(name) ? { 'format-version': '3' } : {},
    },
    commits: [rows, rows.slice(0, 3)],
    refusals: typeRefusals[name],
    faults: typeFaults[name],
  }
}

/** Truncating the least int or long overflows; Iceberg Java wraps around, and then its own pruning loses the row. */
function valueFor(term: PartitionTerm, value: unknown): unknown {
  const isLeast = value === -2147483648 || value === -(2n ** 63n)
  return isLeast && term.transform.startsWith('truncate') ? null : value
}

/** The partition terms that a type can have; each stands on a column of its own, `by_<transform>`. */
function transformsOf(name: SampleName): PartitionTerm[] {
  const isFloat = name === 'float' || name === 'double'
  const isTimestamp = name.startsWith('timestamp')
  const transforms = [
    'identity',
    'void',
    ...(isFloat || name === 'boolean' ? [] : ['bucket[4]']),
    ...(/^(int|long|decimal.*|string|binary)$/.test(name) ? ['truncate[3]'] : []),
    ...(isTimestamp || name === 'date' ? ['year', 'month', 'day'] : []),
    ...(isTimestamp ? ['hour'] : []),
  ]
  return transforms.map((transform) => ({ column: `by_${transform.replace(/\[.*/, '')}`, transform }))
}

/** Every type in one table without partitions, one sample a file, so that bounds alone can prune. */
function everyType(
  version: number,
  names: readonly SampleName[],
  known: Pick<Subject, 'refusals' | 'faults'> = {},
): Subject {
  const columns: Record<string, AnyColumn> = { id: t.long().required() }
  for (const name of names) columns[`c_${name}`] = samples[name].column()
  const row = (i: number): PlainRow => ({
    id: BigInt(i),
    ...Object.fromEntries(
      names.map((name) => [
        `c_${name}`,
        i % 5 === 4 ? null : samples[name].values[i % samples[name].values.length],
      ]),
    ),
  })
  return {
    name: `types_v${version}${names.includes('time') ? '_all' : ''}`,
    probes: names.flatMap((name) => probesOf(name, `c_${name}`)),
    options: { schema: schema(columns), properties: { 'format-version': `${version}` } },
    commits: range(8).map((commit) => range(3).map((i) => row(commit * 3 + i))),
    ...known,
  }
}

const plainNames = sampleNames.filter((name) => name !== 'time' && !v3Only.has(name))

const extremes: Subject = {
  name: 'extremes',
  options: {
    schema: schema({
      i: t.int(),
      l: t.long(),
      d: t.date(),
      ts: t.timestamp(),
      tz: t.timestamptz(),
    }),
  },
  commits: [
    [
      { i: -2147483648, l: -(2n ** 63n), d: '-271821-04-20', ts: -(2n ** 62n), tz: -(2n ** 62n) },
      { i: 2147483647, l: 2n ** 63n - 1n, d: '+275760-09-13', ts: 2n ** 62n, tz: 2n ** 62n },
    ],
  ],
}

const beyondDuckDb: Subject = {
  name: 'extremes_all_bits',
  options: { schema: schema({ ts: t.timestamp(), tz: t.timestamptz() }) },
  commits: [
    [
      { ts: -(2n ** 63n), tz: 2n ** 63n - 1n },
      { ts: 2n ** 63n - 1n, tz: -(2n ** 63n) },
    ],
  ],
}

const oddNames = [
  '__proto__',
  'constructor',
  'a.b',
  'with space',
  'größe',
  '🚀',
  'a/b',
  '"quoted"',
  "it's",
  '1st',
  'A',
  '-',
  '100%',
]
const names: Subject = {
  name: 'names',
  options: {
    schema: schema({
      ...fromEntries(oddNames.map((name) => [name, t.string()])),
      nested: t.struct(fromEntries(oddNames.map((name) => [name, t.int()]))),
    }),
    partitionBy: [identity('__proto__'), identity('with space'), bucket('größe', 3), truncate('a/b', 2)],
  },
  commits: range(2).map((commit) =>
    range(6).map((i) => ({
      ...fromEntries(
        oddNames.map((name, k) => [name, (i + k) % 4 === 3 ? null : `${name} ${i % 3} ${commit}`]),
      ),
      nested:
        i === 5 ? null : fromEntries(oddNames.map((name, k) => [name, (i + k) % 5 === 0 ? null : i * k])),
    })),
  ),
}

const nested: Subject = {
  name: 'nested',
  nullAsEmpty: ['pyiceberg'],
  options: {
    schema: schema({
      id: t.long().required(),
      s: t.struct({
        a: t.int(),
        inner: t.struct({ x: t.string(), deep: t.struct({ y: t.double(), z: t.list(t.decimal(12, 4)) }) }),
      }),
      l: t.list(
        t.struct({ sku: t.string().required(), tags: t.list(t.struct({ k: t.string(), n: t.long() })) }),
      ),
      m: t.map(t.string(), t.struct({ v: t.list(t.timestamptz()), w: t.map(t.int(), t.uuid()) })),
      ll: t.list(t.list(t.list(t.int()))),
      mm: t.map(t.long(), t.map(t.string(), t.list(t.binary()))),
      required_list: t.list(t.int().required()).required(),
    }),
  },
  commits: range(2).map((commit) => nestedRows(commit + 1, 60)),
}

function nestedRows(seed: number, count: number): PlainRow[] {
  const random = seededRandom(seed)
  const maybe = <T>(make: () => T): T | null => (random(4) === 0 ? null : make())
  const many = <T>(make: (i: number) => T): T[] => range(random(4)).map(make)
  const text = () => ['', 'a', 'ü', '🚀', 'xyz'][random(5)]!
  return range(count).map((i) => ({
    id: BigInt(i + seed * 1000),
    s: maybe(() => ({
      a: maybe(() => random(100)),
      inner: maybe(() => ({
        x: maybe(text),
        deep: maybe(() => ({
          y: maybe(() => random(1000) / 8),
          z: maybe(() => many(() => maybe(() => `${random(99)}.1250`))),
        })),
      })),
    })),
    l: maybe(() =>
      many(() =>
        maybe(() => ({
          sku: text(),
          tags: maybe(() => many(() => maybe(() => ({ k: maybe(text), n: maybe(() => BigInt(random(9))) })))),
        })),
      ),
    ),
    m: maybe(
      () =>
        new Map(
          many((k) => [
            `k${k}`,
            maybe(() => ({
              v: maybe(() => many(() => maybe(() => BigInt(random(1e9))))),
              w: maybe(() => new Map(many((n) => [n, maybe(() => 'f79c3e09-677c-4bbd-a479-3f349cb785e7')]))),
            })),
          ]),
        ),
    ),
    ll: maybe(() => many(() => maybe(() => many(() => maybe(() => many(() => maybe(() => random(9)))))))),
    mm: maybe(
      () =>
        new Map(
          many((k) => [
            BigInt(k),
            maybe(
              () =>
                new Map(
                  many((n) => [
                    `n${n}`,
                    maybe(() => many(() => maybe(() => bytes(...many(() => random(256)))))),
                  ]),
                ),
            ),
          ]),
        ),
    ),
    required_list: many(() => random(1000)),
  }))
}

const mixedSchema = () =>
  schema({
    id: t.long().required(),
    name: t.string(),
    amount: t.decimal(18, 2),
    at: t.timestamptz(),
    score: t.double(),
    flags: t.list(t.boolean()),
  })

/** Rows that compress and that do not; `id` counts up, so that files and row groups have narrow bounds. */
function mixedRows(seed: number, count: number): PlainRow[] {
  const random = seededRandom(seed)
  return range(count).map((i) => ({
    id: BigInt(i + seed * 100_000),
    name: i % 11 === 0 ? null : `name ${i % 100} ${random(1e9).toString(36)}`,
    amount: `${random(1e6)}.${String(random(100)).padStart(2, '0')}`,
    at: BigInt(i) * 60_000_000n,
    score: i % 13 === 0 ? Number.NaN : random(1e6) / 64,
    flags: i % 3 === 0 ? null : [true, null, i % 2 === 0],
  }))
}

function mixed(name: string, properties: Record<string, string>, commits = 1, rows = 500): Subject {
  return {
    name,
    options: { schema: mixedSchema(), properties },
    commits: range(commits).map((commit) => mixedRows(commit + 1, rows)),
  }
}

const defaults: Subject = {
  name: 'v3_defaults',
  options: {
    schema: schema({
      id: t.int().required(),
      i: t.int().default(7),
      s: t.string().default('déjà vu'),
      d: t.decimal(9, 2).default('1.50'),
      day: t.date().default('2026-11-21'),
      b: t.binary().default(bytes(1, 2)),
    }),
    properties: { 'format-version': '3' },
  },
  commits: [[{ id: 1 }, { id: 2, i: null, s: null, d: null, day: null, b: null }]],
  expected: [
    { id: 1, i: 7, s: 'déjà vu', d: '1.50', day: '2026-11-21', b: bytes(1, 2) },
    { id: 2, i: null, s: null, d: null, day: null, b: null },
  ],
}

const unknown: Subject = {
  name: 'v3_unknown',
  options: {
    schema: schema({ id: t.int(), u: t.unknown(), s: t.struct({ a: t.int(), u: t.unknown() }) }),
    properties: { 'format-version': '3' },
  },
  refusals: { duckdb: /Unrecognized primitive type: unknown/ },
  commits: [
    [
      { id: 1, u: null, s: { a: 1, u: null } },
      { id: 2, u: null, s: null },
    ],
  ],
}

const partitioned = (version: number): Subject => ({
  name: `partitioned_v${version}`,
  options: {
    schema: mixedSchema(),
    partitionBy: [day('at'), bucket('id', 4), truncate('name', 6), { column: 'score', transform: 'void' }],
    properties: { 'format-version': `${version}` },
  },
  commits: [mixedRows(1, 40), mixedRows(2, 40)],
})

const sorted: Subject = {
  name: 'sort_order',
  options: { schema: mixedSchema(), sortBy: ['name', desc('at'), { column: 'id', transform: 'bucket[4]' }] },
  commits: [mixedRows(1, 50)],
}

/** Filters on the leading columns of the order: engines skip row groups of these files. */
const sortedAndPartitioned: Subject = {
  name: 'sort_order_partitioned',
  probes: [...probesOf('string', 'name'), ...probesOf('double', 'score')],
  options: {
    schema: mixedSchema(),
    partitionBy: [bucket('id', 3)],
    sortBy: [desc('score'), 'name'],
    properties: { 'write.parquet.row-group-size-bytes': '4000' },
  },
  commits: [mixedRows(1, 400), mixedRows(2, 400)],
}

export const subjects: readonly Subject[] = [
  ...sampleNames.map(typeSubject),
  everyType(1, plainNames, uuidsInSpark),
  everyType(2, plainNames, uuidsInSpark),
  everyType(3, plainNames, uuidsInSpark),
  everyType(3, sampleNames, {
    refusals: { ...noTime, ...noZonedNanos },
    // PyIceberg 0.12 makes no literals of nanoseconds.
    faults: { pyiceberg: /(To|Than|Equal|In)\('c_timestamp(tz)?_ns'/ },
  }),
  extremes,
  beyondDuckDb,
  names,
  nested,
  { ...nested, name: 'nested_v3', options: { ...nested.options, properties: { 'format-version': '3' } } },
  ...['zstd', 'snappy', 'gzip', 'uncompressed'].map((codec) =>
    mixed(`codec_${codec}`, { 'write.parquet.compression-codec': codec }),
  ),
  mixed('commits', {}, 12, 20),
  mixed(
    'rolled',
    {
      'write.target-file-size-bytes': '200000',
      'write.parquet.row-group-size-bytes': '50000',
      'write.parquet.page-size-bytes': '8192',
      'write.parquet.page-row-limit': '500',
    },
    1,
    20_000,
  ),
  mixed('metadata_gzip', { 'write.metadata.compression-codec': 'gzip' }, 3, 20),
  ...['none', 'counts', 'truncate(4)', 'full'].map((mode) =>
    mixed(`metrics_${mode.replace(/\W/g, '')}`, { 'write.metadata.metrics.default': mode }, 2, 40),
  ),
  mixed('object_storage', { 'write.object-storage.enabled': 'true' }, 2, 20),
  partitioned(1),
  partitioned(2),
  partitioned(3),
  sorted,
  sortedAndPartitioned,
  { ...sorted, name: 'empty', commits: [] },
  { ...partitioned(3), name: 'empty_v3', commits: [] },
  defaults,
  unknown,
]

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

/** Keeps `__proto__` an own property. */
function fromEntries<V>(entries: readonly (readonly [string, V])[]): Record<string, V> {
  return Object.fromEntries(entries)
}
