import { cp, readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { loadVerbs } from '../../cli/verbs.ts'
import { connect, parseJson } from '../../index.ts'
import { file, lines, moraine, output, scratchFolder } from './shell.ts'

const orders = `order_id,placed_at,amount,city,note
1,2026-11-20T08:00:00Z,12.5,Ulm,
2,2026-11-20T09:30:00Z,99.25,Bonn,""
3,2026-11-21T10:00:00Z,250,"Ulm, Donau","he said ""no"""
`

const verbs = await loadVerbs()

/** A lake with `shop.orders`: three rows in two days, then one row more. */
async function shop(): Promise<string> {
  const lake = await scratchFolder()
  const args = ['-c', lake, '--create', '--partition-by', 'day(placed_at)', '--property', 'owner=ada']
  await output('append', 'shop.orders', await file('orders.csv', orders), ...args)
  const more = '{"order_id":4,"placed_at":"2026-11-22T00:00:00Z","amount":7,"city":null}\n'
  await output('append', 'shop.orders', await file('more.jsonl', more), '-c', lake)
  return lake
}

async function json(...args: string[]): Promise<never> {
  return JSON.parse(await output(...args, '--format', 'json')) as never
}

/** What `describe` says for people under a name, on its first line. */
async function described(table: string, lake: string) {
  const text = await output('describe', table, '-c', lake)
  return (name: string) => new RegExp(`^${name} +(.*)$`, 'm').exec(text)?.[1]
}

async function snapshotIds(lake: string): Promise<string[]> {
  const found = lines(await output('snapshots', 'shop.orders', '-c', lake, '-f', 'csv'))
  return found.slice(1).map((line) => line.split(',')[1]!)
}

async function ids(...args: string[]): Promise<number[]> {
  const rows: { order_id: number }[] = await json('scan', ...args)
  return rows.map((row) => row.order_id).sort()
}

test('a table is named by catalog name, location or metadata file, with the same answer', async () => {
  const lake = await shop()
  const byName = await output('describe', 'shop.orders', '-c', lake)
  const location = join(lake, 'shop/orders')
  const byLocation = await output('describe', location)
  const metadata = /^metadata +file:\/\/(.*)$/m.exec(byName)![1]!
  expect(byLocation.replace(/^table .*/, '')).toBe(byName.replace(/^table .*/, ''))
  expect(await output('describe', metadata)).toBe(byLocation)
  expect(await output('describe', `file://${location}`)).toBe(byLocation)
})

test('MORAINE_CATALOG stands in for --catalog', async () => {
  const lake = await shop()
  const before = process.env['MORAINE_CATALOG']
  process.env['MORAINE_CATALOG'] = lake
  try {
    expect(await output('ls')).toBe('table\nshop.orders\n')
  } finally {
    if (before === undefined) delete process.env['MORAINE_CATALOG']
    else process.env['MORAINE_CATALOG'] = before
  }
})

test('describe, schema, properties and refs say what was created', async () => {
  const lake = await shop()
  expect(await json('describe', 'shop.orders', '-c', lake)).toMatchObject({
    table: 'shop.orders',
    format_version: 2,
    columns: [
      { id: 1, name: 'order_id', required: false, type: 'long' },
      { id: 2, name: 'placed_at', required: false, type: 'timestamptz' },
      { id: 3, name: 'amount', required: false, type: 'double' },
      { id: 4, name: 'city', required: false, type: 'string' },
      { id: 5, name: 'note', required: false, type: 'string' },
    ],
    partitioned_by: [{ field_id: 1000, name: 'placed_at_day', transform: 'day', columns: ['placed_at'] }],
    sorted_by: [],
    snapshots: 2,
    records: 4,
    data_files: 3,
    delete_files: 0,
  })
  expect(await output('schema', 'shop.orders', '-c', lake, '-f', 'csv')).toBe(
    [
      'id,name,type,required,identifier,doc',
      '1,order_id,long,false,false,',
      '2,placed_at,timestamptz,false,false,',
      '3,amount,double,false,false,',
      '4,city,string,false,false,',
      '5,note,string,false,false,',
      '',
    ].join('\n'),
  )
  expect(await output('properties', 'shop.orders', '-c', lake, '-f', 'csv')).toContain('\nowner,ada\n')
  const [, current] = await snapshotIds(lake)
  expect(lines(await output('refs', 'shop.orders', '-c', lake))[1]).toMatch(
    new RegExp(`^main +branch +${current}`),
  )
})

test('ls says on standard error that a lake has no tables, and that a file is no lake', async () => {
  const lake = await scratchFolder()
  const stderr = `moraine: there are no tables in file://${lake}\n`
  expect(await moraine(['ls', lake])).toEqual({ code: 0, stdout: 'table\n', stderr })
  const rows = await file('rows.csv', 'id\n1\n')
  expect(await moraine(['ls', rows])).toMatchObject({
    code: 2,
    stderr: `moraine: ${rows} is a file, expected a folder or s3://bucket/prefix\n`,
  })
})

test('the schema that `schema --format json` prints is what `create --schema` takes', async () => {
  const lake = await shop()
  const printed = await output('schema', 'shop.orders', '-c', lake, '-f', 'json')
  await output('create', 'shop.copy', '-c', lake, '--schema', await file('s.json', printed))
  expect(await output('schema', 'shop.copy', '-c', lake, '-f', 'json')).toBe(printed)
})

test('snapshots, files, manifests and partitions agree in every format', async () => {
  const lake = await shop()
  for (const [verb, count, records] of [
    ['snapshots', 2, undefined],
    ['files', 3, 4],
    ['manifests', 2, undefined],
    ['partitions', 3, 4],
  ] as const) {
    const asJson: Record<string, unknown>[] = await json(verb, 'shop.orders', '-c', lake)
    const asNdjson = lines(await output(verb, 'shop.orders', '-c', lake, '-f', 'ndjson'))
    const asCsv = lines(await output(verb, 'shop.orders', '-c', lake, '-f', 'csv'))
    const asText = lines(await output(verb, 'shop.orders', '-c', lake))
    expect(asJson).toHaveLength(count)
    expect(asNdjson.map((line) => parseJson(line))).toEqual(
      asJson
        .map((row) => parseJson(JSON.stringify(row)))
        .map((row, i) => ({ ...(row as object), ...idsOf(asNdjson[i]!) })),
    )
    expect(asCsv).toHaveLength(count + 1)
    expect(asText).toHaveLength(count + 1)
    expect(asText[0]!.split(/ +/).filter(Boolean)).toEqual(asCsv[0]!.split(','))
    if (records !== undefined) {
      expect(asJson.reduce((sum, row) => sum + (row['record_count'] as number), 0)).toBe(records)
    }
  }
})

/** Ids above 2^53, which this test's plain JSON.parse has rounded. */
function idsOf(line: string): object {
  const row = parseJson(line) as Record<string, unknown>
  return Object.fromEntries(Object.entries(row).filter(([, value]) => typeof value === 'bigint'))
}

test('files of one partition, and of an older snapshot', async () => {
  const lake = await shop()
  const [first] = await snapshotIds(lake)
  const of = async (...args: string[]) =>
    (await json('files', 'shop.orders', '-c', lake, ...args)) as unknown[]
  expect(await of('--partition', 'placed_at_day=2026-11-21')).toHaveLength(1)
  expect(await of('--partition', 'placed_at_day=2000-01-01')).toHaveLength(0)
  expect(await of('--snapshot', first!)).toHaveLength(2)
})

test('files of a partition and of those below it; an unknown partition field is wrong use', async () => {
  const lake = await scratchFolder()
  const rows = '{"a b":1,"c":1}\n{"a b":1,"c":2}\n{"a b":10,"c":1}\n'
  const append = ['append', 'a.t', await file('rows.ndjson', rows), '-c', lake, '--create']
  await output(...append, '--partition-by', 'a b,c')
  await output('append', 'a.plain', await file('rows.ndjson', rows), '-c', lake, '--create')
  const counted = async (...args: string[]) =>
    ((await json('files', ...args, '-c', lake)) as unknown[]).length
  expect(await counted('a.t', '--partition', 'a+b=1')).toBe(2)
  expect(await counted('a.t', '--partition', 'a+b=1/')).toBe(2)
  expect(await counted('a.t', '--partition', 'a+b=1/c=2')).toBe(1)
  expect(await counted('a.t', '--partition', 'a+b=2')).toBe(0)
  expect(await counted('a.plain', '--partition', '')).toBe(1)
  for (const [table, partition, known] of [
    ['a.t', 'city=Ulm', 'its fields are a b, c'],
    ['a.t', 'a+b=1/1', 'its fields are a b, c'],
    ['a.t', '%=1', 'its fields are a b, c'],
    ['a.plain', 'c=1', 'the table is not partitioned'],
  ] as const) {
    const { code, stdout, stderr } = await moraine(['files', table, '-c', lake, '--partition', partition])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(known)
  }
})

describe('scan', () => {
  test('prints rows as text, CSV, JSON and NDJSON', async () => {
    const lake = await shop()
    const scan = (...args: string[]) =>
      output('scan', 'shop.orders', '-c', lake, '--where', 'order_id <= 3 and order_id >= 2', ...args)
    expect(await scan('-f', 'ndjson')).toBe(
      '{"order_id":2,"placed_at":"2026-11-20T09:30:00.000000+00:00","amount":99.25,"city":"Bonn","note":""}\n' +
        '{"order_id":3,"placed_at":"2026-11-21T10:00:00.000000+00:00","amount":250,"city":"Ulm, Donau","note":"he said \\"no\\""}\n',
    )
    expect(await scan('-f', 'csv')).toBe(
      'order_id,placed_at,amount,city,note\n' +
        '2,2026-11-20T09:30:00.000000+00:00,99.25,Bonn,""\n' +
        '3,2026-11-21T10:00:00.000000+00:00,250,"Ulm, Donau","he said ""no"""\n',
    )
    expect(await scan()).toBe(
      'order_id  placed_at                         amount  city        note\n' +
        '       2  2026-11-20T09:30:00.000000+00:00   99.25  Bonn\n' +
        '       3  2026-11-21T10:00:00.000000+00:00     250  Ulm, Donau  he said "no"\n',
    )
    expect(JSON.parse(await scan('-f', 'json'))).toHaveLength(2)
  })

  test('prints an empty answer as valid JSON', async () => {
    const lake = await shop()
    expect(JSON.parse(await output('scan', 'shop.orders', '-c', lake, '-f', 'json', '--limit', '0'))).toEqual(
      [],
    )
  })

  test('its CSV goes back in without loss', async () => {
    const lake = await shop()
    const csv = await output('scan', 'shop.orders', '-c', lake, '-f', 'csv')
    await output('append', 'shop.again', await file('again.csv', csv), '-c', lake, '--create')
    expect(await output('scan', 'shop.again', '-c', lake, '-f', 'csv')).toBe(csv)
  })

  test('obeys --limit, --where, --select', async () => {
    const lake = await shop()
    const table = ['shop.orders', '-c', lake]
    expect(await ids(...table, '--limit', '2')).toHaveLength(2)
    expect(await ids(...table, '--where', "city = 'Ulm' or amount > 100")).toEqual([1, 3])
    expect(await ids(...table, '--where', 'city is null')).toEqual([4])
    expect(
      await output('scan', ...table, '--select', 'city,order_id', '--where', 'order_id = 2', '-f', 'csv'),
    ).toBe('order_id,city\n2,Bonn\n')
  })

  test('travels by --snapshot, --ref and --as-of, of which a time without a zone is UTC', async () => {
    const lake = await shop()
    const table = ['shop.orders', '-c', lake]
    const [first] = await snapshotIds(lake)
    const snapshots: { committed_at: string }[] = await json('snapshots', ...table)
    const [{ committed_at: time }] = snapshots as [{ committed_at: string }]
    expect(await ids(...table, '--snapshot', first!)).toEqual([1, 2, 3])
    expect(await ids(...table, '--ref', 'main')).toEqual([1, 2, 3, 4])
    for (const text of [time, time.replace('Z', ''), time.replace('T', ' '), String(Date.parse(time))]) {
      expect(await ids(...table, '--as-of', text)).toEqual([1, 2, 3])
    }
    expect(await ids(...table, '--as-of', '2999-01-01')).toEqual([1, 2, 3, 4])
  })

  test('selects nested columns, and names in quotes', async () => {
    const lake = await scratchFolder()
    const row = '{"a":{"b":1,"c":2},"c.d":3,"x, y":4,"q\\"q":5,"__proto__":{"d":6}}\n'
    await output('append', 'odd.names', await file('rows.ndjson', row), '-c', lake, '--create')
    const select = async (columns: string) =>
      (await output('scan', 'odd.names', '-c', lake, '-f', 'ndjson', '--select', columns)).trim()
    expect(await select('a.b')).toBe('{"a":{"b":1}}')
    expect(await select('"c.d"')).toBe('{"c.d":3}')
    expect(await select('"x, y", "q""q",__proto__.d')).toBe('{"x, y":4,"q\\"q":5,"__proto__":{"d":6}}')
    expect((await moraine(['scan', 'odd.names', '-c', lake, '--select', 'a..b'])).code).toBe(2)
  })

  test('reads a lake that was copied elsewhere, by --remap', async () => {
    const lake = await shop()
    const copy = join(await scratchFolder(), 'copy')
    await cp(lake, copy, { recursive: true })
    const connected = await connect(lake)
    await connected.dropTable('shop.orders', { purge: true })
    const remap = ['--remap', `file://${lake}=${copy}`]
    expect(await ids(join(copy, 'shop/orders'), ...remap)).toEqual([1, 2, 3, 4])
    expect(await ids('shop.orders', '-c', copy, ...remap)).toEqual([1, 2, 3, 4])
    const from = relative(process.cwd(), lake)
    for (const relativeFrom of [from, `./${from}/`]) {
      const args = ['--remap', `${relativeFrom}=${relative(process.cwd(), copy)}`]
      expect(await ids(join(copy, 'shop/orders'), ...args)).toEqual([1, 2, 3, 4])
    }
    expect((await moraine(['scan', join(copy, 'shop/orders')])).code).toBe(1)
  })
})

describe('create and append', () => {
  test('create takes partitioning, order, identifiers and properties', async () => {
    const lake = await scratchFolder()
    const schema = {
      type: 'struct',
      fields: [
        { id: 1, name: 'id', required: true, type: 'long' },
        { id: 2, name: 'at', required: false, type: 'timestamp' },
        { id: 3, name: 'zip', required: false, type: 'string' },
      ],
    }
    await output(
      ...['create', 'a.t', '-c', lake, '--schema', await file('s.json', JSON.stringify(schema))],
      ...['--partition-by', 'hour(at), bucket(16, id),truncate(2, zip),zip', '--sort-by', 'zip desc, id'],
      ...['--identifier', 'id', '--property', 'format-version=3', '--property', 'a=b=c'],
    )
    expect(await json('describe', 'a.t', '-c', lake)).toMatchObject({
      format_version: 3,
      sorted_by: [
        { transform: 'identity', columns: ['zip'], direction: 'desc', null_order: 'nulls-last' },
        { transform: 'identity', columns: ['id'], direction: 'asc', null_order: 'nulls-first' },
      ],
      current_snapshot_id: null,
      records: null,
    })
    const words = await described('a.t', lake)
    expect(words('partitioned_by')).toBe('hour(at), bucket[16](id), truncate[2](zip), zip')
    expect(words('sorted_by')).toBe('zip desc nulls-last, id asc nulls-first')
    expect(words('columns')).toBe('1 id long required')
    expect(await output('properties', 'a.t', '-c', lake, '-f', 'csv')).toContain('\na,b=c\n')
    expect(await output('schema', 'a.t', '-c', lake, '-f', 'csv')).toContain('1,id,long,true,true,')
    expect(await json('scan', 'a.t', '-c', lake)).toEqual([])
  })

  test('create takes the partitioning that describe prints', async () => {
    const lake = await scratchFolder()
    const rows = await file('rows.csv', 'id,zip,at,"odd name"\n1,ab,2026-11-21T10:00:00Z,x\n')
    const create = (table: string, terms: string, order: string) =>
      output('create', table, '-c', lake, '--from', rows, '--partition-by', terms, '--sort-by', order)
    await create('a.first', 'bucket[8](id), Truncate [4] (zip), void(zip), month(at)', 'odd name, id DESC')
    const terms = (await described('a.first', lake))('partitioned_by')!
    expect(terms).toBe('bucket[8](id), truncate[4](zip), void(zip), month(at)')
    await create('a.second', terms, 'odd name desc')
    const second = await described('a.second', lake)
    expect(second('partitioned_by')).toBe(terms)
    expect(second('sorted_by')).toBe('odd name desc nulls-last')
  })

  test.for([
    [
      '--partition-by',
      'week(at)',
      /one of identity, year, month, .*bucket\(.*truncate\(.*found 'week\(at\)'/,
    ],
    ['--partition-by', 'bucket(id)', /'bucket' takes one number, as in bucket\(8, id\)/],
    ['--partition-by', 'bucket[8](9, id)', /'bucket' takes one number/],
    ['--partition-by', 'day[2](at)', /'day' takes no number/],
    ['--sort-by', 'id down', /asc or desc after it, found 'id down'/],
  ] as const)('%s %s is wrong use, with what would be right', async ([option, value, message]) => {
    const rows = await file('rows.csv', 'id,at\n1,2026-11-21T10:00:00Z\n')
    const { code, stderr } = await moraine([
      'create',
      'a.t',
      '-c',
      await scratchFolder(),
      '--from',
      rows,
      option,
      value,
    ])
    expect(stderr).toMatch(message)
    expect(code).toBe(2)
  })

  test('identifiers of a table that is made of a file are required, with the structs around them', async () => {
    const lake = await scratchFolder()
    const csv = await file('orders.csv', orders)
    await output('create', 'a.csv', '-c', lake, '--from', csv, '--identifier', 'order_id')
    await output('append', 'a.csv', csv, '-c', lake)
    expect(await output('schema', 'a.csv', '-c', lake, '-f', 'csv')).toMatch(
      /^1,order_id,long,true,true,\n2,placed_at,timestamptz,false,false,$/m,
    )

    const rows = await file('rows.ndjson', '{"a":{"b":1,"c":2}}\n')
    await output('append', 'a.deep', rows, '-c', lake, '--create', '--identifier', 'a.b')
    expect(await output('schema', 'a.deep', '-c', lake, '-f', 'csv')).toMatch(
      /a,struct,true,false,\n2,a.b,long,true,true,\n3,a.c,long,false,false,/,
    )
    const none = await moraine(['append', 'a.deep', await file('n.ndjson', '{"a":{"c":2}}\n'), '-c', lake])
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('a.b') })

    const [data]: { file_path: string }[] = await json('files', 'a.csv', '-c', lake)
    const parquet = data!.file_path.slice('file://'.length)
    await output('append', 'a.parquet', parquet, '-c', lake, '--create', '--identifier', 'order_id,city')
    expect(await output('schema', 'a.parquet', '-c', lake, '-f', 'csv')).toContain('order_id,long,true,true')
    const unknown = await moraine(['create', 'a.no', '-c', lake, '--from', csv, '--identifier', 'nope'])
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('nope') })
  })

  test('append takes NDJSON, CSV and Parquet from files and from standard input', async () => {
    const lake = await shop()
    const folder = join(lake, 'shop/orders/data')
    const parquet = (await readdir(folder, { recursive: true })).find((name) => name.endsWith('.parquet'))!
    const bytes = await readFile(join(folder, parquet))
    const inputs = {
      parquet: bytes,
      csv: Buffer.from('city\nUlm\n'),
      ndjson: Buffer.from('\ufeff{"city":"Ulm"}\r\n\n{"city":"Bonn"}'),
    }
    for (const [format, content] of Object.entries(inputs)) {
      for (const [source, stdin] of [
        [await file(`input.${format}`, content), ''],
        ['-', content],
      ] as const) {
        const table = `to.${format}${source === '-' ? '_stdin' : ''}`
        for (const again of [[], ['--create']]) {
          const args = ['append', table, source, '-c', lake, '--create', '--input-format', format, ...again]
          expect(await moraine(args, { stdin }), table).toMatchObject({ code: 0, stderr: '' })
        }
      }
      expect(await output('scan', `to.${format}`, '-c', lake)).toBe(
        await output('scan', `to.${format}_stdin`, '-c', lake),
      )
    }
  })

  test('a row that does not fit is named, exits with 1 and leaves nothing', async () => {
    const lake = await shop()
    const before = await readdir(lake, { recursive: true })
    const bad = await file('bad.ndjson', '{"order_id":5}\n{"order_id":"six"}\n')
    const outcome = await moraine(['append', 'shop.orders', bad, '-c', lake])
    expect(outcome).toMatchObject({ code: 1, stdout: '' })
    expect(outcome.stderr).toEqual(
      expect.stringMatching(
        /bad\.ndjson, record 2, order_id: expected long .*found string "six"; nothing was appended\n$/,
      ),
    )
    expect(await readdir(lake, { recursive: true })).toEqual(before)
  })

  test('append --commit-id appends once, and --branch beside main', async () => {
    const lake = await scratchFolder()
    const args = ['append', 'a.t', await file('rows.ndjson', '{"a":1}\n'), '-c', lake, '--format', 'json']
    const once = [...args, '--commit-id', 'load-1']
    const appended = async (...line: string[]) => JSON.parse(await output(...line)).appended
    expect(await appended(...once, '--create')).toBe(1)
    expect(await appended(...once)).toBe(0)
    expect(await appended(...once, '--branch', 'audit', '--commit-since', '2026-11-25')).toBe(1)
    expect(await appended(...once, '--branch', 'audit', '--commit-after', 'load-0')).toBe(0)
    expect(JSON.parse(await output('refs', 'a.t', '-c', lake, '--format', 'json'))).toHaveLength(2)
    const count = async (...at: string[]) =>
      JSON.parse(await output('scan', 'a.t', '-c', lake, '--format', 'json', ...at)).length
    expect([await count(), await count('--ref', 'audit')]).toEqual([1, 2])
    const { code, stderr } = await moraine([...args, '--commit-after', 'load-1'])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--commit-id/)])
  })

  test('branch, tag and rollback change the references of a table, one thing at a time', async () => {
    const lake = await scratchFolder()
    // Snapshot ids are beyond what a number holds.
    // biome-ignore lint/suspicious/noExplicitAny: JSON is what it is
    const lossless = (text: string): any => parseJson(text)
    const rows = await file('rows.ndjson', '{"a":1}\n')
    for (const more of [['--create'], []]) await output('append', 'a.t', rows, '-c', lake, ...more)
    const on = ['a.t', '-c', lake, '--format', 'json'] as const
    const ids = lossless(await output('snapshots', ...on)).map(
      (row: { snapshot_id: unknown }) => row.snapshot_id,
    )
    const change = async (verb: string, ...args: string[]) =>
      lossless(await output(verb, 'a.t', ...args, '-c', lake, '--format', 'json')).snapshot_id
    expect(
      await change('branch', 'audit', '--snapshot', String(ids[0]), '--min-snapshots-to-keep', '2'),
    ).toBe(ids[0])
    expect(await change('branch', 'audit', '--fast-forward', 'main')).toBe(ids[1])
    expect(await change('branch', 'audit', '--replace', '--snapshot', String(ids[0]))).toBe(ids[0])
    expect(await change('branch', 'audit', '--rename', 'check')).toBe(ids[0])
    expect(await change('tag', 'v1', '--max-ref-age-ms', '1000')).toBe(ids[1])
    expect(await change('tag', 'v1', '--retain', '--max-ref-age-ms', '2000')).toBe(ids[1])
    expect(await change('rollback', '--snapshot', String(ids[0]))).toBe(ids[0])
    expect(lossless(await output('refs', ...on))).toEqual([
      expect.objectContaining({ name: 'main', snapshot_id: ids[0] }),
      expect.objectContaining({ name: 'check', snapshot_id: ids[0], min_snapshots_to_keep: 2 }),
      expect.objectContaining({
        name: 'v1',
        type: 'tag',
        snapshot_id: ids[1],
        max_reference_age_in_ms: 2000,
      }),
    ])
    expect(await change('tag', 'v1', '--drop')).toBeNull()
    for (const wrong of [
      ['branch', 'x', '--drop', '--replace'],
      ['branch', 'x', '--drop', '--ref', 'main'],
      ['branch', 'x', '--replace', '--max-ref-age-ms', '5'],
      ['tag', 'x', '--max-ref-age-ms', 'old'],
      ['tag', 'x', '--retain'],
    ]) {
      const [verb, ...args] = wrong
      expect((await moraine([verb!, 'a.t', ...args, '-c', lake])).code, wrong.join(' ')).toBe(2)
    }
    expect((await moraine(['rollback', 'a.t', '-c', lake])).code).toBe(2)
    for (const verb of ['rollback', 'scan']) {
      const early = await moraine([verb, 'a.t', '-c', lake, '--as-of', '2020-01-01'])
      expect(early, verb).toMatchObject({ code: 1, stderr: expect.stringContaining('no snapshot') })
    }
  })

  test('a failed append takes back the table that it created, or says that it stays', async () => {
    const lake = await scratchFolder()
    const rows = '{"a":1}\n'.repeat(1000)
    const bad = await file('bad.ndjson', `${rows}{"a":"x"}\n`)
    const args = ['append', 'a.t', bad, '-c', lake, '--create']
    const failed = await moraine(args)
    expect(failed.code).toBe(1)
    expect(failed.stderr).toMatch(/record 1001, a: .*; nothing was appended\n$/)
    expect(await output('ls', '-c', lake)).not.toContain('a.t')
    const left = await readdir(join(lake, 'a'), { recursive: true })
    expect(left.filter((name) => name.includes('.'))).toEqual([])

    await output('append', 'a.t', await file('good.ndjson', rows), '-c', lake, '--create')
    expect((await moraine(['append', 'a.t', bad, '-c', lake, '--create'])).code).toBe(1)
    expect(await json('describe', 'a.t', '-c', lake)).toMatchObject({ snapshots: 1, records: 1000 })

    await output('drop', 'a.t', '-c', lake)
    const stays = await moraine(args)
    expect(stays.code).toBe(1)
    expect(stays.stderr).toMatch(/record 1001, a: .*; the new, empty table stays: .*earlier table/)
    expect(await json('describe', 'a.t', '-c', lake)).toMatchObject({ snapshots: 0 })
  })

  test.for([
    ['{"a":1}\n{"a":null}\n\n{"a":"x"}\n', 'record 3, a: expected long as before, found string;'],
    ['{"a":"x"}\n{"a":true}\n', 'record 2, a: expected string as before, found boolean;'],
    ['{"a":{"b.c":[1,2.5]}}\n{"a":{"b.c":[{}]}}\n', 'record 2, a."b.c".element: expected double as before'],
    ['{"a":[1,"x"]}\n', 'record 1, a.element: expected long as before, found string;'],
    ['{"a":{}}\n{"a":1}\n', 'record 2, a: expected struct as before, found long;'],
  ])('no type is guessed for a column of unlike values: %j', async ([content, message]) => {
    const lake = await scratchFolder()
    const input = await file('mixed.ndjson', content!)
    for (const args of [
      ['append', 'a.t', input, '--create'],
      ['create', 'a.t', '--from', input],
    ]) {
      const { code, stderr } = await moraine([...args, '-c', lake])
      expect(stderr).toContain(`mixed.ndjson, ${message}`)
      expect(stderr).toContain('create the table first, with --schema')
      expect(code).toBe(1)
    }
    expect(await output('ls', '-c', lake)).toBe('table\n')
  })

  test('CSV of unlike cells becomes text, and help says how types are found', async () => {
    const lake = await scratchFolder()
    await output('append', 'a.t', await file('mixed.csv', 'a\n1\nx\ntrue\n'), '-c', lake, '--create')
    expect(await output('scan', 'a.t', '-c', lake, '-f', 'ndjson')).toBe(
      '{"a":"1"}\n{"a":"x"}\n{"a":"true"}\n',
    )
    for (const verb of ['append', 'create']) {
      expect((await output(verb, '--help')).replace(/\s+/g, ' ')).toMatch(
        /first 1,000 rows, and `create --schema`/,
      )
    }
  })

  test('CSV and NDJSON in S3 are refused, with a way round', async () => {
    const { code, stderr } = await moraine(['create', 'a.b', '--from', 's3://acme/x.csv', '-c', './lake'])
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("pipe csv in, with '-'") })
  })

  test('input that is no NDJSON, CSV or Parquet names the file and the line', async () => {
    const lake = await shop()
    for (const [name, content, message] of [
      ['a.ndjson', '{"order_id":5}\n{"order_id":\n', /a\.ndjson, line 2: /],
      ['b.csv', 'order_id,city\n5\n', /b\.csv: .*line 2/],
      ['c.csv', 'order_id,order_id\n5,6\n', /c\.csv: the header has two columns named 'order_id'/],
      ['d.parquet', 'not at all', /d\.parquet: /],
      ['e.ndjson', new Uint8Array([0x22, 0xff, 0x22]), /e\.ndjson: expected UTF-8/],
      ['f.csv', 'order_id,town\n5,Ulm\n', /f\.csv, record 1.*town/],
    ] as const) {
      const { code, stderr } = await moraine(['append', 'shop.orders', await file(name, content), '-c', lake])
      expect(stderr).toMatch(message)
      expect(code, name).toBe(1)
    }
    const { code, stderr } = await moraine(['append', 'shop.orders', '/no/such.csv', '-c', lake])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/cannot read \/no\/such\.csv/),
    })
    expect(await snapshotIds(lake)).toHaveLength(2)
  })

  test('a missing table is answered with --create', async () => {
    const rows = await file('rows.csv', 'a\n1\n')
    const { code, stderr } = await moraine(['append', 'a.t', rows, '-c', await scratchFolder()])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/a\.t does not exist; --create /),
    })
  })

  test.for([
    ['ndjson', '{"order_id":', 'standard input, line 1: '],
    ['ndjson', '{"order_id":"x"}', 'standard input, record 1, order_id: '],
    ['csv', 'order_id,order_id\n', 'standard input: the header'],
    ['csv', 'order_id\nx\n', 'standard input, record 1, order_id: '],
    ['parquet', 'not at all', 'standard input: '],
    ['ndjson', '{"order_id":[1,"x"]}', 'standard input, record 1, order_id.element: ', '--create'],
    ['parquet', 'not at all', 'standard input: ', '--create'],
  ] as const)(
    'a fault in %s of standard input is told by that name',
    async ([format, stdin, message, create]) => {
      const lake = await shop()
      const table = create === undefined ? ['shop.orders'] : ['shop.new', create]
      const args = ['append', ...table, '-', '--input-format', format, '-c', lake]
      const { code, stderr } = await moraine(args, { stdin })
      expect(stderr.startsWith(`moraine: ${message}`), stderr).toBe(true)
      expect(stderr).not.toMatch(/moraine-|stdin/)
      expect(code).toBe(1)
      const untold = await moraine(['append', 'shop.orders', '-', '-c', lake], { stdin })
      expect(untold).toMatchObject({ code: 2, stderr: expect.stringContaining('what is in standard input?') })
    },
  )

  test('a signal while input is awaited takes the append back and exits with 130', async () => {
    const lake = await shop()
    const before = await readdir(lake, { recursive: true })
    const interrupt = new AbortController()
    const stdin = new Readable({ read: () => {} })
    stdin.push('{"order_id":5}\n')
    const running = moraine(['append', 'shop.orders', '-', '--input-format', 'ndjson', '-c', lake], {
      stdin,
      signal: interrupt.signal,
    })
    setTimeout(() => interrupt.abort(), 50)
    expect(await running).toMatchObject({ code: 130, stdout: '' })
    expect(await readdir(lake, { recursive: true })).toEqual(before)
  })
})

test('drop says where the metadata stays and how to bring the table back, and --purge leaves none', async () => {
  const lake = await shop()
  const dropped: { metadata_kept_at: string; brought_back_by: string } = await json(
    ...['drop', 'shop.orders', '-c', lake],
  )
  expect(await ids(dropped.metadata_kept_at)).toEqual([1, 2, 3, 4])
  expect((await moraine(['describe', 'shop.orders', '-c', lake])).code).toBe(1)
  await output(...wordsOf(dropped.brought_back_by).slice(1))
  expect(await ids('shop.orders', '-c', lake)).toEqual([1, 2, 3, 4])
  const other = await shop()
  expect(await output('drop', 'shop.orders', '-c', other, '--purge')).toBe('dropped  shop.orders\n')
  const left = await readdir(other, { recursive: true })
  expect(left.filter((name) => /\.(parquet|avro)$/.test(name))).toEqual([])
})

test('drop quotes for the shell what the shell would take apart', async () => {
  const lake = join(await scratchFolder(), "ada's lake")
  await output('append', 'a.t', await file('rows.csv', 'a\n1\n'), '-c', lake, '--create')
  const dropped: { metadata_kept_at: string; brought_back_by: string } = await json('drop', 'a.t', '-c', lake)
  const quoted = (text: string) => `'${text.replace("'", `'\\''`)}'`
  expect(dropped.brought_back_by).toBe(
    `moraine register a.t ${quoted(dropped.metadata_kept_at)} --catalog ${quoted(lake)}`,
  )
})

test('register takes a relative path, and refuses a name that is taken or a file that is not there', async () => {
  const lake = await shop()
  const dropped: { metadata_kept_at: string } = await json('drop', 'shop.orders', '-c', lake)
  const path = relative(process.cwd(), dropped.metadata_kept_at.slice('file://'.length))
  const register = (name: string, metadata: string) => moraine(['register', name, metadata, '-c', lake])
  expect(await register('shop.orders', path)).toMatchObject({ code: 0, stderr: '' })
  expect(await ids('shop.orders', '-c', lake)).toEqual([1, 2, 3, 4])
  expect(await register('shop.orders', path)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('exists already'),
  })
  expect((await register('shop.no', join(lake, 'no.metadata.json'))).code).toBe(1)
  expect((await register('shop.no', '')).code).toBe(2)
})

describe('wrong use', () => {
  test.for([
    [['scan']],
    [['nonsense']],
    [['scan', 'shop.orders', '--bogus']],
    [['scan', 'shop.orders', '--format', 'xml']],
    [['scan', 'shop.orders', '--limit', '-1']],
    [['scan', 'shop.orders', '--snapshot', 'latest']],
    [['scan', 'shop.orders', '--snapshot', '1', '--ref', 'main']],
    [['scan', 'shop.orders', '--as-of', 'order 5']],
    [['scan', 'shop.orders', '--where', 'order_id >']],
    [['scan', 'shop.orders', '--where', 'id = 1']],
    [['scan', 'shop.orders', '--select', 'id']],
    [['scan', 'orders']],
    [['scan', './orders', '--remap', 'x']],
    [['create', 'shop.new']],
    [['create', 'shop.new', '--from', 'a.csv', '--schema', 'b.json']],
    [['create', 'shop.new', '--schema', 'b.json', '--input-format', 'csv']],
    [['create', './shop/new', '--from', 'a.csv']],
    [['append', 'shop.orders', 'data.txt']],
    [['append', 'shop.orders', 'data.csv', '--partition-by', 'city']],
    [['append', './orders', 'data.csv']],
    [['drop', './orders']],
    [['drop', 'shop.orders', '--remap', 'a=b']],
    [['ls', '--remap', 'a=b']],
  ])('moraine %s exits with 2 and says why', async ([args]) => {
    const lake = await scratchFolder()
    await output('append', 'shop.orders', await file('orders.csv', orders), '-c', lake, '--create')
    const catalog = args!.some((arg) => arg.startsWith('./')) && args![0] === 'scan' ? [] : ['-c', lake]
    const outcome = await moraine([...args!, ...catalog])
    expect(outcome).toMatchObject({ code: 2, stdout: '' })
    expect(outcome.stderr).not.toBe('')
  })

  test('a catalog for a location, or two catalogs, are refused rather than passed over', async () => {
    const lake = await shop()
    expect((await moraine(['scan', join(lake, 'shop/orders'), '-c', lake])).code).toBe(2)
    expect((await moraine(['ls', lake, '-c', lake])).code).toBe(2)
  })

  test('what is not there exits with 1', async () => {
    const lake = await shop()
    for (const args of [
      ['describe', 'shop.nothing', '-c', lake],
      ['describe', join(lake, 'nothing')],
      ['scan', 'shop.orders', '-c', lake, '--snapshot', '1'],
      ['scan', 'shop.orders', '-c', lake, '--ref', 'audit'],
      ['scan', 'shop.orders', '-c', lake, '--as-of', '1999-01-01'],
      ['ls', join(lake, 'nothing')],
      ['create', 'shop.orders', '-c', lake, '--schema', '/no/such.json'],
    ]) {
      expect(await moraine(args), args.join(' ')).toMatchObject({ code: 1, stdout: '' })
    }
  })
})

describe('help', () => {
  test('is shown without a verb', async () => {
    const { code, stderr } = await moraine([])
    expect(code).toBe(2)
    for (const { name, summary } of verbs) {
      expect(stderr).toMatch(new RegExp(`^  ${name} `, 'm'))
      expect(stderr.replace(/\s+/g, ' ')).toContain(summary)
    }
    expect(await output('--help')).toBe(stderr)
  })

  test.for(verbs)('of $name has one example that works', async (verb) => {
    const text = await output(verb.name, '--help')
    expect(text).toContain(`Example:\n  ${verb.example}`)
    const lake = await scratchFolder()
    const row =
      '{"order_id":1,"placed_at":"2026-11-21T10:00:00Z","amount":250,"customer":{"address":{"city":"Ulm"}}}\n'
    const schema = [['--create', '--partition-by', 'day(placed_at)']].flat()
    const parquet = await ordersParquet(lake, row, schema)
    const makes = ['append', 'create', 'register'].includes(verb.name)
    const kept = makes ? await droppedTo(lake) : ''
    const args = wordsOf(verb.example)
      .slice(1)
      .map((word) => (word === './lake' ? lake : word === 'orders.parquet' ? parquet : word))
      .map((word) => (/^\.\/lake\/shop\/orders\/metadata\/dropped-.*\.kept$/.test(word) ? kept : word))
    const catalog = args.includes(lake) ? [] : ['-c', lake]
    const outcome = await moraine([...args, ...catalog])
    if (verb.name === 'rename') {
      // What the catalogs of today cannot do; they say what to do instead.
      return expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('register') })
    }
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(lines(outcome.stdout).length).toBeGreaterThan(1)
  })
})

/** Drops `shop.orders` and gives where its metadata is kept. */
async function droppedTo(lake: string): Promise<string> {
  const { metadata_kept_at: kept }: { metadata_kept_at: string } = await json(
    ...['drop', 'shop.orders', '-c', lake],
  )
  return kept
}

/** Makes `shop.orders` of one row and gives the path of a Parquet file with it. */
async function ordersParquet(lake: string, row: string, options: readonly string[]): Promise<string> {
  const typed = await file(
    's.json',
    JSON.stringify({
      type: 'struct',
      fields: [
        { id: 1, name: 'order_id', required: false, type: 'long' },
        { id: 2, name: 'placed_at', required: false, type: 'timestamptz' },
        { id: 3, name: 'amount', required: false, type: 'decimal(10, 2)' },
        {
          id: 4,
          name: 'customer',
          required: false,
          type: {
            type: 'struct',
            fields: [
              {
                id: 5,
                name: 'address',
                required: false,
                type: { type: 'struct', fields: [{ id: 6, name: 'city', required: false, type: 'string' }] },
              },
            ],
          },
        },
      ],
    }),
  )
  await output('create', 'shop.orders', '-c', lake, '--schema', typed, ...options.slice(1))
  await output('append', 'shop.orders', await file('row.ndjson', row.replace('250', '"250.00"')), '-c', lake)
  const files: { file_path: string }[] = await json('files', 'shop.orders', '-c', lake)
  const path = files[0]!.file_path.slice('file://'.length)
  return file('orders.parquet', await readFile(path))
}

/** A command line's words as a shell splits them. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
}

describe('a terminal', () => {
  test('gets no control characters of the data, in cells, names or errors', async () => {
    const lake = await scratchFolder()
    const rows = await file('rows.ndjson', '{"\\u001b[31mred":"\\u001b]0;x\\u0007 \\u009b1m\\nnext"}\n')
    await output('append', 'a.t', rows, '-c', lake, '--create', '--property', 'a=\u001b[2J')
    const shown = [
      await output('scan', 'a.t', '-c', lake),
      await output('describe', 'a.t', '-c', lake),
      await output('schema', 'a.t', '-c', lake),
      await output('properties', 'a.t', '-c', lake),
      (await moraine(['scan', 'a.t', '-c', lake, '--select', '\u001b[31mno'])).stderr,
      (await moraine(['scan', '\u001b[31m/no'])).stderr,
    ]
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    for (const text of shown) expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    expect(shown[0]).toContain('\\u001b]0;x\\u0007 \\u009b1m\\u000anext')
  })
})
