import { invalidArgument } from '../errors.ts'

/** A growing buffer of Avro binary data. */
export class AvroOutput {
  length = 0
  private bytes: Buffer

  constructor(capacity = 1024) {
    this.bytes = Buffer.allocUnsafe(capacity)
  }

  /** What was written so far, as a view that the next write may overwrite. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  /** Forgets what was written and keeps the memory. */
  clear(): void {
    this.length = 0
  }

  writeByte(byte: number): void {
    this.reserve(1)
    this.bytes[this.length++] = byte
  }

  writeBoolean(value: boolean): void {
    this.writeByte(value ? 1 : 0)
  }

  writeInt(value: number): void {
    if (value !== (value | 0)) throw invalidArgument(`expected a 32-bit integer, found ${value}`)
    this.writeVarint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  writeLong(value: bigint): void {
    if (value >= -SHORT && value < SHORT) {
      const short = Number(value)
      this.writeVarint(short < 0 ? -2 * short - 1 : 2 * short)
      return
    }
    if (BigInt.asIntN(64, value) !== value) throw invalidArgument(`expected a 64-bit integer, found ${value}`)
    this.reserve(10)
    let raw = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    for (; raw >= 0x80n; raw >>= 7n) this.bytes[this.length++] = Number(raw & 0x7fn) | 0x80
    this.bytes[this.length++] = Number(raw)
  }

  writeFloat(value: number): void {
    this.reserve(4)
    this.length = this.bytes.writeFloatLE(value, this.length)
  }

  writeDouble(value: number): void {
    this.reserve(8)
    this.length = this.bytes.writeDoubleLE(value, this.length)
  }

  /** Bytes without their length. */
  writeFixed(value: Uint8Array): void {
    this.reserve(value.length)
    this.bytes.set(value, this.length)
    this.length += value.length
  }

  writeBytes(value: Uint8Array): void {
    this.writeInt(value.length)
    this.writeFixed(value)
  }

  writeString(value: string): void {
    const length = Buffer.byteLength(value)
    this.writeInt(length)
    this.reserve(length)
    this.length += this.bytes.write(value, this.length)
  }

  /** `raw` up to 2^53, already zig-zag. */
  private writeVarint(raw: number): void {
    this.reserve(8)
    let rest = raw
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.bytes[this.length++] = (rest % 0x80) | 0x80
    this.bytes[this.length++] = rest
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + more))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}

/** Below this magnitude the zig-zag form is an exact number. */
const SHORT = 1n << 52n
