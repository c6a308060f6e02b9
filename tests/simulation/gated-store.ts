import type { ObjectStore } from '../../storage/object-store.ts'
import { type Around, wrappedStore } from './wrapped-store.ts'

export interface GatedStore {
  readonly store: ObjectStore
  /** Lets the put go on. */
  open(): void
  /** Resolves once the put has come to the gate. */
  readonly reached: Promise<void>
}

/** A store whose put of `location` waits, before or after it is made, until it is opened. */
export function gatedStore(
  inner: ObjectStore,
  location: string,
  when: 'before' | 'after' = 'before',
): GatedStore {
  const [gate, open] = signal()
  const [reached, arrive] = signal()
  const around: Around = async (call, locations, apply) => {
    if (call !== 'put' || locations[0] !== location) return apply()
    const early = when === 'after' ? await apply() : undefined
    arrive()
    await gate
    return early ?? apply()
  }
  return { store: wrappedStore(inner, around), open, reached }
}

function signal(): [happened: Promise<void>, happen: () => void] {
  let happen = () => {}
  const happened = new Promise<void>((resolve) => {
    happen = resolve
  })
  return [happened, () => happen()]
}
