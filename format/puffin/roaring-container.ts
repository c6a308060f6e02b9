import { invalidData } from '../errors.ts'

/**
 * The positions of one chunk of 65,536, as Roaring stores them: sorted values, a bitmap, or runs. Values are
 * 0 to 65,535.
 */
export type RoaringContainer = ArrayContainer | BitmapContainer | RunContainer

export interface ArrayContainer {
  readonly kind: 'array'
  /** Ascending; only the first `cardinality` count. */
  values: Uint16Array
  cardinality: number
}
export interface BitmapContainer {
  readonly kind: 'bitmap'
  /** 2,048 words, the lowest bit first. */
  readonly words: Uint32Array
  cardinality: number
}
export interface RunContainer {
  readonly kind: 'run'
  /** Pairs of a first value and the number of values after it; ascending, apart from each other. */
  readonly runs: Uint16Array
  readonly cardinality: number
}

export const CHUNK_SIZE = 0x10000
/** Beyond this many values a bitmap is smaller than sorted values. */
export const MAX_ARRAY_CARDINALITY = 4096
export const BITMAP_BYTES = 8192

export function emptyContainer(): ArrayContainer {
  return { kind: 'array', values: new Uint16Array(4), cardinality: 0 }
}

export function containerHas(container: RoaringContainer, value: number): boolean {
  switch (container.kind) {
    case 'array': {
      const at = lowerBound(container.values, container.cardinality, value)
      return at < container.cardinality && container.values[at] === value
    }
    case 'bitmap':
      return (container.words[value >> 5]! & (1 << (value & 31))) !== 0
    case 'run': {
      const run = lastRunAt(container.runs, value)
      return run >= 0 && value - container.runs[2 * run]! <= container.runs[2 * run + 1]!
    }
  }
}

/** Adds a value, in place where the form allows; the returned container takes the place of the given one. */
export function containerAdd(container: RoaringContainer, value: number): RoaringContainer {
  switch (container.kind) {
    case 'array':
      return addToArray(container, value)
    case 'bitmap':
      addToBitmap(container, value)
      return container
    case 'run':
      return containerHas(container, value) ? container : containerAdd(withoutRuns(container), value)
  }
}

export function containerUnion(a: RoaringContainer, b: RoaringContainer): RoaringContainer {
  if (a.kind === 'array' && b.kind === 'array') return mergedArrays(a, b)
  if (a.cardinality + b.cardinality <= MAX_ARRAY_CARDINALITY) {
    let union: RoaringContainer = withoutRuns(a)
    for (const value of containerValues(b)) union = containerAdd(union, value)
    return union
  }
  const union = toBitmap(a)
  if (b.kind === 'bitmap') addWords(union, b.words)
  else for (const value of containerValues(b)) addToBitmap(union, value)
  return union.cardinality > MAX_ARRAY_CARDINALITY ? union : withoutRuns(union)
}

function mergedArrays(a: ArrayContainer, b: ArrayContainer): RoaringContainer {
  const values = new Uint16Array(a.cardinality + b.cardinality)
  let [i, j, cardinality] = [0, 0, 0]
  while (i < a.cardinality && j < b.cardinality) {
    const [left, right] = [a.values[i]!, b.values[j]!]
    values[cardinality++] = left < right ? left : right
    if (left <= right) i++
    if (right <= left) j++
  }
  while (i < a.cardinality) values[cardinality++] = a.values[i++]!
  while (j < b.cardinality) values[cardinality++] = b.values[j++]!
  const union: ArrayContainer = { kind: 'array', values, cardinality }
  return cardinality > MAX_ARRAY_CARDINALITY ? toBitmap(union) : union
}

/** Of its values. */
export function containerBytes(container: RoaringContainer): number {
  switch (container.kind) {
    case 'array':
      return container.values.byteLength
    case 'bitmap':
      return container.words.byteLength
    case 'run':
      return container.runs.byteLength
  }
}

/** A copy that later additions to the original do not touch. */
export function containerCopy(container: RoaringContainer): RoaringContainer {
  switch (container.kind) {
    case 'array':
      return { ...container, values: container.values.slice(0, container.cardinality) }
    case 'bitmap':
      return { ...container, words: container.words.slice() }
    case 'run':
      return container
  }
}

/** Puts 0 at `base + value` of `mask` for every value, but for those outside of it. */
export function containerClear(container: RoaringContainer, mask: Uint8Array, base: number): void {
  switch (container.kind) {
    case 'array': {
      const { values, cardinality } = container
      // What is written past the ends of a typed array is dropped, but costs more than asking.
      for (let i = lowerBound(values, cardinality, -base); i < cardinality; i++) {
        const at = base + values[i]!
        if (at >= mask.length) return
        mask[at] = 0
      }
      return
    }
    case 'bitmap': {
      const last = Math.min(container.words.length, (mask.length - base + 31) >> 5)
      for (let word = Math.max(0, -base >> 5); word < last; word++) {
        for (let bits = container.words[word]!; bits !== 0; bits &= bits - 1) {
          const at = base + ((word << 5) | (31 - Math.clz32(bits & -bits)))
          if (at >= 0 && at < mask.length) mask[at] = 0
        }
      }
      return
    }
    case 'run':
      for (const [first, last] of containerRuns(container)) {
        if (base + last >= 0) mask.fill(0, Math.max(0, base + first), base + last + 1)
      }
  }
}

/** The values in ascending order. */
export function* containerValues(container: RoaringContainer): Generator<number, void, undefined> {
  switch (container.kind) {
    case 'array':
      for (let i = 0; i < container.cardinality; i++) yield container.values[i]!
      return
    case 'bitmap':
      for (let word = 0; word < container.words.length; word++) {
        for (let bits = container.words[word]!; bits !== 0; bits &= bits - 1) {
          yield (word << 5) | (31 - Math.clz32(bits & -bits))
        }
      }
      return
    case 'run':
      for (const [first, last] of containerRuns(container)) {
        for (let value = first; value <= last; value++) yield value
      }
  }
}

/** Runs of neighbouring values, both ends included, ascending. */
export function* containerRuns(
  container: RoaringContainer,
): Generator<readonly [number, number], void, undefined> {
  if (container.kind === 'run') {
    for (let i = 0; i < container.runs.length; i += 2) {
      yield [container.runs[i]!, container.runs[i]! + container.runs[i + 1]!]
    }
    return
  }
  let first = -1
  let last = -1
  for (const value of containerValues(container)) {
    if (value !== last + 1 || first < 0) {
      if (first >= 0) yield [first, last]
      first = value
    }
    last = value
  }
  if (first >= 0) yield [first, last]
}

/**
 * The container in the form in which Iceberg Java stores it, which run-optimises before it writes: runs wherever
 * they are smaller than the form at hand.
 */
export function optimiseRuns(container: RoaringContainer): RoaringContainer {
  const runs = container.kind === 'run' ? container.runs.length / 2 : countRuns(container)
  const runBytes = 2 + 4 * runs
  switch (container.kind) {
    case 'array':
      return 2 * container.cardinality > runBytes ? toRuns(container, runs) : container
    case 'bitmap':
      return BITMAP_BYTES > runBytes ? toRuns(container, runs) : container
    case 'run':
      return runBytes <= Math.min(BITMAP_BYTES, 2 + 2 * container.cardinality)
        ? container
        : withoutRuns(container)
  }
}

/** An array container over values that must ascend. Errors: `INVALID_DATA`. */
export function arrayOf(values: Uint16Array): ArrayContainer {
  for (let i = 1; i < values.length; i++) {
    if (values[i]! <= values[i - 1]!) throw invalidData('Roaring array container: expected ascending values')
  }
  return { kind: 'array', values, cardinality: values.length }
}

/** A bitmap container that must hold `cardinality` values. Errors: `INVALID_DATA`. */
export function bitmapOf(words: Uint32Array, cardinality: number): BitmapContainer {
  const found = words.reduce((sum, word) => sum + bitCount(word), 0)
  if (found !== cardinality) {
    throw invalidData(`Roaring bitmap container: expected ${cardinality} values, found ${found}`)
  }
  return { kind: 'bitmap', words, cardinality }
}

/** A run container that must hold `cardinality` values. Errors: `INVALID_DATA`. */
export function runsOf(runs: Uint16Array, cardinality: number): RunContainer {
  let found = 0
  let previous = -1
  for (let i = 0; i < runs.length; i += 2) {
    const first = runs[i]!
    const last = first + runs[i + 1]!
    if (first <= previous || last >= CHUNK_SIZE) {
      throw invalidData('Roaring run container: expected ascending runs below 65,536')
    }
    found += last - first + 1
    previous = last
  }
  if (found !== cardinality) {
    throw invalidData(`Roaring run container: expected ${cardinality} values, found ${found}`)
  }
  return { kind: 'run', runs, cardinality }
}

function addToArray(container: ArrayContainer, value: number): RoaringContainer {
  const { values, cardinality } = container
  // Positions mostly come in order.
  const append = cardinality === 0 || values[cardinality - 1]! < value
  const at = append ? cardinality : lowerBound(values, cardinality, value)
  if (!append && values[at] === value) return container
  if (cardinality === MAX_ARRAY_CARDINALITY) {
    const bitmap = toBitmap(container)
    addToBitmap(bitmap, value)
    return bitmap
  }
  if (cardinality === values.length) {
    container.values = new Uint16Array(Math.min(2 * cardinality, MAX_ARRAY_CARDINALITY) || 4)
    container.values.set(values)
  }
  container.values.copyWithin(at + 1, at, cardinality)
  container.values[at] = value
  container.cardinality++
  return container
}

function addToBitmap(container: BitmapContainer, value: number): void {
  const bit = 1 << (value & 31)
  if ((container.words[value >> 5]! & bit) !== 0) return
  container.words[value >> 5]! |= bit
  container.cardinality++
}

function addWords(container: BitmapContainer, words: Uint32Array): void {
  for (let i = 0; i < words.length; i++) container.words[i]! |= words[i]!
  container.cardinality = container.words.reduce((sum, word) => sum + bitCount(word), 0)
}

function toBitmap(container: RoaringContainer): BitmapContainer {
  if (container.kind === 'bitmap') return { ...container, words: container.words.slice() }
  const bitmap: BitmapContainer = { kind: 'bitmap', words: new Uint32Array(BITMAP_BYTES / 4), cardinality: 0 }
  for (const value of containerValues(container)) addToBitmap(bitmap, value)
  return bitmap
}

/** The form for its cardinality, a fresh copy: sorted values or a bitmap. */
function withoutRuns(container: RoaringContainer): ArrayContainer | BitmapContainer {
  if (container.cardinality > MAX_ARRAY_CARDINALITY) return toBitmap(container)
  if (container.kind === 'array')
    return { ...container, values: container.values.slice(0, container.cardinality) }
  const values = new Uint16Array(container.cardinality)
  let at = 0
  for (const value of containerValues(container)) values[at++] = value
  return { kind: 'array', values, cardinality: at }
}

function toRuns(container: RoaringContainer, count: number): RunContainer {
  const runs = new Uint16Array(2 * count)
  let at = -2
  let next = -1
  const add = (value: number) => {
    if (value === next) runs[at + 1]!++
    else {
      at += 2
      runs[at] = value
    }
    next = value + 1
  }
  if (container.kind === 'array') {
    for (let i = 0; i < container.cardinality; i++) add(container.values[i]!)
  } else for (const value of containerValues(container)) add(value)
  return { kind: 'run', runs, cardinality: container.cardinality }
}

/** Runs of an array or bitmap: the values that have no left neighbour. */
function countRuns(container: ArrayContainer | BitmapContainer): number {
  let runs = 0
  if (container.kind === 'array') {
    for (let i = 0; i < container.cardinality; i++) {
      if (i === 0 || container.values[i] !== container.values[i - 1]! + 1) runs++
    }
    return runs
  }
  let carry = 0
  for (const word of container.words) {
    runs += bitCount(word & ~((word << 1) | carry))
    carry = word >>> 31
  }
  return runs
}

/** The first index whose value is not below `value`. */
function lowerBound(values: Uint16Array, length: number, value: number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The last run that starts at or below `value`; -1 when none does. */
function lastRunAt(runs: Uint16Array, value: number): number {
  let low = 0
  let high = runs.length / 2
  while (low < high) {
    const middle = (low + high) >> 1
    if (runs[2 * middle]! <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

function bitCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
