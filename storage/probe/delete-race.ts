import { isMoraineError } from '../../format/errors.ts'
import { bodyOf } from './create-races.ts'
import type { ProbeFolder } from './probe-folder.ts'
import { green, type ProbeCheck, red } from './probe-report.ts'

const KEYS = 20
const CREATES = 16
/** Of them, those sent before the delete. */
const EARLY = 4

/** Whether an object that is deleted while others try to create it is created once at most, and then stays. */
export async function raceDeleteAndCreate(folder: ProbeFolder): Promise<ProbeCheck> {
  let wins = 0
  for (let key = 0; key < KEYS; key++) {
    const location = folder.place(`delete-${key}`)
    const { winners, body } = await raceOnce(folder, location)
    if (winners.length > 1) {
      return red('delete and create', `${winners.length} of ${CREATES} creates won one name`)
    }
    const [winner] = winners
    const expected = winner === undefined ? undefined : bodyOf(winner)
    if (expected === undefined ? body !== undefined : body === undefined || Buffer.compare(body, expected)) {
      return red(
        'delete and create',
        'what was there afterwards was not what the winner of the race had written',
      )
    }
    wins += winners.length
  }
  return green('delete and create', `${KEYS} deletes among ${CREATES} creates: ${wins} won, none twice`)
}

async function raceOnce({ store, options }: ProbeFolder, location: string) {
  await store.put(location, new Uint8Array(1), options)
  const create = (i: number) => store.put(location, bodyOf(i), { ...options, mode: 'create' })
  const [early, , late] = await Promise.all([
    Promise.all(Array.from({ length: EARLY }, (_, i) => create(i))),
    store.delete([location], options),
    Promise.all(Array.from({ length: CREATES - EARLY }, (_, i) => create(EARLY + i))),
  ])
  const winners = [...early, ...late].flatMap(({ status }, i) => (status === 'written' ? [i] : []))
  const body = await store.get(location, options).catch((error: unknown) => {
    if (isMoraineError(error, 'NOT_FOUND')) return undefined
    throw error
  })
  return { winners, body }
}
