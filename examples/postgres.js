/**
 * A PostgreSQL table is followed into an Iceberg table: triggers write each change to an outbox in the transaction that makes
 * it, and a sink upserts them, so that the Iceberg table has what the source has, deletes and crashes included.
 *
 *     npm run demo:postgres -- postgres://user:password@host/database
 *
 * It works in a schema of its own (`moraine_example`), which it makes anew.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect, eq, schema, t } from 'moraine'
import pg from 'pg'

const url = process.argv[2] ?? process.env.DATABASE_URL
if (url === undefined) {
  console.error('which database? npm run demo:postgres -- postgres://user:password@host/database')
  process.exit(2)
}
const folder = join(import.meta.dirname, 'postgres-lake')
const database = new pg.Pool({ connectionString: url })

/**
 * `version` is drawn while the row is locked, so that of one row's changes the later one has the greater. `xid` is the
 * transaction's: those below `pg_snapshot_xmin` have all ended, and nothing of theirs comes later.
 */
await database.query(`
  drop schema if exists moraine_example cascade;
  create schema moraine_example;
  set search_path = moraine_example;
  create table customers (id bigint primary key, name text not null, city text, credit numeric(12, 2));
  create table outbox (
    version bigint generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),
    op text not null,
    row jsonb not null
  );
  create index on outbox (xid);
  create function to_outbox() returns trigger language plpgsql as $$ begin
    if tg_op = 'TRUNCATE' then
      insert into moraine_example.outbox (op, row) select 'd', to_jsonb(c) from moraine_example.customers c;
    elsif tg_op = 'DELETE' or tg_op = 'UPDATE' and old.id <> new.id then
      insert into moraine_example.outbox (op, row) values ('d', to_jsonb(old));
    end if;
    if tg_op = 'INSERT' or tg_op = 'UPDATE' then
      insert into moraine_example.outbox (op, row) values (lower(left(tg_op, 1)), to_jsonb(new));
    end if;
    return null;
  end $$;
  create trigger customers_to_outbox after insert or update or delete on customers
    for each row execute function to_outbox();
  create trigger customers_truncated before truncate on customers
    for each statement execute function to_outbox();
`)
const customerSchema = schema({
  id: t.long().required(),
  name: t.string().required(),
  city: t.string(),
  credit: t.decimal(12, 2),
  version: t.long().required(),
  is_deleted: t.boolean(),
})
rmSync(folder, { recursive: true, force: true })
const lake = await connect(folder)
await lake.createTable('shop.customers', {
  schema: customerSchema,
  identifierFields: ['id'],
  properties: { 'format-version': '3' },
})

say('Eight clients change customers at once, while a sink follows')
let isBusy = true
const clients = Promise.all(Array.from({ length: 8 }, (_, i) => work(i))).finally(() => {
  isBusy = false
})
let commits = 0
let sink = await openSink()
let crashes = 0
while (isBusy || (await follow()) > 0) {
  await follow()
  if (crashes < 3 && commits > 4 * (crashes + 1)) {
    crashes++
    // Nobody says goodbye: another sink finds in the table how far it is.
    await sink.write({ op: 'u', id: 1n, name: 'half written', version: 2n ** 60n })
    await sink.abort()
    sink = await openSink()
  }
}
await clients
const table = await sink.close()
const { rows: there } = await database.query(
  'select id, name, city, credit from moraine_example.customers order by id',
)
const live = []
for await (const row of table.scan({ where: eq('is_deleted', false) }).rows()) live.push(row)
const { rows: left } = await database.query('select count(*) from moraine_example.outbox')
const isSame = textOf(live) === textOf(there)
say(`  ${commits} commits, ${crashes} crashes, ${left[0].count} changes left in the outbox`)
say(
  `  ${there.length} customers in PostgreSQL, ${live.length} in Iceberg: ${isSame ? 'the same' : 'DIFFERENT'}`,
)
say(`  ${table.metadataLocation}`)
await lake.close()
await database.end()
if (!isSame) process.exitCode = 1

async function openSink() {
  const current = await lake.loadTable('shop.customers')
  return current.sink({
    mode: 'upsert',
    op: 'op',
    // Transactions do not end in the order of their ids, so that changes of one row may come the wrong way round.
    orderBy: 'version',
    softDelete: 'is_deleted',
    commitEvery: { ms: Number.POSITIVE_INFINITY },
    onCommit: () => commits++,
  })
}

/** Commits what all transactions have left that ended since; resolves to how many changes that were. */
async function follow() {
  const done = sink.committedOffsets().get('customers') ?? '0'
  const client = await database.connect()
  try {
    await client.query('begin isolation level repeatable read read only')
    const { rows: now } = await client.query('select pg_snapshot_xmin(pg_current_snapshot())::text as xmin')
    const [{ xmin }] = now
    await client.query(
      `declare changes cursor for
        select op, version, row->>'id' as id, row->>'name' as name, row->>'city' as city, row->>'credit' as credit
        from moraine_example.outbox
        where xid >= '${done}'::xid8 and xid < '${xmin}'::xid8 order by version`,
    )
    let count = 0
    for (;;) {
      const { rows } = await client.query('fetch 1000 from changes')
      if (rows.length === 0) break
      count += rows.length
      // 64-bit integers come as text, which is exact as decimals are.
      await sink.write(rows.map((row) => ({ ...row, id: BigInt(row.id), version: BigInt(row.version) })))
    }
    await client.query('commit')
    if (count === 0) return 0
    await sink.write([], { source: 'customers', offset: xmin })
    await sink.flush()
    await database.query(`delete from moraine_example.outbox where xid < '${xmin}'::xid8`)
    return count
  } finally {
    client.release(true)
  }
}

/** Transactions of one client: of several rows, long and short, some rolled back. */
async function work(seed) {
  const random = numbers(seed + 1)
  const client = await database.connect()
  try {
    await client.query('set search_path = moraine_example')
    for (let i = 0; i < 400; i++) {
      // Transactions take their ids long before they lock a row, some of them.
      await client.query('begin; select pg_current_xact_id()')
      try {
        if (random(4) === 0) await pause(random(40))
        for (let changes = 1 + random(4); changes > 0; changes--) await change(client, random)
        await client.query(random(10) === 0 ? 'rollback' : 'commit')
      } catch (error) {
        // Two that wait for each other, or want one key: one of them has to give up.
        if (error.code !== '40P01' && error.code !== '23505') throw error
        await client.query('rollback')
      }
    }
  } finally {
    client.release()
  }
}

/** A row comes, changes, goes, or gets another key; now and then all go. */
async function change(client, random) {
  const id = random(100)
  const kind = random(400)
  if (kind === 0) return client.query('truncate customers')
  if (kind < 100) return client.query('delete from customers where id = $1', [id])
  if (kind < 140) return client.query('update customers set id = $2 where id = $1', [id, random(100)])
  await client.query(
    `insert into customers values ($1, $2, $3, $4) on conflict (id) do update
      set name = excluded.name, city = excluded.city, credit = excluded.credit`,
    [id, `customer ${random(1000)}`, random(3) === 0 ? null : `city ${random(50)}`, random(1e6) / 100],
  )
  if (random(10) === 0) await pause(random(20))
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function textOf(rows) {
  return rows
    .map(({ id, name, city, credit }) => [id, name, city, credit].map(String).join())
    .toSorted()
    .join('\n')
}

/** The same numbers below a bound at each run. */
function numbers(seed) {
  let state = seed * 7919
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function say(line) {
  console.log(line)
}
