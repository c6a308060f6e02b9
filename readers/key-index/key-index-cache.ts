import type { IndexRoot, OpenRun } from '../../format/key-index/index-root.ts'
import type { RunBlock } from '../../format/key-index/run-block.ts'
import type { BoundedCache, Sized } from '../bounded-cache.ts'

/** Roots, footers and blocks of runs: files of an index never change. A lake has one. */
export type KeyIndexCache = BoundedCache<CachedPart>

export interface CachedPart extends Sized {
  readonly content: IndexRoot | OpenRun | RunBlock
}

// A root that is not what it should be may name another as a run.
export const rootKey = (location: string): string => `root ${location}`
export const runKey = (location: string): string => `run ${location}`
export const blockKey = (location: string, block: number): string => `block ${block} ${location}`
