import { Type as ArrowType, type Data, Schema } from 'apache-arrow'
import { expect, test } from 'vitest'
import { copyFfiBatch } from '../../../format/parquet/ffi-batch.ts'
import { storedColumns } from '../../../format/parquet/stored-columns.ts'
import { batchOf, cellsOf } from './sample-batch.ts'
import { sampleFields, sampleRows } from './sample-schema.ts'

test('a batch is copied whole, and from any row on, as its offset says', () => {
  const batch = storedColumns(batchOf(sampleFields, sampleRows(0, 40)))
  const cells = cellsOf(batch.data)
  for (const [offset, length] of [
    [0, 40],
    [1, 39],
    [8, 16],
    [13, 20],
    [40, 0],
  ] as const) {
    const memory = new Memory()
    const address = memory.writeArray(batch.data, offset, length)
    const copied = copyFfiBatch(memory.buffer, address, new Schema(batch.schema.fields))
    memory.bytes.fill(0xff)
    expect(cellsOf(copied.data)).toEqual(cells.slice(offset, offset + length))
  }
})

test('the copy lies in one buffer, which is its own', () => {
  const batch = storedColumns(batchOf(sampleFields, sampleRows(0, 40)))
  const memory = new Memory()
  const copied = copyFfiBatch(memory.buffer, memory.writeArray(batch.data, 0, 40), batch.schema)
  const buffers = new Set(buffersOf(copied.data).map(({ buffer }) => buffer))
  expect(buffers.size).toBe(1)
  expect(buffers.has(memory.buffer)).toBe(false)
})

/** Arrow data laid out as the C data interface has it, with pointers of 32 bits. */
class Memory {
  readonly buffer = new ArrayBuffer(1 << 20)
  readonly bytes = new Uint8Array(this.buffer)
  readonly #view = new DataView(this.buffer)
  #end = 64

  writeArray(data: Data, offset = 0, length = data.length): number {
    const buffers = layoutOf(data).map((buffer) => this.#writeBytes(buffer))
    const children = data.children.map((child) => this.writeArray(child))
    const address = this.#reserve(64)
    const counts = [length, data.nullCount === 0 ? 0 : -1, offset, buffers.length, children.length]
    counts.forEach((count, i) => {
      this.#view.setBigInt64(address + 8 * i, BigInt(count), true)
    })
    this.#view.setUint32(address + 40, this.#writePointers(buffers), true)
    this.#view.setUint32(address + 44, this.#writePointers(children), true)
    return address
  }

  #writeBytes(part: ArrayBufferView | undefined): number {
    if (part === undefined) return 0
    const at = this.#reserve(part.byteLength)
    this.bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at)
    return at
  }

  #writePointers(pointers: readonly number[]): number {
    const at = this.#reserve(4 * pointers.length)
    pointers.forEach((pointer, i) => {
      this.#view.setUint32(at + 4 * i, pointer, true)
    })
    return at
  }

  #reserve(size: number): number {
    const at = this.#end
    this.#end += (size + 7) & ~7
    return at
  }
}

function layoutOf(data: Data): (ArrayBufferView | undefined)[] {
  const validity = data.nullCount === 0 ? undefined : data.nullBitmap
  switch (data.typeId) {
    case ArrowType.Struct:
      return [validity]
    case ArrowType.List:
    case ArrowType.Map:
      return [validity, data.valueOffsets]
    case ArrowType.Utf8:
    case ArrowType.Binary:
      return [validity, data.valueOffsets, data.values]
    default:
      return [validity, data.values]
  }
}

function buffersOf(data: Data): ArrayBufferView[] {
  const own = [data.nullBitmap, data.valueOffsets, data.values] as (ArrayBufferView | undefined)[]
  return [
    ...own.filter((buffer) => buffer !== undefined && buffer !== null && buffer.byteLength > 0),
    ...data.children.flatMap(buffersOf),
  ] as ArrayBufferView[]
}
