import { invalidArgument } from '../../format/errors.ts'
import { nearNames } from '../../format/near-names.ts'
import { mismatch } from '../../format/values/mismatch.ts'

export interface MemberReader {
  /**
   * Puts the members of `value` at place `i` of their slabs; throws unless it is an object with known members only.
   * Where its owner may change it before they are taken, `mayChange`, Dates are copied. Returns whether they are to be
   * taken at once: one may change, or is so large that it must not wait for others.
   */
  read(value: unknown, slabs: readonly unknown[][], i: number, mayChange: boolean): boolean
}

/** Units of text, or bytes, of a member that is large. */
const LARGE = 16 * 1024

/**
 * Reads the members `names` of objects: own properties only, and no others may be there, for a mistyped name would
 * lose its data. A member that is left out or undefined reads as its default.
 */
export function memberReader(names: readonly string[], defaults: readonly unknown[]): MemberReader {
  const known = new Set(names)
  // Such a name finds a value on every object, so that only its own property may count.
  const inherited = names.map((name) => name in Object.prototype)
  const count = names.length
  const dates = names.map((): Date[] => [])

  function read(value: unknown, slabs: readonly unknown[][], i: number, mayChange: boolean): boolean {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw mismatch('an object', value)
    const members = value as Readonly<Record<string, unknown>>
    const prototype: unknown = Object.getPrototypeOf(value)
    const isPlain = prototype === Object.prototype || prototype === null
    let found = 0
    let mustBeTaken = false
    for (let m = 0; m < count; m++) {
      const name = names[m]!
      const isOwn = (isPlain && !inherited[m]) || Object.hasOwn(members, name)
      let member = isOwn ? members[name] : undefined
      // A getter of a class would be lost without a word.
      if (!isOwn && !inherited[m] && name in members) {
        throw mismatch(`'${name}' as a property of its own, not one that the object inherits`, value)
      }
      if (member !== undefined) found++
      if (typeof member === 'string') {
        if (member.length > LARGE) mustBeTaken = true
      } else if (typeof member === 'object' && member !== null) {
        if (member instanceof Uint8Array && member.length > LARGE) mustBeTaken = true
        else if (mayChange && member instanceof Date) member = copied(member, dates[m]!, i)
        else if (mayChange) mustBeTaken = true
      }
      slabs[m]![i] = member === undefined ? defaults[m] : member
    }
    const keys = Object.keys(value)
    if (keys.length !== found) checkKeys(keys, known)
    // A Date, a Map or a promise has no members: it must not pass for a row of nulls.
    if (keys.length === 0 && !isPlain && Object.getPrototypeOf(prototype) !== null) {
      throw mismatch('an object with members of its own', value)
    }
    return mustBeTaken
  }
  return { read }
}

/** A copy that is made over once its place is read again: new ones would keep the garbage collector busy. */
function copied(date: Date, copies: Date[], i: number): Date {
  const copy = copies[i]
  if (copy === undefined) {
    copies[i] = new Date(date.getTime())
    return copies[i]
  }
  copy.setTime(date.getTime())
  return copy
}

/** So many names are told rather than left to be looked up. */
const FEW_NAMES = 8

function checkKeys(keys: readonly string[], known: ReadonlySet<string>): void {
  for (const key of keys) {
    if (known.has(key)) continue
    const near = nearNames(key, known)
    const hint = near.length === 0 ? '' : `; did you mean ${near.map((name) => `'${name}'`).join(' or ')}?`
    const few = hint === '' && known.size <= FEW_NAMES ? `: ${[...known].join(', ')}` : hint
    throw invalidArgument(`there is no field '${key}' among those that are written here${few}`, {
      found: key,
    })
  }
}
