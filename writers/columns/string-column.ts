import type { Data } from 'apache-arrow'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { stringType } from '../../format/types.ts'
import { toLiteral } from '../../format/values/literal-input.ts'
import { GrowingBytes } from './bytes-column.ts'
import { type ColumnBuilder, isAbsent, Misfit, Validity } from './column-builder.ts'
import type { ColumnTarget } from './fixed-width-column.ts'

/** Strings that are encoded by one call: long enough to hide its cost, short enough to stay in the cache. */
const STRINGS_PER_CALL = 256
/** UTF-16 units of a group above which its strings are encoded one by one: the call costs nothing then, memory does. */
const JOINED_UNITS = 2 ** 20
/** UTF-8 bytes that one UTF-16 unit takes, at most. */
const MAX_BYTES_PER_UNIT = 3

export class StringColumn implements ColumnBuilder {
  readonly #target: ColumnTarget
  readonly #validity: Validity
  readonly #content = new GrowingBytes()
  readonly #texts: string[] = []

  constructor(target: ColumnTarget) {
    this.#target = target
    this.#validity = new Validity(target.expected, target.required)
  }

  get byteLength(): number {
    return this.#content.used + 4 * this.#content.slots
  }

  append(values: readonly unknown[], count: number): void {
    this.#content.reserveSlots(count)
    for (let start = 0; start < count; start += STRINGS_PER_CALL) {
      this.#appendGroup(values, start, Math.min(count, start + STRINGS_PER_CALL))
    }
  }

  finish(): Data {
    const length = this.#content.slots
    const nullBitmap = this.#validity.finish(length)
    return arrowData(this.#target.arrowType, length, { nullBitmap, ...this.#content.finish() })
  }

  #appendGroup(values: readonly unknown[], start: number, end: number): void {
    const texts = this.#texts
    const content = this.#content
    texts.length = end - start
    let units = 0
    let i = start
    try {
      for (; i < end; i++) {
        const value = values[i]
        let text = ''
        if (typeof value === 'string') text = value
        else if (isAbsent(value)) this.#validity.absent(content.slots + i - start, value)
        else text = toLiteral(stringType, value) as string
        texts[i - start] = text
        units += text.length
      }
      const isJoined = units <= JOINED_UNITS
      if (isJoined) {
        content.reserveBytes(units * MAX_BYTES_PER_UNIT)
        const written = content.bytes.write(texts.length === 1 ? texts[0]! : texts.join(''), content.used)
        if (written === units) {
          // Pure ASCII: every string is as long in bytes as in units.
          for (const text of texts) content.endSlot(text.length)
          return
        }
      }
      for (i = start; i < end; i++) {
        const text = toLiteral(stringType, texts[i - start]) as string
        if (!isJoined) content.reserveBytes(Buffer.byteLength(text))
        content.endSlot(content.bytes.write(text, content.used))
      }
    } catch (error) {
      throw new Misfit(i, '', error)
    }
  }
}
