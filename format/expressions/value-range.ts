import { bindTransform } from '../transforms/apply.ts'
import type { Transform } from '../transforms/transform.ts'
import type { Literal, PrimitiveType } from '../types.ts'
import { type Comparator, compareUuidsSigned, literalComparator } from '../values/compare.ts'
import { decodeSingleValue } from '../values/single-value-binary.ts'
import { type BoundPredicate, type BoundTerm, literalKey } from './bound.ts'
import { predicateTest } from './evaluate.ts'
import { wrapsAround, wrapZone } from './wrap-zone.ts'

/** What stored statistics leave possible for one column. Bounds, in binary, need not be values that occur. */
export interface ValueRange {
  readonly nulls: boolean
  readonly nans: boolean
  /** Values that are neither null nor NaN. They lie within the bounds; a missing bound is unknown. */
  readonly values: boolean
  readonly lower?: Uint8Array | undefined
  readonly upper?: Uint8Array | undefined
}

/**
 * Whether any row of a column with such statistics may match. Never wrong when it says no: what is missing counts as
 * anything, a null and a NaN are asked of the very test that rows are asked of.
 */
export function rangeTest(predicate: BoundPredicate): (range: ValueRange) => boolean {
  const test = predicateTest(predicate)
  const nullMatches = test(null)
  if (predicate.term.transform?.kind === 'void') return () => nullMatches
  const nanMatches = isFloating(predicate.term.sourceType) && test(Number.NaN)
  const valueMayMatch = valuesTest(predicate)
  return (range) =>
    (range.nulls && nullMatches) || (range.nans && nanMatches) || (range.values && valueMayMatch(range))
}

/** Asks only of values that are neither null nor NaN. */
function valuesTest(predicate: BoundPredicate): (range: ValueRange) => boolean {
  switch (predicate.op) {
    case 'is-null':
    case 'is-nan':
      return () => false
    case 'not-null':
    case 'not-nan':
      return () => true
    default: {
      const mayMatchWithin = boundsTest(predicate)
      const decode = boundsDecoder(predicate.term)
      return (range) => mayMatchWithin(decode(range))
    }
  }
}

/** Bounds of the term's values, in internal form. */
interface Bounds {
  readonly lower?: Literal | undefined
  readonly upper?: Literal | undefined
}

type ComparingPredicate = Exclude<
  BoundPredicate,
  { readonly op: 'is-null' | 'not-null' | 'is-nan' | 'not-nan' }
>

function boundsTest(predicate: ComparingPredicate): (bounds: Bounds) => boolean {
  const compare = literalComparator(predicate.term.type)
  // Iceberg Java takes bounds of uuids in another order than Parquet, and ours.
  if (predicate.term.type.kind === 'uuid' && isOrdering(predicate.op)) return () => true
  switch (predicate.op) {
    case 'lt':
      return ({ lower }) => lower === undefined || compare(lower, predicate.literal) < 0
    case 'lt-eq':
      return ({ lower }) => lower === undefined || compare(lower, predicate.literal) <= 0
    case 'gt':
      return ({ upper }) => upper === undefined || compare(upper, predicate.literal) > 0
    case 'gt-eq':
      return ({ upper }) => upper === undefined || compare(upper, predicate.literal) >= 0
    case 'eq':
      return anyWithin([predicate.literal], predicate.term.type)
    case 'in':
      return anyWithin(predicate.literals, predicate.term.type)
    case 'not-eq':
      return notOnly([predicate.literal])
    case 'not-in':
      return notOnly(predicate.literals)
    case 'starts-with': {
      const prefix = predicate.literal as string
      return ({ lower, upper }) => !allBefore(upper, prefix, compare) && !allAfter(lower, prefix, compare)
    }
    case 'not-starts-with': {
      const prefix = predicate.literal as string
      return ({ lower, upper }) => !(startsWith(lower, prefix) && startsWith(upper, prefix))
    }
  }
}

function isOrdering(op: BoundPredicate['op']): boolean {
  return op === 'lt' || op === 'lt-eq' || op === 'gt' || op === 'gt-eq'
}

/** Whether one of the literals may lie within the bounds: the least that is not below them decides. */
function anyWithin(literals: readonly Literal[], type: PrimitiveType): (bounds: Bounds) => boolean {
  const within = anyWithinInOrder(literals, literalComparator(type))
  if (type.kind !== 'uuid') return within
  // In whichever of the two orders the bounds were taken, the literal must lie outside.
  const withinSigned = anyWithinInOrder(literals, compareUuidsSigned as Comparator)
  return (bounds) => within(bounds) || withinSigned(bounds)
}

function anyWithinInOrder(literals: readonly Literal[], compare: Comparator): (bounds: Bounds) => boolean {
  const sorted = [...literals].sort(compare)
  return (bounds) => {
    const { lower } = bounds
    const least = lower === undefined ? sorted[0]! : sorted[firstAtLeast(sorted, lower, compare)]
    if (least === undefined) return false
    const { upper } = bounds
    return upper === undefined || compare(least, upper) <= 0
  }
}

function firstAtLeast(sorted: readonly Literal[], bound: Literal, compare: Comparator): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(sorted[middle]!, bound) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** False if every value is the one value that both bounds are, and it is one of the literals. */
function notOnly(literals: readonly Literal[]): (bounds: Bounds) => boolean {
  const keys = new Set(literals.map(literalKey))
  return ({ lower, upper }) =>
    lower === undefined ||
    upper === undefined ||
    literalKey(lower) !== literalKey(upper) ||
    !keys.has(literalKey(lower))
}

function allBefore(upper: Literal | undefined, prefix: string, compare: Comparator): boolean {
  return upper !== undefined && compare(upper, prefix) < 0
}

/** A string after the prefix that does not start with it comes after every string that does. */
function allAfter(lower: Literal | undefined, prefix: string, compare: Comparator): boolean {
  return lower !== undefined && compare(lower, prefix) > 0 && !startsWith(lower, prefix)
}

function startsWith(bound: Literal | undefined, prefix: string): boolean {
  return bound !== undefined && (bound as string).startsWith(prefix)
}

/** Decodes the bounds of a term's column and carries them through the term's transform. */
function boundsDecoder({ sourceType, transform }: BoundTerm): (range: ValueRange) => Bounds {
  if (transform === undefined && !isFloating(sourceType)) {
    const bounds = new PlainBounds(sourceType)
    return (range) => bounds.of(range)
  }
  const decode = ({ lower, upper }: ValueRange): Bounds =>
    soundBounds(sourceType, {
      lower: lower === undefined ? undefined : decodeSingleValue(sourceType, lower),
      upper: upper === undefined ? undefined : decodeSingleValue(sourceType, upper),
    })
  if (transform === undefined) return decode
  if (!preservesOrder(transform)) return () => ({})
  const apply = bindTransform(transform, sourceType)
  const mayWrap = wrapZone(transform, sourceType) !== undefined
  return (range) => {
    const { lower, upper } = decode(range)
    const low = lower === undefined ? undefined : apply(lower)!
    const high = upper === undefined ? undefined : apply(upper)!
    // With a bound missing, values beyond it may wrap around past the other.
    if (mayWrap && (low === undefined || high === undefined)) return {}
    return wrapsAround(lower, low) || wrapsAround(upper, high) ? {} : { lower: low, upper: high }
  }
}

/** Bounds of one range at a time, each decoded when it is asked for: often the first one decides. */
class PlainBounds implements Bounds {
  readonly #type: PrimitiveType
  #range: ValueRange | undefined

  constructor(type: PrimitiveType) {
    this.#type = type
  }

  of(range: ValueRange): this {
    this.#range = range
    return this
  }
  get lower(): Literal | undefined {
    const bytes = this.#range!.lower
    return bytes === undefined ? undefined : decodeSingleValue(this.#type, bytes)
  }
  get upper(): Literal | undefined {
    const bytes = this.#range!.upper
    return bytes === undefined ? undefined : decodeSingleValue(this.#type, bytes)
  }
}

/** Drops NaN bounds, which say nothing, and takes a zero of either sign for both: not all writers tell them apart. */
function soundBounds(type: PrimitiveType, { lower, upper }: Bounds): Bounds {
  if (!isFloating(type)) return { lower, upper }
  if (Number.isNaN(lower) || Number.isNaN(upper)) return {}
  return { lower: lower === 0 ? -0 : lower, upper: upper === 0 ? 0 : upper }
}

function isFloating(type: PrimitiveType): boolean {
  return type.kind === 'float' || type.kind === 'double'
}

function preservesOrder(transform: Transform): boolean {
  return transform.kind !== 'bucket' && transform.kind !== 'void' && transform.kind !== 'unknown'
}
