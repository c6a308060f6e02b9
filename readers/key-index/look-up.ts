import type { OpenRun } from '../../format/key-index/index-root.ts'
import { compareCodes, type KeyCodes } from '../../format/key-index/key-codes.ts'
import { RunBlock } from '../../format/key-index/run-block.ts'
import type { RunBlocks } from '../../format/key-index/run-file.ts'
import { getRanges } from '../../storage/get-ranges.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { blockKey, type KeyIndexCache } from './key-index-cache.ts'

/** A row of a data file that has one of the codes asked for. */
export interface Hit {
  /** The number of the data file in the run's list. */
  readonly file: number
  readonly position: number
  /** Undefined where it follows from the file. */
  readonly rowId: number | undefined
  /** The row of the codes asked for. */
  readonly row: number
}

/** Blocks are read in portions of about so many bytes. */
const PORTION_BYTES = 4 * 2 ** 20

export interface BlockSource {
  readonly store: ObjectStore
  readonly cache?: KeyIndexCache | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * The rows of one run that have one of `codes`, which are in order (`orderOf`). Reads the blocks that may have one, and
 * no others. Errors: those of the store, and `INVALID_DATA` for a damaged block.
 */
export async function* lookUp(source: BlockSource, run: OpenRun, codes: KeyCodes): AsyncGenerator<Hit> {
  const { blocks } = run.footer
  const wanted = blocksOf(blocks, codes)
  // A pass over most of a run takes few requests, and would leave no room for what single keys need.
  const isPass = wanted.length > blocks.high.length / 2
  const from = isPass ? { ...source, cache: undefined } : source
  for (const portion of portions(blocks, wanted)) {
    for (const block of await readBlocks(from, run, portion)) yield* matches(block, codes)
  }
}

async function readBlocks(
  { store, cache, signal }: BlockSource,
  { location, footer: { form, blocks } }: OpenRun,
  wanted: readonly number[],
): Promise<readonly RunBlock[]> {
  const kept = wanted.map((block) => cache?.get(blockKey(location, block))?.content as RunBlock | undefined)
  const missing = wanted.filter((_, i) => kept[i] === undefined)
  const ranges = missing.map((block) => ({ start: blocks.offsets[block]!, end: blocks.offsets[block + 1]! }))
  const read = await getRanges(ranges, (range) =>
    store.get(location, { range, ...(signal === undefined ? {} : { signal }) }),
  )
  let next = 0
  return wanted.map((number, i) => {
    const known = kept[i]
    if (known !== undefined) return known
    const bytes = read[next++]!
    if (cache === undefined) return new RunBlock(bytes, form)
    // Its own bytes: those that were read may be of many blocks.
    const content = new RunBlock(bytes.slice(), form)
    cache.keep(blockKey(location, number), { content, byteLength: bytes.length + BLOCK_OVERHEAD })
    return content
  })
}

/** What a block takes in memory beside its bytes; an estimate. */
const BLOCK_OVERHEAD = 600

/** The blocks that may have one of the codes, in order. */
function blocksOf({ high, low }: RunBlocks, codes: KeyCodes): number[] {
  const fences: KeyCodes = { length: high.length, high, low, rest: undefined }
  const found: number[] = []
  let block = 0
  for (let row = 0; row < codes.length; row++) {
    // Most codes are in the block of the one before.
    if (block === found.at(-1) && !isBelow(fences, block + 1, codes.high[row]!, codes.low[row]! + 1)) continue
    // The last that begins below the code, and all that begin with it.
    block = lastBelow(fences, block, codes, row)
    if (compareCodes(fences, block, codes, row) > 0) continue
    let last = block
    while (last + 1 < high.length && compareCodes(fences, last + 1, codes, row) === 0) last++
    for (let one = Math.max(block, (found.at(-1) ?? -1) + 1); one <= last; one++) found.push(one)
  }
  return found
}

/** From `from` on; itself where none begins below the code. Codes come in order, so that the next is near. */
function lastBelow(fences: KeyCodes, from: number, codes: KeyCodes, row: number): number {
  let low = from
  let step = 1
  while (low + step < fences.length && compareCodes(fences, low + step, codes, row) < 0) {
    low += step
    step *= 2
  }
  let high = Math.min(low + step, fences.length)
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (compareCodes(fences, middle, codes, row) < 0) low = middle
    else high = middle
  }
  return low
}

function* portions({ offsets }: RunBlocks, blocks: readonly number[]): Generator<readonly number[]> {
  let portion: number[] = []
  let bytes = 0
  for (const block of blocks) {
    portion.push(block)
    bytes += offsets[block + 1]! - offsets[block]!
    if (bytes < PORTION_BYTES) continue
    yield portion
    portion = []
    bytes = 0
  }
  if (portion.length > 0) yield portion
}

/** Of so few codes in a block each is looked for by itself: more of them are worth going through the block once. */
const FEW_CODES = 32

function* matches(block: RunBlock, codes: KeyCodes): Generator<Hit> {
  if (block.length === 0) return
  const last = block.length - 1
  const from = firstAtLeast(codes, block.high(0), block.low(0))
  const [lastHigh, lastLow] = [block.high(last), block.low(last)]
  const all = isBelow(codes, from + FEW_CODES, lastHigh, lastLow) ? block.codes() : undefined
  let next = 0
  for (let row = from; row < codes.length; row++) {
    const [high, low] = [codes.high[row]!, codes.low[row]!]
    if (high > lastHigh || (high === lastHigh && low > lastLow)) return
    if (all === undefined) next = block.firstAtLeast(high, low)
    else while (isBelow(all, next, high, low)) next++
    for (let entry = next; entry <= last; entry++) {
      const isSame =
        all === undefined
          ? block.high(entry) === high && block.low(entry) === low
          : all.high[entry] === high && all.low[entry] === low
      if (!isSame) break
      if (!hasSameRest(codes, row, block, entry)) continue
      const rowId = block.rowId(entry)
      yield {
        file: block.file(entry),
        position: block.position(entry),
        rowId: rowId < 0 ? undefined : rowId,
        row,
      }
    }
  }
}

/** Whether there is a row of this number, and its code is below this one. */
function isBelow(
  codes: Pick<KeyCodes, 'length' | 'high' | 'low'>,
  row: number,
  high: number,
  low: number,
): boolean {
  if (row >= codes.length) return false
  const own = codes.high[row]!
  return own < high || (own === high && codes.low[row]! < low)
}

/** Codes of a hash may share their first half. */
function hasSameRest({ rest }: KeyCodes, row: number, block: RunBlock, entry: number): boolean {
  if (rest === undefined) return true
  return rest.high[row] === block.restHigh(entry) && rest.low[row] === block.restLow(entry)
}

function firstAtLeast(codes: KeyCodes, high: number, low: number): number {
  let start = 0
  let end = codes.length
  while (start < end) {
    const middle = (start + end) >>> 1
    if (isBelow(codes, middle, high, low)) start = middle + 1
    else end = middle
  }
  return start
}
