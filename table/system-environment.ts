import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Environment } from '../format/environment.ts'

const warned = new Set<string>()

/** The real clock, randomness and timers. Warnings go to the process as warnings, each text once. */
export const systemEnvironment: Environment = {
  now: () => Date.now(),
  uuid: () => randomUUID(),
  snapshotId: () => positive63(randomBytes(8).readBigUInt64BE()),
  random: () => Math.random(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal })
  },
  warn: (message) => {
    if (warned.has(message)) return
    warned.add(message)
    process.emitWarning(message, 'MoraineWarning')
  },
}

function positive63(bits: bigint): bigint {
  const id = bits & 0x7fffffffffffffffn
  return id === 0n ? 1n : id
}
