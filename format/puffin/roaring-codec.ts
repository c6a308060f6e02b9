import { invalidData } from '../errors.ts'
import { PositionSet } from './position-set.ts'
import {
  arrayOf,
  BITMAP_BYTES,
  bitmapOf,
  MAX_ARRAY_CARDINALITY,
  optimiseRuns,
  type RoaringContainer,
  runsOf,
} from './roaring-container.ts'

/*
 * The 64-bit portable layout (RoaringFormatSpec, "Extension for 64-bit implementations"), little-endian:
 *
 * 1. number of 32-bit bitmaps, 8 bytes
 * 2. for each, ascending: the upper 32 bits of its positions, 4 bytes; then the 32-bit bitmap:
 *    a. cookie, 4 bytes: without runs NO_RUNS and the container count in 4 more bytes; with runs RUNS in the low
 *       half and the count − 1 in the high half, then one bit per container that is set for runs
 *    b. for each container: its key (bits 16 to 31) and its cardinality − 1, 2 bytes each
 *    c. for each container its offset from the cookie, 4 bytes; left out with runs and fewer than 4 containers
 *    d. the containers: cardinality × 2 bytes of values; 8,192 bytes of bits; or the number of runs in 2 bytes and
 *       for each run its first value and its length − 1, 2 bytes each
 */
const NO_RUNS = 12346
const RUNS = 12347
const OFFSETS_FROM = 4
const CHUNKS_PER_BITMAP = 0x10000
/** Upper halves from here up would make positions that no number holds exactly. */
const MAX_UPPER = 0x200000

/** Serialises a set as Iceberg Java does, run containers where they are smaller; 32-bit bitmaps without a position are left out. */
export function encodeRoaring(positions: PositionSet): Uint8Array {
  const bitmaps = new Map<number, [number, RoaringContainer][]>()
  for (const [chunk, container] of positions.containers()) {
    if (container.cardinality === 0) continue
    const upper = Math.floor(chunk / CHUNKS_PER_BITMAP)
    const entry: [number, RoaringContainer] = [chunk % CHUNKS_PER_BITMAP, optimiseRuns(container)]
    const entries = bitmaps.get(upper)
    if (entries === undefined) bitmaps.set(upper, [entry])
    else entries.push(entry)
  }
  const parts = [...bitmaps].map(([upper, entries]) => encodeBitmap(upper, entries))
  const output = new Uint8Array(8 + parts.reduce((sum, part) => sum + part.length, 0))
  new DataView(output.buffer).setUint32(0, parts.length, true)
  let at = 8
  for (const part of parts) {
    output.set(part, at)
    at += part.length
  }
  return output
}

/** Reads a set; every count is checked against the bytes that are there. Errors: `INVALID_DATA`. */
export function decodeRoaring(bytes: Uint8Array): PositionSet {
  const input = new LittleEndian(bytes)
  const bitmaps = input.u32()
  if (input.u32() !== 0 || bitmaps > input.remaining / 8) {
    throw broken(`expected as many bitmaps as ${bytes.length} bytes can hold, found more`)
  }
  const containers: (readonly [number, RoaringContainer])[] = []
  let previous = -1
  for (let i = 0; i < bitmaps; i++) {
    const upper = input.u32()
    if (upper <= previous) throw broken('expected ascending upper halves')
    if (upper >= MAX_UPPER) throw broken(`expected positions below 2^53, found the upper half ${upper}`)
    previous = upper
    for (const [key, container] of decodeBitmap(input)) {
      containers.push([upper * CHUNKS_PER_BITMAP + key, container])
    }
  }
  if (input.remaining > 0) throw broken(`${input.remaining} bytes behind the last bitmap`)
  return PositionSet.fromContainers(containers)
}

function encodeBitmap(upper: number, entries: readonly (readonly [number, RoaringContainer])[]): Uint8Array {
  const count = entries.length
  const hasRuns = entries.some(([, container]) => container.kind === 'run')
  const flagBytes = hasRuns ? (count + 7) >> 3 : 0
  const hasOffsets = !hasRuns || count >= OFFSETS_FROM
  const head = (hasRuns ? 4 + flagBytes : 8) + 4 * count + (hasOffsets ? 4 * count : 0)
  const size = entries.reduce((sum, [, container]) => sum + containerBytes(container), head)

  const bytes = new Uint8Array(4 + size)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, upper, true)
  let at = 4
  const u16 = (value: number) => {
    view.setUint16(at, value, true)
    at += 2
  }
  const u32 = (value: number) => {
    view.setUint32(at, value, true)
    at += 4
  }
  if (hasRuns) {
    u16(RUNS)
    u16(count - 1)
    entries.forEach(([, container], i) => {
      if (container.kind === 'run') bytes[at + (i >> 3)]! |= 1 << (i & 7)
    })
    at += flagBytes
  } else {
    u32(NO_RUNS)
    u32(count)
  }
  for (const [key, container] of entries) {
    u16(key)
    u16(container.cardinality - 1)
  }
  if (hasOffsets) {
    let offset = head
    for (const [, container] of entries) {
      u32(offset)
      offset += containerBytes(container)
    }
  }
  for (const [, container] of entries) {
    if (container.kind === 'array') {
      for (let i = 0; i < container.cardinality; i++) u16(container.values[i]!)
    } else if (container.kind === 'bitmap') for (const word of container.words) u32(word)
    else {
      u16(container.runs.length / 2)
      for (const value of container.runs) u16(value)
    }
  }
  return bytes
}

function containerBytes(container: RoaringContainer): number {
  switch (container.kind) {
    case 'array':
      return 2 * container.cardinality
    case 'bitmap':
      return BITMAP_BYTES
    case 'run':
      return 2 + 2 * container.runs.length
  }
}

function* decodeBitmap(input: LittleEndian): Generator<readonly [number, RoaringContainer], void, undefined> {
  const start = input.position
  const { count, runFlags } = readCookie(input)
  input.need(4 * count)
  const heads = Array.from({ length: count }, () => ({ key: input.u16(), cardinality: input.u16() + 1 }))
  const hasOffsets = runFlags === undefined || count >= OFFSETS_FROM
  if (hasOffsets) input.need(4 * count)
  const offsets = hasOffsets ? Array.from({ length: count }, () => input.u32()) : undefined
  for (const [i, { key, cardinality }] of heads.entries()) {
    if (i > 0 && key <= heads[i - 1]!.key) throw broken('expected ascending container keys')
    if (offsets !== undefined && offsets[i] !== input.position - start) {
      throw broken(`expected container ${i} at offset ${input.position - start}, found ${offsets[i]}`)
    }
    const isRun = runFlags !== undefined && (runFlags[i >> 3]! & (1 << (i & 7))) !== 0
    yield [key, decodeContainer(input, isRun, cardinality)]
  }
}

function readCookie(input: LittleEndian): { count: number; runFlags?: Uint8Array } {
  const cookie = input.u32()
  if ((cookie & 0xffff) === RUNS) {
    const count = (cookie >>> 16) + 1
    return { count, runFlags: input.bytes((count + 7) >> 3) }
  }
  if (cookie !== NO_RUNS) throw broken(`expected cookie ${NO_RUNS} or ${RUNS}, found ${cookie}`)
  const count = input.u32()
  if (count > CHUNKS_PER_BITMAP)
    throw broken(`expected at most ${CHUNKS_PER_BITMAP} containers, found ${count}`)
  return { count }
}

function decodeContainer(input: LittleEndian, isRun: boolean, cardinality: number): RoaringContainer {
  if (isRun) return runsOf(input.u16s(2 * input.u16()), cardinality)
  if (cardinality <= MAX_ARRAY_CARDINALITY) return arrayOf(input.u16s(cardinality))
  return bitmapOf(input.u32s(BITMAP_BYTES / 4), cardinality)
}

/** A bounds-checked cursor. */
class LittleEndian {
  position = 0
  private readonly view: DataView

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get remaining(): number {
    return this.view.byteLength - this.position
  }

  need(length: number): void {
    if (length > this.remaining) throw broken(`expected ${length} more bytes, found ${this.remaining}`)
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true)
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true)
  }

  u16s(count: number): Uint16Array {
    this.need(2 * count)
    return Uint16Array.from({ length: count }, () => this.u16())
  }

  u32s(count: number): Uint32Array {
    this.need(4 * count)
    return Uint32Array.from({ length: count }, () => this.u32())
  }

  bytes(length: number): Uint8Array {
    const at = this.take(length)
    return new Uint8Array(this.view.buffer, this.view.byteOffset + at, length)
  }

  private take(length: number): number {
    this.need(length)
    const at = this.position
    this.position += length
    return at
  }
}

function broken(what: string) {
  return invalidData(`Roaring bitmap: ${what}`, { rule: 'Roaring portable format' })
}
