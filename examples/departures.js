/**
 * A departures board that is a minute fresh: what airports say of real flights, out of order and late, is upserted into an
 * Iceberg table minute by minute, and compared with a recomputation from scratch. It reads the table that `flights.js`
 * leaves; `npm run demo` runs both.
 */
import { join } from 'node:path'
import { and, connect, eq, gtEq, lt, schema, t } from 'moraine'

const MINUTE = 60_000
const [from, to] = ['2001-03-01T06:00', '2001-03-01T10:00'].map((text) => Date.parse(`${text}Z`))
/** How long before they leave flights are announced. */
const ANNOUNCED = 2 * 60 * MINUTE

const lake = await connect(process.argv[2] ?? join(import.meta.dirname, 'flights-lake'))
const flights = await lake.loadTable('demo.flights')

say('A departures board, a minute fresh')
const messages = await messagesOf(flights)
say(`  ${count(messages.length)} messages of airports, up to 5 minutes late and so out of order`)

const boardSchema = schema({
  flight: t.int().required(),
  origin: t.string(),
  destination: t.string(),
  scheduled: t.timestamp(),
  expected: t.timestamp(),
  said_at: t.timestamp().required(),
  has_left: t.boolean(),
})
if (await lake.tableExists('demo.departures')) await lake.dropTable('demo.departures', { purge: true })
await lake.createTable('demo.departures', {
  schema: boardSchema,
  identifierFields: ['flight'],
  properties: { 'format-version': '3' },
})

const byMinute = new Map()
for (const message of messages) {
  byMinute.set(message.arrives, [...(byMinute.get(message.arrives) ?? []), message.row])
}
const took = []
const total = { inserted: 0, updated: 0, unchanged: 0 }

let sink = await openSink()
const crash = from + 200 * MINUTE
await follow(crash)
await sink.write(byMinute.get(crash).slice(0, 10), { source: 'airports', offset: crash })
say('  09:20  the process dies with a minute half written, and another one goes on')
await sink.abort()
sink = await openSink()
await follow(to)
const board = await sink.close()
const sorted = took.toSorted((a, b) => a - b)
say(
  `  ${count(took.length)} commits of ${count(total.inserted)} inserts, ${count(total.updated)} updates; ` +
    `${count(total.unchanged)} messages came too late; ${Math.round(sorted[sorted.length >> 1])} ms a commit, as median`,
)
say(`  ${board.metadataLocation}`)
await lake.close()

/** Upserts one minute after the other, from where the table says that it is. */
async function follow(until) {
  const done = sink.committedOffsets().get('airports')
  for (let minute = done === undefined ? from : Number(done) + MINUTE; minute < until; minute += MINUTE) {
    await sink.write(byMinute.get(minute) ?? [], { source: 'airports', offset: minute })
    await sink.flush()
    if ((minute - from) % (60 * MINUTE) === 59 * MINUTE) await tell(minute)
  }
}

async function openSink() {
  const table = await lake.loadTable('demo.departures')
  return table.sink({
    mode: 'upsert',
    op: 'op',
    orderBy: 'said_at',
    softDelete: 'has_left',
    commitEvery: { ms: Number.POSITIVE_INFINITY },
    onCommit({ counts, commitMs }) {
      took.push(commitMs)
      for (const kind in total) total[kind] += counts[kind]
    },
  })
}

/** What the board shows, and whether all of the table is what the messages say, taken together anew. */
async function tell(minute) {
  const found = []
  for await (const row of sink.table.scan().rows()) found.push(row)
  const isRight = textOf(found) === textOf(recomputed(minute))
  let shown = 0
  for await (const batch of sink.table.scan({ select: ['flight'], where: eq('has_left', false) }).batches()) {
    shown += batch.numRows
  }
  const clock = new Date(minute).toISOString().slice(11, 16)
  say(
    `  ${clock}  ${count(shown)} flights on the board; as recomputed from scratch: ${isRight ? 'yes' : 'NO'}`,
  )
  if (!isRight) process.exitCode = 1
}

/** Of each flight what was said last, among the messages that have arrived. */
function recomputed(minute) {
  const last = new Map()
  for (const { arrives, row } of messages) {
    if (arrives > minute) continue
    const known = last.get(row.flight)
    if (known === undefined || known.said_at <= row.said_at) last.set(row.flight, row)
  }
  return [...last.values()].map(({ op, ...row }) => ({ ...row, has_left: op === 'd' }))
}

function textOf(rows) {
  const lines = rows.map((row) =>
    boardSchema.schema.fields.map(({ name }) => String(row[name] ?? null)).join(),
  )
  return lines.toSorted().join('\n')
}

/** What airports say of each flight: that it will leave, that it is late, that it has left. In order of arrival. */
async function messagesOf(table) {
  const where = and(
    gtEq('date', new Date(from - ANNOUNCED).toISOString().slice(0, 19)),
    lt('date', new Date(to + ANNOUNCED).toISOString().slice(0, 19)),
  )
  const all = []
  for await (const row of table.scan({ where }).rows()) all.push(row)
  const key = ({ date, origin, destination, delay }) => [date, origin, destination, delay].join()
  const random = numbers(7)
  return all
    .toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
    .flatMap(({ date, delay, origin, destination }, flight) => {
      const late = delay * 60_000_000n
      const route = { flight, origin, destination, scheduled: date }
      const said = [
        { op: 'c', ...route, expected: date, said_at: date - BigInt(ANNOUNCED) * 1000n },
        ...(late > 0n ? [{ op: 'u', ...route, expected: date + late, said_at: date }] : []),
        { op: 'd', flight, said_at: date + late },
      ]
      return said.map((row) => {
        const minute = Math.floor(Number(row.said_at) / 1000 / MINUTE) + random(6)
        return { row, arrives: Math.max(from, minute * MINUTE) }
      })
    })
    .toSorted((a, b) => a.arrives - b.arrives)
}

/** The same numbers below a bound at each run. */
function numbers(seed) {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function say(line = '') {
  console.log(line)
}

function count(number) {
  return Number(number).toLocaleString('en')
}
