/** Opens and scans mutated tables, one for each seed, in a process that another one watches. */
import { isMoraineError, MemoryStore, type MoraineError, openTable } from '../../index.ts'
import { seededRandom } from '../interop/samples.ts'
import { FILTER, type Fixture, fixtures } from './fixtures.ts'
import { mutated } from './mutate.ts'

export interface Attacks {
  /** By the code of the error, or `read`. */
  readonly outcomes: Record<string, number>
  readonly findings: readonly string[]
  readonly slowestMs: number
  readonly mostGrowth: number
}

const MAX_MS = 2000
const MAX_GROWTH = 256 * 2 ** 20

/** Tells `progress` which seed is next; what breaks a rule is a finding. */
export async function attack(
  first: number,
  count: number,
  progress: (seed: number) => void,
): Promise<Attacks> {
  const tables = await fixtures()
  const outcomes: Record<string, number> = {}
  const findings: string[] = []
  let slowestMs = 0
  let mostGrowth = 0
  let current = first
  const find = (what: string) => findings.push(`seed ${current}: ${what}`)
  process.on('unhandledRejection', (reason) => find(`unhandled rejection ${String(reason)}`))
  for (let seed = first; seed < first + count; seed++) {
    current = seed
    progress(seed)
    const memory = process.memoryUsage().rss
    const started = performance.now()
    const outcome = await attackOnce(tables, seed, find)
    const ms = performance.now() - started
    const growth = process.memoryUsage().rss - memory
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    slowestMs = Math.max(slowestMs, ms)
    mostGrowth = Math.max(mostGrowth, growth)
    if (ms > MAX_MS) find(`took ${Math.round(ms)} ms`)
    if (growth > MAX_GROWTH) find(`took ${Math.round(growth / 2 ** 20)} MiB`)
    if (Object.keys(Object.prototype).length > 0) find('changed Object.prototype')
  }
  return { outcomes, findings, slowestMs, mostGrowth }
}

async function attackOnce(
  tables: readonly Fixture[],
  seed: number,
  find: (what: string) => void,
): Promise<string> {
  const random = seededRandom(seed)
  const fixture = tables[random(tables.length)]!
  const current = [...fixture.files.keys()].filter(
    (location) => !location.endsWith('.json') || location === fixture.metadataLocation,
  )
  const victim = current[random(current.length)]!
  const store = new MemoryStore()
  for (const [location, bytes] of fixture.files) {
    await store.put(location, location === victim ? mutated(location, bytes, random) : bytes)
  }
  try {
    const table = await openTable(fixture.metadataLocation, {
      store,
      parallelism: 0,
      properties: { 'io.manifest.cache-enabled': 'false' },
    })
    for await (const _ of table.scan().rows()) void _
    const filtered = table.scan({ where: FILTER, limit: 7 })
    for await (const _ of filtered.batches()) void _
    for await (const _ of table.inspect.files()) void _
    return 'read'
  } catch (error) {
    if (!isMoraineError(error)) {
      find(`${victim} in ${fixture.name}: ${(error as Error)?.stack ?? String(error)}`)
      return 'untyped'
    }
    if (!namesFile(error, fixture))
      find(`${victim} in ${fixture.name}: names no file: ${error.code} ${error.message}`)
    return error.code
  }
}

/** What a caller asks of a schema that is not as it was is refused as such. */
function namesFile(error: MoraineError, fixture: Fixture): boolean {
  if (error.code === 'INVALID_ARGUMENT') return /where|column|snapshot/.test(error.message)
  const text = `${error.message} ${JSON.stringify(error.context, (_, value) => (typeof value === 'bigint' ? String(value) : value))}`
  return (
    [...fixture.files.keys()].some((location) => text.includes(location)) ||
    error.context['file'] !== undefined
  )
}
