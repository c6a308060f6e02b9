import { invalidArgument } from '../errors.ts'
import {
  CHUNK_SIZE,
  containerAdd,
  containerBytes,
  containerClear,
  containerCopy,
  containerHas,
  containerRuns,
  containerUnion,
  containerValues,
  emptyContainer,
  type RoaringContainer,
} from './roaring-container.ts'

/**
 * A set of row positions, held as Roaring containers by chunk of 65,536 positions. Positions are integers from 0 to
 * 2^53 − 1: more rows than a file can have, though the stored layout would allow 2^63.
 */
export class PositionSet {
  private readonly chunks = new Map<number, RoaringContainer>()
  /** Chunk numbers ascending; undefined after a chunk was added. */
  private order: readonly number[] | undefined

  static of(positions: Iterable<number>): PositionSet {
    const set = new PositionSet()
    for (const position of positions) set.add(position)
    return set
  }

  /** Takes over containers by chunk number. */
  static fromContainers(containers: Iterable<readonly [number, RoaringContainer]>): PositionSet {
    const set = new PositionSet()
    for (const [chunk, container] of containers) set.chunks.set(chunk, container)
    return set
  }

  get cardinality(): number {
    let sum = 0
    for (const { cardinality } of this.chunks.values()) sum += cardinality
    return sum
  }

  has(position: number): boolean {
    const container = this.chunks.get(chunkOf(position))
    return container !== undefined && containerHas(container, position % CHUNK_SIZE)
  }

  add(position: number): void {
    if (!Number.isSafeInteger(position) || position < 0) {
      throw invalidArgument(`expected a row position, found ${position}`)
    }
    const chunk = chunkOf(position)
    const container = this.chunks.get(chunk) ?? emptyContainer()
    this.put(chunk, containerAdd(container, position % CHUNK_SIZE))
  }

  /** Adds every position of another set, which stays as it is. */
  addAll(other: PositionSet): void {
    for (const [chunk, theirs] of other.chunks) {
      const ours = this.chunks.get(chunk)
      this.put(chunk, ours === undefined ? containerCopy(theirs) : containerUnion(ours, theirs))
    }
  }

  equals(other: PositionSet): boolean {
    if (this.cardinality !== other.cardinality) return false
    for (const position of this) if (!other.has(position)) return false
    return true
  }

  /** A set that later additions to this one do not touch. */
  copy(): PositionSet {
    const copy = new PositionSet()
    copy.addAll(this)
    return copy
  }

  /** Positions in ascending order. */
  *[Symbol.iterator](): Generator<number, void, undefined> {
    for (const [chunk, container] of this.containers()) {
      for (const value of containerValues(container)) yield chunk * CHUNK_SIZE + value
    }
  }

  /** Runs of neighbouring positions that touch `start` to `end` (excluded), cut to it; ends are excluded. */
  *runsBetween(start: number, end: number): Generator<readonly [number, number], void, undefined> {
    for (const [chunk, container] of this.containers()) {
      const base = chunk * CHUNK_SIZE
      if (base >= end) return
      if (base + CHUNK_SIZE <= start) continue
      for (const [first, last] of containerRuns(container)) {
        const from = Math.max(base + first, start)
        const to = Math.min(base + last + 1, end)
        if (from < to) yield [from, to]
      }
    }
  }

  /** Puts 0 at `position - start` of `mask` for every position from `start` that lies within it. */
  clearIn(mask: Uint8Array, start: number): void {
    const end = start + mask.length
    for (let chunk = chunkOf(start); chunk * CHUNK_SIZE < end; chunk++) {
      const container = this.chunks.get(chunk)
      if (container !== undefined) containerClear(container, mask, chunk * CHUNK_SIZE - start)
    }
  }

  /** Puts 0 where `clearIn` leaves what is there. */
  clearOthersIn(mask: Uint8Array, start: number): void {
    let next = 0
    for (const [from, to] of this.runsBetween(start, start + mask.length)) {
      mask.fill(0, next, from - start)
      next = to - start
    }
    mask.fill(0, next)
  }

  /** Whether it holds every position from `start` to `end` (excluded). */
  hasAllBetween(start: number, end: number): boolean {
    let next = start
    for (const [from, to] of this.runsBetween(start, end)) {
      if (from !== next) return false
      next = to
    }
    return next === end
  }

  /** Memory that it takes, by a fair estimate. */
  get byteLength(): number {
    let sum = 0
    for (const container of this.chunks.values()) sum += CHUNK_OVERHEAD + containerBytes(container)
    return sum
  }

  /** Chunk numbers and containers, ascending. The containers belong to the set. */
  *containers(): Generator<readonly [number, RoaringContainer], void, undefined> {
    this.order ??= [...this.chunks.keys()].sort((a, b) => a - b)
    for (const chunk of this.order) yield [chunk, this.chunks.get(chunk)!]
  }

  private put(chunk: number, container: RoaringContainer): void {
    if (!this.chunks.has(chunk)) this.order = undefined
    this.chunks.set(chunk, container)
  }
}

/** What a container and its place in the map take beside its values; an estimate. */
const CHUNK_OVERHEAD = 200

function chunkOf(position: number): number {
  return Math.floor(position / CHUNK_SIZE)
}
