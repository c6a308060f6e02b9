/**
 * Probing a store: doing to it at the same moment what many writers would, and looking at what came of it. A probe
 * writes below `<warehouse>/_moraine/probe/<uuid>/` only, and deletes what it has written.
 */
import type { Environment } from '../../format/environment.ts'
import { messageOf } from '../../format/errors.ts'
import { manyListeners, throwIfAborted } from '../abort.ts'
import type { ObjectStore, RequestOptions } from '../object-store.ts'
import { clock, greet, listing, multipart, putAndGet } from './basics.ts'
import { type CreateRaces, raceCreates } from './create-races.ts'
import { raceDeleteAndCreate } from './delete-race.ts'
import { missingIfMatch, raceIfMatch, staleIfMatch } from './if-match.ts'
import { type ProbeFolder, probeFolder } from './probe-folder.ts'
import {
  green,
  type ProbeCheck,
  type ProbeCheckName,
  type ProbeReport,
  red,
  skipped,
} from './probe-report.ts'

export interface ProbedStore {
  readonly store: ObjectStore
  /** Without trailing '/'. */
  readonly warehouse: string
  readonly environment: Environment
}

/** What a commit rests on. */
const QUICK: CreateRaces = { keys: 20, creates: 16 }
const FULL: CreateRaces = { keys: 200, creates: 16 }

/** Only what commits rest on: create-only puts. Throws what keeps it from an answer, such as UNAUTHORIZED. */
export async function probeQuickly(probed: ProbedStore, options: RequestOptions = {}): Promise<ProbeReport> {
  const folder = probeFolder(probed.store, probed.warehouse, probed.environment, options)
  const checks: ProbeCheck[] = []
  try {
    checks.push(await raceCreates(folder, QUICK))
  } catch (error) {
    await folder.clear().catch(() => undefined)
    throw error
  }
  await folder.clear()
  return reportOf(folder, checks)
}

/** Everything, each check whatever the others saw; what a check throws makes it red. Throws ABORTED only. */
export async function probeFully(probed: ProbedStore, options: RequestOptions = {}): Promise<ProbeReport> {
  const folder = probeFolder(probed.store, probed.warehouse, probed.environment, {
    signal: manyListeners(options.signal),
  })
  const checks: ProbeCheck[] = []
  try {
    checks.push(...(await greet(folder).catch((error: unknown) => [red('reachable', messageOf(error))])))
    const isOpen = checks.every(({ result }) => result === 'green')
    for (const [name, check] of FULL_CHECKS) {
      throwIfAborted(options.signal)
      checks.push(
        isOpen
          ? await checkOrRed(folder, name, check)
          : skipped(name, 'not asked: the store is not open to us'),
      )
    }
  } finally {
    checks.push(await cleanUp(folder))
  }
  throwIfAborted(options.signal)
  return reportOf(folder, checks)
}

type Check = (folder: ProbeFolder) => Promise<ProbeCheck>

const FULL_CHECKS: readonly (readonly [ProbeCheckName, Check])[] = [
  ['put and get', putAndGet],
  ['listing', listing],
  ['create races', (folder) => raceCreates(folder, FULL)],
  ['delete and create', raceDeleteAndCreate],
  ['if-match races', raceIfMatch],
  ['if-match stale', staleIfMatch],
  ['if-match missing', missingIfMatch],
  ['multipart', multipart],
  ['clock', clock],
]

async function checkOrRed(folder: ProbeFolder, name: ProbeCheckName, check: Check): Promise<ProbeCheck> {
  try {
    return await check(folder)
  } catch (error) {
    return red(name, messageOf(error))
  }
}

async function cleanUp(folder: ProbeFolder): Promise<ProbeCheck> {
  if (!folder.isUsed()) return skipped('clean-up', 'nothing was written')
  try {
    await folder.clear()
    for await (const { location } of folder.store.list(`${folder.location}/`)) {
      return red('clean-up', `${location} is still there after its delete`)
    }
    const swept = await folder.sweep()
    const also = swept === 0 ? '' : `, and ${swept} objects that a killed probe had left`
    return green('clean-up', `everything that the probe wrote is deleted${also}`)
  } catch (error) {
    return red(
      'clean-up',
      `what the probe wrote below ${folder.location} is still there: ${messageOf(error)}`,
    )
  }
}

function reportOf({ location }: ProbeFolder, checks: readonly ProbeCheck[]): ProbeReport {
  return { location, isGreen: checks.every(({ result }) => result !== 'red'), checks }
}
