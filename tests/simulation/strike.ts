import { MoraineError } from '../../format/errors.ts'
import type { ObjectStore, ObjectWriter } from '../../storage/object-store.ts'
import { type AnyCall, everyCall } from './every-call.ts'

/**
 * What befalls the call that is struck:
 *
 * - `crash-before`, `crash-after`: the process dies before or after it takes effect; nothing answers any more.
 * - `lost-request`, `lost-response`: the caller sees UNAVAILABLE; it had no effect, or had.
 * - `ghost`: as `lost-request`, but it takes effect after the next call that changes the store.
 * - `own-412`: a create takes effect, and is answered as if the object had been there.
 * - `down`, `down-after`: as `lost-request` and `lost-response`, and every later call sees UNAVAILABLE.
 */
export type Blow =
  | 'crash-before'
  | 'crash-after'
  | 'lost-request'
  | 'lost-response'
  | 'ghost'
  | 'own-412'
  | 'down'
  | 'down-after'

/** Strike any call, and calls that change the store. */
export const CRASHES: readonly Blow[] = ['crash-before', 'crash-after']
export const FAULTS: readonly Blow[] = [
  'lost-request',
  'lost-response',
  'ghost',
  'own-412',
  'down',
  'down-after',
]

export interface StruckStore {
  readonly store: ObjectStore
  /** Calls so far that may be struck. */
  calls(): number
  /** The call that was struck. */
  struck(): AnyCall | undefined
  /** Waits for calls that were under way when another was struck: they take effect, whoever is still there. */
  settled(): Promise<void>
  /** Makes the change that a ghost still owes. */
  landGhost(): Promise<void>
  /** Closes what was left open by a process that died, as its system would, or that nobody answered. */
  release(): Promise<void>
}

/** Strikes the `at`-th call, from 0: of all calls for a crash, of those that change the store for a fault. */
export function strikeStore(inner: ObjectStore, blow: Blow, at: number): StruckStore {
  const isCrash = CRASHES.includes(blow)
  let count = 0
  let struck: AnyCall | undefined
  let ghost: (() => Promise<unknown>) | undefined
  const open: (() => Promise<unknown>)[] = []
  const landGhost = async () => {
    const land = ghost
    ghost = undefined
    await land?.()
  }
  const underWay = new Set<Promise<unknown>>()
  const store = everyCall(inner, async (call, _, make) => {
    const apply = () => {
      const made = make()
      const heard = made.catch(() => undefined).finally(() => underWay.delete(heard))
      underWay.add(heard)
      return made
    }
    if (struck !== undefined && (isCrash || blow.startsWith('down'))) {
      if (call === 'drop') open.push(apply)
      throw isCrash ? died() : noAnswer()
    }
    if (!isCrash && !changesStore(call)) return apply()
    if (count++ !== at) {
      const result = await apply()
      await landGhost()
      return result
    }
    struck = call
    switch (blow) {
      case 'crash-before':
        throw died()
      case 'crash-after':
        leftOpen(await apply())
        throw died()
      case 'lost-request':
      case 'down':
        throw noAnswer()
      case 'lost-response':
      case 'down-after':
        await apply()
        throw noAnswer()
      case 'ghost':
        ghost = apply
        throw noAnswer()
      case 'own-412':
        return call === 'put' ? repeated(await apply()) : apply()
    }
  })
  function leftOpen(result: unknown): void {
    if (struck === 'openWrite') open.push(() => (result as ObjectWriter).abort())
  }
  const settled = async () => {
    await Promise.all(underWay)
  }
  const release = async () => {
    for (const close of open) await close()
  }
  return { store, calls: () => count, struck: () => struck, settled, landGhost, release }
}

function changesStore(call: AnyCall): boolean {
  return call === 'put' || call === 'delete' || call === 'close'
}

function repeated<T>(_: T): T {
  return { status: 'precondition-failed' } as T
}

function died(): Error {
  return new Error('the process died')
}

function noAnswer(): MoraineError {
  return new MoraineError('UNAVAILABLE', 'no answer')
}
