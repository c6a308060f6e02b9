import type { ObjectStore } from '../../storage/object-store.ts'
import { wrappedStore } from './wrapped-store.ts'

/** Chooses by a seed which actor's storage call goes next, and which actor dies in the middle of one. */
export interface Schedule {
  /** The store as `actor` sees it: each call waits for its turn before it is made and before it is answered. */
  storeFor(actor: string, inner: ObjectStore): ObjectStore
  /** Waits for a turn; for what takes time without a storage call. */
  turn(actor: string): Promise<void>
  /** Runs all actors until each is done or dead. */
  run(actors: Readonly<Record<string, () => Promise<void>>>): Promise<void>
}

export interface ScheduleOptions {
  readonly random: () => number
  /** The chance of dying, at each turn. */
  readonly deathRate: number
}

export function newSchedule({ random, deathRate }: ScheduleOptions): Schedule {
  const waiting: { readonly actor: string; readonly go: () => void }[] = []
  const turn = (actor: string) => new Promise<void>((go) => void waiting.push({ actor, go }))
  return {
    turn,
    storeFor: (actor, inner) =>
      wrappedStore(inner, async (_, __, apply) => {
        await turn(actor)
        try {
          return await apply()
        } finally {
          await turn(actor)
        }
      }),
    async run(actors) {
      const running = new Set(Object.keys(actors))
      const failures: unknown[] = []
      for (const [actor, work] of Object.entries(actors)) {
        work()
          .catch((error: unknown) => failures.push(error))
          .finally(() => running.delete(actor))
      }
      while (running.size > 0 && failures.length === 0) {
        await new Promise(setImmediate)
        if (waiting.length === 0) continue
        const [{ actor, go }] = waiting.splice(Math.floor(random() * waiting.length), 1) as [
          (typeof waiting)[0],
        ]
        if (!running.has(actor)) continue
        if (random() < deathRate) running.delete(actor)
        else go()
      }
      if (failures.length > 0) throw failures[0]
    },
  }
}
