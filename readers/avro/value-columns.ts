/** Columns that take values out of Avro data one by one, as Arrow holds them. */
import { Binary, Bool, type Data, type DataType, Field, List, Map_, Struct } from 'apache-arrow'
import { arrowData, nullData } from '../../format/arrow/arrow-data.ts'
import { bitmapByteLength, clearBit, setBit } from '../../format/arrow/bitmap.ts'
import type { AvroInput } from '../../format/avro/avro-input.ts'
import { invalidData, unsupported } from '../../format/errors.ts'

/** One column of a batch; slots come one after another. */
export interface ValueColumn {
  /** Reads the next slot. */
  read(input: AvroInput): void
  /** The next slot is null, or below a null. */
  skip(): void
  /** The slots so far; the column starts again, empty. */
  finish(): Data
  /** Of the slots so far, about. */
  readonly byteLength: number
}

const FIRST_SLOTS = 64
const FIRST_BYTES = 64 * 1024
/** A column of one batch: a few bytes of a file can stand for many here, in one row. */
const MOST_BYTES = 256 * 2 ** 20

/** Which slots are null: free while none is. */
class Nulls {
  #bits: Uint8Array | undefined

  add(slot: number): void {
    const size = bitmapByteLength(slot + 1)
    if (this.#bits === undefined || this.#bits.length < size) {
      const grown = new Uint8Array(Math.max(size, 2 * (this.#bits?.length ?? 0))).fill(255)
      if (this.#bits !== undefined) grown.set(this.#bits)
      this.#bits = grown
    }
    clearBit(this.#bits, slot)
  }

  finish(length: number): Uint8Array | undefined {
    const bits = this.#bits
    this.#bits = undefined
    if (bits === undefined) return undefined
    const size = bitmapByteLength(length)
    const whole = new Uint8Array(size).fill(255)
    whole.set(bits.subarray(0, size))
    return whole
  }
}

function tooLarge(): Error {
  return unsupported(`the rows of one batch have over ${MOST_BYTES} bytes in one column: select the others`)
}

/** Values of one fixed width; `put` reads one into the bytes of a slot, which are zero. */
abstract class SlotColumn implements ValueColumn {
  readonly #type: DataType
  readonly #nulls = new Nulls()
  readonly #width: number
  #capacity = 0
  protected slots = 0

  constructor(type: DataType, width: number) {
    this.#type = type
    this.#width = width
  }

  protected abstract put(input: AvroInput, slot: number): void
  protected abstract moveTo(buffer: ArrayBuffer): void
  protected abstract readonly buffer: ArrayBuffer

  get byteLength(): number {
    return this.slots * this.#width
  }

  read(input: AvroInput): void {
    if (this.slots === this.#capacity) this.#grow()
    this.put(input, this.slots)
    this.slots++
  }

  skip(): void {
    if (this.slots === this.#capacity) this.#grow()
    this.#nulls.add(this.slots)
    this.slots++
  }

  finish(): Data {
    const { slots } = this
    const bytes = this.buffer.slice(0, slots * this.#width)
    const Kind = this.#type.ArrayType
    const values = new Kind(bytes)
    const nullBitmap = this.#nulls.finish(slots)
    this.slots = 0
    this.#capacity = 0
    this.moveTo(new ArrayBuffer(0))
    return arrowData(this.#type, slots, { nullBitmap, values })
  }

  #grow(): void {
    const first = Math.min(FIRST_SLOTS, Math.ceil(FIRST_BYTES / this.#width))
    this.#capacity = Math.max(first, this.#capacity * 2)
    const bytes = this.#capacity * this.#width
    if (bytes > MOST_BYTES) throw tooLarge()
    const grown = new ArrayBuffer(bytes)
    new Uint8Array(grown).set(new Uint8Array(this.buffer))
    this.moveTo(grown)
  }
}

export class IntColumn extends SlotColumn {
  #values = new Int32Array(0)
  constructor(type: DataType) {
    super(type, 4)
  }
  protected get buffer() {
    return this.#values.buffer
  }
  protected moveTo(buffer: ArrayBuffer): void {
    this.#values = new Int32Array(buffer)
  }
  protected put(input: AvroInput, slot: number): void {
    this.#values[slot] = input.readInt()
  }
}

export class LongColumn extends SlotColumn {
  #words = new Int32Array(0)
  constructor(type: DataType) {
    super(type, 8)
  }
  protected get buffer() {
    return this.#words.buffer
  }
  protected moveTo(buffer: ArrayBuffer): void {
    this.#words = new Int32Array(buffer)
  }
  protected put(input: AvroInput, slot: number): void {
    input.readLongWords(this.#words, slot * 2)
  }
}

export class FloatColumn extends SlotColumn {
  #values = new Float32Array(0)
  constructor(type: DataType) {
    super(type, 4)
  }
  protected get buffer() {
    return this.#values.buffer
  }
  protected moveTo(buffer: ArrayBuffer): void {
    this.#values = new Float32Array(buffer)
  }
  protected put(input: AvroInput, slot: number): void {
    this.#values[slot] = input.readFloat()
  }
}

export class DoubleColumn extends SlotColumn {
  #values = new Float64Array(0)
  constructor(type: DataType) {
    super(type, 8)
  }
  protected get buffer() {
    return this.#values.buffer
  }
  protected moveTo(buffer: ArrayBuffer): void {
    this.#values = new Float64Array(buffer)
  }
  protected put(input: AvroInput, slot: number): void {
    this.#values[slot] = input.readDouble()
  }
}

export class FixedColumn extends SlotColumn {
  readonly #size: number
  #bytes = new Uint8Array(0)
  constructor(type: DataType, size: number) {
    super(type, size)
    this.#size = size
  }
  protected get buffer() {
    return this.#bytes.buffer
  }
  protected moveTo(buffer: ArrayBuffer): void {
    this.#bytes = new Uint8Array(buffer)
  }
  protected put(input: AvroInput, slot: number): void {
    this.#bytes.set(input.viewFixed(this.#size), slot * this.#size)
  }
}

const DECIMAL_BYTES = 16

/** Two's complement, big-endian in Avro, little-endian in Arrow. `size` is undefined for bytes of any length. */
export class DecimalColumn extends SlotColumn {
  readonly #size: number | undefined
  #bytes = new Uint8Array(0)
  constructor(type: DataType, size: number | undefined) {
    super(type, DECIMAL_BYTES)
    this.#size = size
  }
  protected get buffer() {
    return this.#bytes.buffer
  }
  protected moveTo(buffer: ArrayBuffer): void {
    this.#bytes = new Uint8Array(buffer)
  }
  protected put(input: AvroInput, slot: number): void {
    const stored = this.#size === undefined ? input.viewBytes() : input.viewFixed(this.#size)
    if (stored.length === 0) throw invalidData('Avro decimal: expected bytes, found none')
    const sign = stored[0]! >= 0x80 ? 255 : 0
    const extra = stored.length - DECIMAL_BYTES
    for (let i = 0; i < extra; i++) {
      if (stored[i] !== sign || (stored[extra]! >= 0x80 ? 255 : 0) !== sign) {
        throw invalidData(`Avro decimal: expected a value of 128 bits, found one of ${stored.length} bytes`)
      }
    }
    const bytes = this.#bytes
    let at = slot * DECIMAL_BYTES
    const end = at + DECIMAL_BYTES
    for (let i = stored.length - 1; i >= 0 && at < end; i--) bytes[at++] = stored[i]!
    while (at < end) bytes[at++] = sign
  }
}

export class BooleanColumn implements ValueColumn {
  readonly #nulls = new Nulls()
  #bits = new Uint8Array(bitmapByteLength(FIRST_SLOTS))
  #slots = 0

  get byteLength(): number {
    return this.#slots >> 3
  }
  read(input: AvroInput): void {
    this.#reserve()
    if (input.readBoolean()) setBit(this.#bits, this.#slots)
    this.#slots++
  }
  skip(): void {
    this.#reserve()
    this.#nulls.add(this.#slots++)
  }
  finish(): Data {
    const length = this.#slots
    const values = this.#bits.slice(0, bitmapByteLength(length))
    this.#bits = new Uint8Array(bitmapByteLength(FIRST_SLOTS))
    this.#slots = 0
    return arrowData(new Bool(), length, { nullBitmap: this.#nulls.finish(length), values })
  }
  #reserve(): void {
    if (this.#slots < this.#bits.length * 8) return
    const grown = new Uint8Array(this.#bits.length * 2)
    grown.set(this.#bits)
    this.#bits = grown
  }
}

/** Where the slots of a column of varying length end. */
class Ends {
  offsets = new Int32Array(FIRST_SLOTS)
  slots = 0

  get last(): number {
    return this.offsets[this.slots]!
  }
  add(end: number): void {
    if (this.slots + 1 === this.offsets.length) {
      const grown = new Int32Array(this.offsets.length * 2)
      grown.set(this.offsets)
      this.offsets = grown
    }
    this.offsets[++this.slots] = end
  }
  finish(): Int32Array {
    const offsets = this.offsets.slice(0, this.slots + 1)
    this.slots = 0
    return offsets
  }
}

/** Strings are bytes here: whoever wants text checks that they are UTF-8, all at once. */
export class BytesColumn implements ValueColumn {
  readonly #nulls = new Nulls()
  readonly #ends = new Ends()
  readonly #symbols: readonly Uint8Array[] | undefined
  #bytes = new Uint8Array(1024)

  /** `symbols` are the values of an enum. */
  constructor(symbols?: readonly Uint8Array[]) {
    this.#symbols = symbols
  }

  get byteLength(): number {
    return this.#ends.last + 4 * this.#ends.slots
  }
  read(input: AvroInput): void {
    const value =
      this.#symbols === undefined ? input.viewBytes() : this.#symbol(this.#symbols, input.readInt())
    const start = this.#ends.last
    const end = start + value.length
    if (end > this.#bytes.length) this.#grow(end)
    this.#bytes.set(value, start)
    this.#ends.add(end)
  }
  skip(): void {
    this.#nulls.add(this.#ends.slots)
    this.#ends.add(this.#ends.last)
  }
  finish(): Data {
    const length = this.#ends.slots
    const values = this.#bytes.slice(0, this.#ends.last)
    return arrowData(new Binary(), length, {
      nullBitmap: this.#nulls.finish(length),
      values,
      valueOffsets: this.#ends.finish(),
    })
  }
  #symbol(symbols: readonly Uint8Array[], index: number): Uint8Array {
    const symbol = symbols[index]
    if (symbol === undefined)
      throw invalidData(`Avro enum: expected 0 to ${symbols.length - 1}, found ${index}`)
    return symbol
  }
  #grow(needed: number): void {
    if (needed > MOST_BYTES) throw tooLarge()
    const grown = new Uint8Array(Math.min(MOST_BYTES, Math.max(needed, this.#bytes.length * 2)))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

/** A column of which every slot is null, whatever the file holds: an Avro null takes no bytes. */
export class NullColumn implements ValueColumn {
  #slots = 0
  readonly byteLength = 0
  read(): void {
    this.#slots++
  }
  skip(): void {
    this.#slots++
  }
  finish(): Data {
    const data = nullData(this.#slots)
    this.#slots = 0
    return data
  }
}

/** What a record has, in its order: a column, or nothing but steps over the value. */
export type RecordStep = Pick<ValueColumn, 'read'>

export class StructColumn implements ValueColumn {
  readonly #nulls = new Nulls()
  readonly #steps: readonly RecordStep[]
  readonly #columns: readonly ValueColumn[]
  #slots = 0

  constructor(steps: readonly RecordStep[], columns: readonly ValueColumn[]) {
    this.#steps = steps
    this.#columns = columns
  }
  get byteLength(): number {
    return this.#columns.reduce((sum, column) => sum + column.byteLength, 0)
  }
  read(input: AvroInput): void {
    const steps = this.#steps
    for (let i = 0; i < steps.length; i++) steps[i]!.read(input)
    this.#slots++
  }
  skip(): void {
    this.#nulls.add(this.#slots++)
    for (const column of this.#columns) column.skip()
  }
  finish(): Data {
    const length = this.#slots
    this.#slots = 0
    const children = this.#columns.map((column) => column.finish())
    const type = new Struct(children.map((child, i) => new Field(String(i), child.type, true)))
    return arrowData(type, length, { nullBitmap: this.#nulls.finish(length), children })
  }
}

/** Of one batch; a file bounds in no other way how many items there are that take no bytes. */
const MOST_EMPTY_ITEMS = 2 ** 24

/** A list, or a map, whose items are structs of key and value. */
export class ItemsColumn implements ValueColumn {
  readonly #nulls = new Nulls()
  readonly #ends = new Ends()
  readonly #item: ValueColumn
  readonly #isMap: boolean
  /** Whether an item takes no bytes in the file. */
  readonly #isEmpty: boolean

  constructor(item: ValueColumn, { isMap, isEmpty }: { readonly isMap: boolean; readonly isEmpty: boolean }) {
    this.#item = item
    this.#isMap = isMap
    this.#isEmpty = isEmpty
  }
  get byteLength(): number {
    return this.#item.byteLength + 4 * this.#ends.slots
  }
  read(input: AvroInput): void {
    let end = this.#ends.last
    const itemBytes = this.#isEmpty ? 0 : 1
    for (let count = input.readCount(itemBytes); count > 0; count = input.readCount(itemBytes)) {
      end += count
      if (this.#isEmpty && end > MOST_EMPTY_ITEMS) {
        throw unsupported(`a batch has over ${MOST_EMPTY_ITEMS} list items that take no bytes in the file`)
      }
      for (let i = 0; i < count; i++) this.#item.read(input)
    }
    this.#ends.add(end)
  }
  skip(): void {
    this.#nulls.add(this.#ends.slots)
    this.#ends.add(this.#ends.last)
  }
  finish(): Data {
    const length = this.#ends.slots
    const child = this.#item.finish()
    const parts = {
      nullBitmap: this.#nulls.finish(length),
      valueOffsets: this.#ends.finish(),
      children: [child],
    }
    const field = new Field('item', child.type, true)
    return arrowData(this.#isMap ? new Map_(field as never) : new List(field), length, parts)
  }
}

/** A value that may be null, as a union has it. */
export class NullableColumn implements ValueColumn {
  readonly #column: ValueColumn
  readonly #valueBranch: number
  readonly #nullBranch: number | undefined

  constructor(column: ValueColumn, valueBranch: number, nullBranch: number | undefined) {
    this.#column = column
    this.#valueBranch = valueBranch
    this.#nullBranch = nullBranch
  }
  get byteLength(): number {
    return this.#column.byteLength
  }
  read(input: AvroInput): void {
    const branch = input.readInt()
    if (branch === this.#valueBranch) this.#column.read(input)
    else if (branch === this.#nullBranch) this.#column.skip()
    else throw invalidData(`Avro union: expected branch 0 or 1, found ${branch}`)
  }
  skip(): void {
    this.#column.skip()
  }
  finish(): Data {
    return this.#column.finish()
  }
}
