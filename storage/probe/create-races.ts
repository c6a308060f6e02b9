import { isMoraineError, MoraineError, messageOf } from '../../format/errors.ts'
import { throwIfAborted } from '../abort.ts'
import type { ProbeFolder } from './probe-folder.ts'
import { green, type ProbeCheck, red } from './probe-report.ts'

export interface CreateRaces {
  readonly keys: number
  /** Creates of one key, sent at once. */
  readonly creates: number
}

/** Races under way at once: about as many requests as a client has sockets, so that none of a race waits for one. */
const RACES_AT_ONCE = 3

/**
 * Whether a create-only put has one winner among those that are sent at the same moment, and the object is the
 * winner's. Stores that pass when asked one request after another fail here.
 *
 * A create that got no answer may have won. Throws UNAVAILABLE when no create of some key was answered.
 */
export async function raceCreates(folder: ProbeFolder, { keys, creates }: CreateRaces): Promise<ProbeCheck> {
  const faults: string[] = []
  for (let first = 0; first < keys; first += RACES_AT_ONCE) {
    throwIfAborted(folder.options.signal)
    const count = Math.min(RACES_AT_ONCE, keys - first)
    const races = Array.from({ length: count }, (_, i) =>
      raceOnce(folder, folder.place(`create-${first + i}`), creates),
    )
    for (const fault of await Promise.all(races)) if (fault !== undefined) faults.push(fault)
  }
  const asked = `${keys} keys × ${creates} creates at once`
  if (faults.length === 0) return green('create races', `${asked}: one winner each, and the object is its`)
  return red('create races', `${asked}: ${faults.length} keys were decided wrongly (${faults[0]})`)
}

/** What was wrong with one race, or undefined. */
async function raceOnce(
  { store, options }: ProbeFolder,
  location: string,
  creates: number,
): Promise<string | undefined> {
  const answers = await Promise.allSettled(
    Array.from({ length: creates }, (_, i) => store.put(location, bodyOf(i), { ...options, mode: 'create' })),
  )
  requireAnswer(answers, location)
  const winners = answers.flatMap((answer, i) =>
    answer.status === 'fulfilled' && answer.value.status === 'written' ? [i] : [],
  )
  const owner = await ownerOf(store.get(location, options), creates)
  if (winners.length > 1) return `${winners.length} of ${creates} were told that they had won`
  if (owner === undefined) return 'the object is not what any of them wrote'
  if (winners.length === 1 && winners[0] !== owner) return 'the object is not that of the winner'
  return undefined
}

/** An error that says why is thrown; creates without an answer are borne as long as one has some. */
function requireAnswer(answers: readonly PromiseSettledResult<unknown>[], location: string): void {
  const errors: unknown[] = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
  const telling = errors.find((error) => !isMoraineError(error, 'UNAVAILABLE'))
  if (telling !== undefined) throw telling
  if (errors.length < answers.length) return
  const [cause] = errors
  throw new MoraineError('UNAVAILABLE', `no create of ${location} was answered: ${messageOf(cause)}`, {
    context: { location },
    cause,
  })
}

/** Undefined when the body is nobody's, or there is no object. */
async function ownerOf(body: Promise<Uint8Array>, creates: number): Promise<number | undefined> {
  try {
    const found = await body
    const owner = Array.from({ length: creates }, (_, i) => i).find(
      (i) => Buffer.compare(bodyOf(i), found) === 0,
    )
    return owner
  } catch (error) {
    if (isMoraineError(error, 'NOT_FOUND')) return undefined
    throw error
  }
}

/** Unlike lengths, so that a body that two writers mixed is nobody's. */
export function bodyOf(writer: number): Uint8Array {
  return new TextEncoder().encode(`writer ${writer} ${'.'.repeat(writer)}`)
}
