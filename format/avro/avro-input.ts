import { invalidData } from '../errors.ts'

/**
 * A cursor over Avro binary data. Every read is checked against the bytes that are there; what it returns shares
 * no memory with them, but for views. Errors: `INVALID_DATA`.
 */
export class AvroInput {
  position: number
  readonly end: number
  private readonly bytes: Uint8Array
  /** The same memory as a Buffer, whose text decoding is the fastest there is. */
  private readonly text: Buffer
  private readonly view: DataView
  private continues = false

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = start
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  readByte(): number {
    if (this.position >= this.end) throw this.tooShort(1)
    return this.bytes[this.position++]!
  }

  readBoolean(): boolean {
    const byte = this.readByte()
    if (byte > 1) throw invalidData(`Avro boolean: expected 0 or 1, found ${byte}`)
    return byte === 1
  }

  /** A zig-zag varint of at most 32 bits: an `int`, or a `long` that must fit one. */
  readInt(): number {
    const first = this.shortVarint()
    if (first >= 0) return (first >>> 1) ^ -(first & 1)
    let raw = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.readByte()
      raw |= (byte & 0x7f) << shift
      if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1)
    }
    const last = this.readByte()
    if (last > 0x0f) throw invalidData('Avro int: expected a value of 32 bits, found a longer one')
    raw |= last << 28
    return (raw >>> 1) ^ -(raw & 1)
  }

  /** A zig-zag varint of at most 64 bits. */
  readLong(): bigint {
    const first = this.shortVarint()
    if (first >= 0) return BigInt((first >>> 1) ^ -(first & 1))
    // 70 bits as 28 + 28 + 14, so that the common short values need no bigint arithmetic.
    const low = this.read28Bits()
    const middle = this.continues ? this.read28Bits() : 0
    if (!this.continues && middle < 1 << 25) {
      const raw = low + middle * 0x1000_0000
      return BigInt(raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2)
    }
    let high = 0
    if (this.continues) {
      high = this.readByte()
      if (high >= 0x80) {
        const last = this.readByte()
        if (last > 1) throw invalidData('Avro long: expected a value of 64 bits, found a longer one')
        high = (high & 0x7f) | (last << 7)
      }
    }
    const raw = (BigInt(high) << 56n) | (BigInt(middle) << 28n) | BigInt(low)
    return BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n))
  }

  /** The same, as two words of an Int64 column, the low one first: no bigint is made. */
  readLongWords(words: Int32Array, at: number): void {
    const short = this.shortVarint()
    if (short >= 0) {
      const value = (short >>> 1) ^ -(short & 1)
      words[at] = value
      words[at + 1] = value >> 31
      return
    }
    const first = this.read28Bits()
    const second = this.continues ? this.read28Bits() : 0
    let third = 0
    if (this.continues) {
      third = this.readByte()
      if (third >= 0x80) {
        const last = this.readByte()
        if (last > 1) throw invalidData('Avro long: expected a value of 64 bits, found a longer one')
        third = (third & 0x7f) | (last << 7)
      }
    }
    const low = first | (second << 28)
    const high = (second >>> 4) | (third << 24)
    const sign = -(low & 1)
    words[at] = ((low >>> 1) | (high << 31)) ^ sign
    words[at + 1] = (high >>> 1) ^ sign
  }

  /** A varint of one byte, as most are; -1, with nothing read, for a longer one or none. */
  private shortVarint(): number {
    const { position } = this
    if (position >= this.end) return -1
    const byte = this.bytes[position]!
    if (byte >= 0x80) return -1
    this.position = position + 1
    return byte
  }

  private read28Bits(): number {
    let bits = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.readByte()
      bits |= (byte & 0x7f) << shift
      this.continues = byte >= 0x80
      if (!this.continues) break
    }
    return bits
  }

  readFloat(): number {
    return this.view.getFloat32(this.take(4), true)
  }

  readDouble(): number {
    return this.view.getFloat64(this.take(8), true)
  }

  /** Bytes of a given length (`fixed`), copied. */
  readFixed(length: number): Uint8Array {
    const start = this.take(length)
    return this.bytes.slice(start, start + length)
  }

  /** Bytes of a given length, sharing the input's memory. */
  viewFixed(length: number): Uint8Array {
    const start = this.take(length)
    return this.bytes.subarray(start, start + length)
  }

  /** Bytes behind their length, sharing the input's memory: for those who look at them and let go. */
  viewBytes(): Uint8Array {
    return this.viewFixed(this.readLength())
  }

  /** Bytes behind their length, copied. */
  readBytes(): Uint8Array {
    return this.readFixed(this.readLength())
  }

  readString(): string {
    const length = this.readLength()
    const start = this.take(length)
    const text = this.text.toString('utf8', start, start + length)
    if (text.includes('\ufffd')) checkUtf8(this.bytes.subarray(start, start + length))
    return text
  }

  /** The length of bytes or a string: never more than is there. */
  readLength(): number {
    const length = this.readInt()
    if (length < 0 || length > this.remaining) {
      throw invalidData(`Avro length: expected 0 to the ${this.remaining} bytes that remain, found ${length}`)
    }
    return length
  }

  /**
   * The item count of the next block of an array or map; 0 at its end. A count of more items of `itemBytes` than the
   * bytes that remain can hold is refused, so the work is bounded by the input.
   */
  readCount(itemBytes = 1): number {
    let count = this.readInt()
    if (count < 0) {
      count = -count
      this.readLength()
    }
    if (count * itemBytes > this.remaining) {
      throw invalidData(
        `Avro item count: expected at most the ${this.remaining} bytes that remain, found ${count}`,
      )
    }
    return count
  }

  skip(length: number): void {
    this.take(length)
  }

  skipVarints(count: number): void {
    const { bytes, end } = this
    let position = this.position
    for (let i = 0; i < count; i++) {
      const start = position
      while (bytes[position]! >= 0x80) position++
      if (position >= end || position - start >= 10)
        throw invalidData('Avro varint: expected at most 10 bytes inside the block')
      position++
    }
    this.position = position
  }

  /** Steps over pairs of a varint and bytes behind their length: bounds by field id. */
  skipKeyedBytes(count: number): void {
    for (let i = 0; i < count; i++) {
      this.skipVarints(1)
      this.take(this.readLength())
    }
  }

  private take(length: number): number {
    const start = this.position
    if (length > this.end - start) throw this.tooShort(length)
    this.position = start + length
    return start
  }

  private tooShort(wanted: number) {
    return invalidData(`Avro data ends early: expected ${wanted} more bytes, found ${this.remaining}`)
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function checkUtf8(bytes: Uint8Array): void {
  try {
    strictUtf8.decode(bytes)
  } catch (cause) {
    throw invalidData('Avro string: expected UTF-8', undefined, cause)
  }
}
