/** Many actors on one store, some of whose calls fail. */
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { isMoraineError, MoraineError } from '../../format/errors.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { sharedCodec } from '../../table/connect.ts'
import { Lake } from '../../table/lake.ts'
import type { Table } from '../../table/table.ts'
import type { TestEnvironment } from '../contracts/test-environment.ts'
import { type AnyCall, everyCall } from './every-call.ts'

/** Of calls that change the store. */
const FAULT_RATE = 0.05
const READ_FAULT_RATE = 0.002

export interface RandomFaults {
  readonly onFault: () => void
  /** Changes that are still to take effect: each when a later call happens to, or when it is called. */
  readonly ghosts: (() => Promise<unknown>)[]
}

/** Calls that are lost before or after they take effect, take effect late, or are told that they came second. */
export function randomFaults(
  inner: ObjectStore,
  { random }: TestEnvironment,
  { onFault, ghosts }: RandomFaults,
): ObjectStore {
  return everyCall(inner, async (call, _, apply) => {
    if (ghosts.length > 0 && random() < 0.1) await ghosts.shift()!()
    if (random() >= (isChange(call) ? FAULT_RATE : READ_FAULT_RATE)) return apply()
    onFault()
    const dice = isChange(call) ? random() : 0
    if (call === 'put' && dice > 0.75) {
      await apply()
      return { status: 'precondition-failed' } as never
    }
    // Nobody hears what becomes of a ghost; an upload that was aborted meanwhile comes to nothing.
    if (dice > 0.25 && dice < 0.5) ghosts.push(() => apply().catch(() => undefined))
    else if (dice >= 0.5) await apply()
    throw new MoraineError('UNAVAILABLE', 'no answer')
  })
}

export async function loadUntilThere(lake: Lake, name: string, wait: () => Promise<void>): Promise<Table> {
  for (;;) {
    try {
      return await lake.loadTable(name)
    } catch (error) {
      if (!isMoraineError(error, 'UNAVAILABLE')) throw error
      await wait()
    }
  }
}

export function lakeOver(warehouse: string, store: ObjectStore, environment: TestEnvironment): Lake {
  const catalog = objectStoreCatalog({ store, warehouse, environment })
  return new Lake({ store, environment, catalog, codec: sharedCodec }, warehouse)
}

function isChange(call: AnyCall): boolean {
  return call === 'put' || call === 'delete' || call === 'close'
}
