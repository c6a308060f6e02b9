import type { Data } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { isPrimitive, type Type } from '../../format/types.ts'
import { toLiteral } from '../../format/values/literal-input.ts'
import { mismatch } from '../../format/values/mismatch.ts'
import { repeatedKey } from '../map-keys.ts'
import { type ColumnBuilder, HOLE, isAbsent, Misfit, Validity } from './column-builder.ts'
import type { ColumnTarget } from './fixed-width-column.ts'
import type { MemberReader } from './member-reader.ts'

export interface Member {
  readonly name: string
  readonly column: ColumnBuilder
}

/** Objects: every member's values are gathered and handed to its column in one go. */
export class StructColumn implements ColumnBuilder {
  readonly #target: ColumnTarget
  readonly #validity: Validity
  readonly #reader: MemberReader
  readonly #members: readonly Member[]
  /** One slab of values per member, reused. */
  readonly #slabs: unknown[][]
  #length = 0

  constructor(target: ColumnTarget, reader: MemberReader, members: readonly Member[]) {
    this.#target = target
    this.#validity = new Validity(target.expected, target.required)
    this.#reader = reader
    this.#members = members
    this.#slabs = members.map(() => [])
  }

  get byteLength(): number {
    return this.#members.reduce((sum, { column }) => sum + column.byteLength, this.#length >> 3)
  }

  append(values: readonly unknown[], count: number): void {
    let i = 0
    try {
      for (; i < count; i++) {
        const value = values[i]
        if (isAbsent(value)) {
          this.#validity.absent(this.#length + i, value)
          for (const slab of this.#slabs) slab[i] = HOLE
        } else {
          this.gather(value, i, false)
        }
      }
    } catch (error) {
      throw new Misfit(i, '', error)
    }
    this.appendGathered(count)
  }

  /** Reads an object's members to place `i` of the slabs; says whether they are to be appended at once. */
  gather(value: unknown, i: number, mayChange: boolean): boolean {
    return this.#reader.read(value, this.#slabs, i, mayChange)
  }

  /** Appends the first `count` gathered objects. */
  appendGathered(count: number): void {
    for (let m = 0; m < this.#members.length; m++) {
      const { name, column } = this.#members[m]!
      try {
        column.append(this.#slabs[m]!, count)
      } catch (error) {
        throw error instanceof Misfit ? error.within(error.slot, `.${name}`) : error
      }
    }
    this.#length += count
  }

  finish(): Data {
    const length = this.#length
    this.#length = 0
    const nullBitmap = this.#validity.finish(length)
    const children = this.#members.map(({ column }) => column.finish())
    return arrowData(this.#target.arrowType, length, { nullBitmap, children })
  }
}

/** Items of all values, flat, and where each value's end. */
class ItemOffsets {
  #offsets = new Int32Array(65)
  #slots = 0

  get slots(): number {
    return this.#slots
  }

  endSlot(itemCount: number): void {
    if (this.#slots + 1 >= this.#offsets.length) {
      const grown = new Int32Array(this.#offsets.length * 2)
      grown.set(this.#offsets)
      this.#offsets = grown
    }
    this.#offsets[this.#slots + 1] = this.#offsets[this.#slots]! + itemCount
    this.#slots++
  }

  lengthOf(slot: number): number {
    return this.#offsets[slot + 1]! - this.#offsets[slot]!
  }

  /** The slot, and the place within it, of item number `item` of those after `firstSlot`. */
  locate(firstSlot: number, item: number): { slot: number; index: number } {
    const target = this.#offsets[firstSlot]! + item
    let slot = firstSlot
    while (this.#offsets[slot + 1]! <= target) slot++
    return { slot: slot - firstSlot, index: target - this.#offsets[slot]! }
  }

  finish(): Int32Array {
    const offsets = this.#offsets.slice(0, this.#slots + 1)
    this.#slots = 0
    return offsets
  }
}

/** Arrays, typed arrays and other iterables, but not strings. */
export class ListColumn implements ColumnBuilder {
  readonly #target: ColumnTarget
  readonly #validity: Validity
  readonly #element: ColumnBuilder
  readonly #offsets = new ItemOffsets()
  readonly #items: unknown[] = []

  constructor(target: ColumnTarget, element: ColumnBuilder) {
    this.#target = target
    this.#validity = new Validity(target.expected, target.required)
    this.#element = element
  }

  get byteLength(): number {
    return this.#element.byteLength + 4 * this.#offsets.slots
  }

  append(values: readonly unknown[], count: number): void {
    const items = this.#items
    const firstSlot = this.#offsets.slots
    let total = 0
    let i = 0
    try {
      for (; i < count; i++) {
        const value = values[i]
        const before = total
        if (isAbsent(value)) this.#validity.absent(firstSlot + i, value)
        else for (const item of listItems(value)) items[total++] = item
        this.#offsets.endSlot(total - before)
      }
    } catch (error) {
      throw new Misfit(i, '', error)
    }
    try {
      this.#element.append(items, total)
    } catch (error) {
      if (!(error instanceof Misfit)) throw error
      const { slot, index } = this.#offsets.locate(firstSlot, error.slot)
      throw error.within(slot, `[${index}]`)
    }
    // Nothing of the caller's is kept alive by the scratch.
    items.length = 0
  }

  finish(): Data {
    const length = this.#offsets.slots
    const nullBitmap = this.#validity.finish(length)
    const valueOffsets = this.#offsets.finish()
    return arrowData(this.#target.arrowType, length, {
      nullBitmap,
      valueOffsets,
      children: [this.#element.finish()],
    })
  }
}

/** Maps, iterables of [key, value] pairs and, when keys are strings, plain objects. */
export class MapColumn implements ColumnBuilder {
  readonly #target: ColumnTarget
  readonly #validity: Validity
  readonly #keyType: Type
  readonly #stringKeys: boolean
  readonly #key: ColumnBuilder
  readonly #value: ColumnBuilder
  readonly #offsets = new ItemOffsets()
  readonly #keys: unknown[] = []
  readonly #values: unknown[] = []

  constructor(target: ColumnTarget, keyType: Type, key: ColumnBuilder, value: ColumnBuilder) {
    this.#target = target
    this.#validity = new Validity(target.expected, target.required)
    this.#keyType = keyType
    this.#stringKeys = keyType.kind === 'string'
    this.#key = key
    this.#value = value
  }

  get byteLength(): number {
    return this.#key.byteLength + this.#value.byteLength + 4 * this.#offsets.slots
  }

  append(values: readonly unknown[], count: number): void {
    const firstSlot = this.#offsets.slots
    let total = 0
    let i = 0
    try {
      for (; i < count; i++) {
        const value = values[i]
        const before = total
        if (isAbsent(value)) {
          this.#validity.absent(firstSlot + i, value)
        } else {
          for (const pair of mapPairs(value, this.#stringKeys)) {
            if (!Array.isArray(pair) || pair.length !== 2)
              throw mismatch('a [key, value] pair in a map', pair)
            this.#keys[total] = pair[0]
            this.#values[total] = pair[1]
            total++
          }
        }
        this.#offsets.endSlot(total - before)
      }
    } catch (error) {
      throw new Misfit(i, '', error)
    }
    const keys = this.#keys.slice(0, total)
    this.#appendItems(this.#key, this.#keys, total, firstSlot, 'key')
    this.#checkUnique(values, keys, firstSlot, count)
    this.#appendItems(this.#value, this.#values, total, firstSlot, 'value')
  }

  finish(): Data {
    const length = this.#offsets.slots
    const nullBitmap = this.#validity.finish(length)
    const valueOffsets = this.#offsets.finish()
    const children = [this.#key.finish(), this.#value.finish()]
    const entryType = this.#target.arrowType.children[0]!.type
    const entries = arrowData(entryType, children[0]!.length, { children })
    return arrowData(this.#target.arrowType, length, { nullBitmap, valueOffsets, children: [entries] })
  }

  /** What keys become may be equal where they were not: 1 and 1n. */
  #checkUnique(values: readonly unknown[], keys: readonly unknown[], firstSlot: number, count: number): void {
    const type = this.#keyType
    if (!isPrimitive(type)) return
    let start = 0
    for (let i = 0; i < count; i++) {
      const length = this.#offsets.lengthOf(firstSlot + i)
      const first = start
      start += length
      if (this.#stringKeys && isKeyed(values[i])) continue
      const index = repeatedKey(length, (place) => toLiteral(type, keys[first + place]))
      if (index === undefined) continue
      throw new Misfit(i, `[${index}].key`, mismatch('a key once in a map', keys[first + index]))
    }
  }

  #appendItems(
    column: ColumnBuilder,
    items: unknown[],
    total: number,
    firstSlot: number,
    part: string,
  ): void {
    try {
      column.append(items, total)
    } catch (error) {
      if (!(error instanceof Misfit)) throw error
      const { slot, index } = this.#offsets.locate(firstSlot, error.slot)
      throw error.within(slot, `[${index}].${part}`)
    }
    items.length = 0
  }
}

/** What cannot hold a string key twice. */
function isKeyed(value: unknown): boolean {
  return value instanceof Map || (typeof value === 'object' && value !== null && !(Symbol.iterator in value))
}

function listItems(value: unknown): Iterable<unknown> {
  if (Array.isArray(value)) return value
  if (typeof value === 'object' && value !== null && Symbol.iterator in value && !(value instanceof Map)) {
    return value as Iterable<unknown>
  }
  throw mismatch('a list (an array or another iterable, no string)', value)
}

function mapPairs(value: unknown, stringKeys: boolean): Iterable<unknown> {
  if (typeof value === 'object' && value !== null) {
    if (Symbol.iterator in value) return value as Iterable<unknown>
    const prototype: unknown = Object.getPrototypeOf(value)
    const plain = prototype === null || Object.getPrototypeOf(prototype) === null
    if (stringKeys && plain) return Object.entries(value)
  }
  throw mismatch(`a map (a Map, [key, value] pairs${stringKeys ? ' or a plain object' : ''})`, value)
}
