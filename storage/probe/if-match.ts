/**
 * Puts that replace one version only. Nothing in a commit rests on them. Every body is another's than the first, since
 * an etag may be a hash of the body.
 */

import { bodyOf } from './create-races.ts'
import type { ProbeFolder } from './probe-folder.ts'
import { green, type ProbeCheck, type ProbeCheckName, red, skipped } from './probe-report.ts'

const RACERS = 16
const UNUSED = '; no commit rests on it'

export async function raceIfMatch(folder: ProbeFolder): Promise<ProbeCheck> {
  const { store, options } = folder
  if (!store.capabilities.ifMatch) return notClaimed('if-match races')
  const location = folder.place('if-match-race')
  const ifMatch = await etagAfterPut(folder, location)
  const answers = await Promise.all(
    Array.from({ length: RACERS }, (_, i) =>
      store.put(location, bodyOf(i + 1), { ...options, mode: { ifMatch } }),
    ),
  )
  const winners = answers.flatMap(({ status }, i) => (status === 'written' ? [i] : []))
  const [winner] = winners
  if (winner === undefined || winners.length > 1) {
    return red('if-match races', `${winners.length} of ${RACERS} at once replaced the same version${UNUSED}`)
  }
  const body = await store.get(location, options)
  return Buffer.compare(body, bodyOf(winner + 1)) === 0
    ? green('if-match races', `one of ${RACERS} at once replaced the version`)
    : red('if-match races', `the object is not that of the winner${UNUSED}`)
}

export async function staleIfMatch(folder: ProbeFolder): Promise<ProbeCheck> {
  const { store, options } = folder
  if (!store.capabilities.ifMatch) return notClaimed('if-match stale')
  const location = folder.place('if-match-stale')
  const ifMatch = await etagAfterPut(folder, location)
  await store.put(location, bodyOf(1), options)
  const { status } = await store.put(location, bodyOf(2), { ...options, mode: { ifMatch } })
  const body = await store.get(location, options)
  return status === 'precondition-failed' && Buffer.compare(body, bodyOf(1)) === 0
    ? green('if-match stale', 'a put over a version that is gone was refused')
    : red('if-match stale', `a put over a version that is gone replaced the one after it${UNUSED}`)
}

export async function missingIfMatch(folder: ProbeFolder): Promise<ProbeCheck> {
  const { store, options } = folder
  if (!store.capabilities.ifMatch) return notClaimed('if-match missing')
  const location = folder.place('if-match-missing')
  const ifMatch = await etagAfterPut(folder, location)
  await store.delete([location], options)
  const { status } = await store.put(location, bodyOf(1), { ...options, mode: { ifMatch } })
  const isThere = (await store.head(location, options)) !== undefined
  return status === 'precondition-failed' && !isThere
    ? green('if-match missing', 'a put over an object that is gone was refused')
    : red('if-match missing', `a put over an object that is gone made it anew${UNUSED}`)
}

async function etagAfterPut({ store, options }: ProbeFolder, location: string): Promise<string> {
  const result = await store.put(location, bodyOf(0), options)
  return result.status === 'written' ? result.etag : ''
}

function notClaimed(name: ProbeCheckName): ProbeCheck {
  return skipped(name, 'the store does not offer it, and no commit needs it')
}
