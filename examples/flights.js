/**
 * Three million real flights become an Iceberg table in a folder: streamed in several commits, queried with pruning,
 * and read again as they were. `npm run demo` runs it; nothing else has to be installed or started.
 */
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { and, connect, eq, gtEq, lt, month, readParquet } from 'moraine'

const folder = process.argv[2] ?? join(import.meta.dirname, 'flights-lake')
const source = join(import.meta.dirname, '../node_modules/vega-datasets/data/flights-3m.parquet')
const rowsPerCommit = 500_000

rmSync(folder, { recursive: true, force: true })
const lake = await connect(folder)
const input = await readParquet(source)

say(
  'Flights in the United States, January to June 2001 (vega-datasets, from the Bureau of Transportation Statistics)',
)
say(`  ${count(Number(input.numRows))} rows in a Parquet file of ${megabytes(statSync(source).size)}`)
say()

say(`Streaming them into ${folder}, a commit every ${count(rowsPerCommit)} rows, partitioned by month`)
let flights = await lake.createTable('demo.flights', {
  schema: input.schema,
  partitionBy: [month('date')],
})
const started = performance.now()
for await (const batches of portions(input.batches(), rowsPerCommit)) {
  flights = await flights.append(batches)
  const { summary } = flights.currentSnapshot
  say(
    `  + ${count(summary['added-records'])} rows in ${summary['added-data-files']} files, ${count(summary['total-records'])} in all`,
  )
}
const seconds = (performance.now() - started) / 1000
say(`  ${count(Math.round(Number(input.numRows) / seconds))} rows/s, read, written and on the disk`)
say()

const files = []
for await (const file of flights.inspect.files()) files.push(file)
const bytesThere = files.reduce((sum, file) => sum + Number(file.fileSizeInBytes), 0)
const [from, to] = ['2001-03-01T00:00:00', '2001-04-01T00:00:00']
say('How late were the flights out of San Francisco in March?')
const before = lake.counters
const scan = flights.scan({
  select: ['delay'],
  where: and(eq('origin', 'SFO'), gtEq('date', from), lt('date', to)),
})
let departures = 0
let delay = 0n
for await (const row of scan.rows()) {
  departures++
  delay += row.delay
}
const after = lake.counters
say(`  ${count(departures)} departures, ${(Number(delay) / departures).toFixed(1)} minutes late on average`)
say(
  `  read ${scan.report.filesPlanned} of ${files.length} files, ${megabytes(after.bytesRead - before.bytesRead)} of ${megabytes(bytesThere)}`,
)
say()

say('And what did the table look like after its first commit?')
const [first] = flights.snapshots
let then = 0
for await (const batch of flights
  .scan({ at: { snapshotId: first.snapshotId }, select: ['date'] })
  .batches()) {
  then += batch.numRows
}
say(`  snapshot ${first.snapshotId} still has its ${count(then)} rows`)
say()
say('Any Iceberg engine reads this table:')
say(`  ${flights.metadataLocation}`)
await lake.close()

/** Groups a stream of batches into portions of about `rows` rows, each a stream of its own. */
async function* portions(batches, rows) {
  const iterator = batches[Symbol.asyncIterator]()
  let next = await iterator.next()
  while (!next.done) {
    yield (async function* () {
      for (let taken = 0; !next.done && taken < rows; next = await iterator.next()) {
        taken += next.value.numRows
        yield next.value
      }
    })()
  }
}

function say(line = '') {
  console.log(line)
}

function count(number) {
  return Number(number).toLocaleString('en')
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
