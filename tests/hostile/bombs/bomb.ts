import type { ErrorCode } from '../../../index.ts'

/** A few bytes that stand for very many, and how they are refused. */
export interface Bomb {
  readonly name: string
  /** INVALID_DATA where nothing could be meant by it, UNSUPPORTED where a limit is passed. */
  readonly code: ErrorCode
  readonly explode: () => unknown
}

export const MIB = 2 ** 20

export const zeros = (mib: number): Buffer => Buffer.alloc(mib * MIB)

export function broken(name: string, explode: () => unknown): Bomb {
  return { name, code: 'INVALID_DATA', explode }
}

export function tooMuch(name: string, explode: () => unknown): Bomb {
  return { name, code: 'UNSUPPORTED', explode }
}
