import { MoraineError } from '../../format/errors.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { wrappedStore } from './wrapped-store.ts'

/**
 * What befalls one call that changes the store:
 *
 * - `crash-before`, `crash-after`: the process dies before or after the change; nothing of it answers any more.
 * - `lost-request`, `lost-response`: the caller sees UNAVAILABLE; the change was not made, or was.
 * - `ghost`: as `lost-request`, but the change is made after the caller's next call that changes the store.
 */
export type Fault = 'crash-before' | 'crash-after' | 'lost-request' | 'lost-response' | 'ghost'
export const FAULTS: readonly Fault[] = [
  'crash-before',
  'crash-after',
  'lost-request',
  'lost-response',
  'ghost',
]

export interface FaultyStore {
  readonly store: ObjectStore
  /** Calls that would change the store, so far. */
  changes(): number
  /** Makes a change that a ghost still owes. */
  landGhost(): Promise<void>
}

/** Strikes with `fault` at the `at`-th call, from 0, that changes the store. */
export function faultyStore(inner: ObjectStore, fault: Fault, at: number): FaultyStore {
  let changes = 0
  let crashed = false
  let ghost: (() => Promise<unknown>) | undefined
  const crash = (): never => {
    crashed = true
    throw new Error('the process died')
  }
  const landGhost = async () => {
    const land = ghost
    ghost = undefined
    await land?.()
  }
  const store = wrappedStore(inner, async (call, _, apply) => {
    if (crashed) return crash()
    if (call !== 'put' && call !== 'delete') return apply()
    const struck = changes++ === at
    if (!struck) {
      const result = await apply()
      await landGhost()
      return result
    }
    if (fault === 'crash-before') return crash()
    if (fault === 'crash-after' || fault === 'lost-response') await apply()
    if (fault === 'crash-after') return crash()
    if (fault === 'ghost') ghost = apply
    throw new MoraineError('UNAVAILABLE', 'no answer')
  })
  return { store, changes: () => changes, landGhost }
}
