import { describe, expect, test } from 'vitest'
import type { ChunkBytes } from '../../../format/parquet/codec.ts'
import { withoutHadoopFrames } from '../../../format/parquet/hadoop-lz4.ts'
import { i32, writeThrift } from '../../../format/parquet/thrift.ts'
import { loadWasmCodec } from '../../../format/parquet/wasm-codec.ts'
import { batchRows } from '../../arrow-values.ts'

const codec = await loadWasmCodec()
const schema = [
  { name: 'schema', numChildren: 1 },
  { name: 'a', type: 'INT32', repetition: 'REQUIRED' },
] as const

/** Some literals, a match of `matched` bytes one value before, and the last literals. */
function block(bytes: Uint8Array, first: number, last: number): number[] {
  if (first === bytes.length) return [...start(first, 0), ...bytes]
  const match = bytes.length - first - last - 4
  const rest = match < 15 ? [] : extension(match - 15)
  return [
    ...start(first, Math.min(match, 15)),
    ...bytes.subarray(0, first),
    ...[4, 0],
    ...rest,
    ...start(last, 0),
    ...bytes.subarray(bytes.length - last),
  ]
}

function start(literals: number, match: number): number[] {
  return literals < 15 ? [literals * 16 + match] : [240 + match, ...extension(literals - 15)]
}

function extension(rest: number): number[] {
  return [...Array<number>(Math.floor(rest / 255)).fill(255), rest % 255]
}

function bigEndian(length: number): number[] {
  return [length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255]
}

/** A page of `count` sevens in frames of one block for each pair of literal counts. */
function chunkOf(count: number, blocks: readonly (readonly [size: number, first: number, last: number])[]) {
  const values = new Uint8Array(Int32Array.from({ length: count }, () => 7).buffer)
  const frames: number[] = []
  let at = 0
  // Two blocks a frame, but for the last.
  for (let i = 0; i < blocks.length; i += 2) {
    const pair = blocks.slice(i, i + 2)
    frames.push(...bigEndian(pair.reduce((sum, [size]) => sum + size, 0)))
    for (const [size, first, last] of pair) {
      const packed = block(values.subarray(at, at + size), first, last)
      frames.push(...bigEndian(packed.length), ...packed)
      at += size
    }
  }
  const int = (value: number) => [0x15, ...writeThrift(i32, value)]
  const sizes = [...int(0), ...int(values.length), ...int(frames.length)]
  const header = [...sizes, 0x2c, ...int(count), ...int(0), ...int(3), ...int(3), 0, 0]
  const bytes = Uint8Array.from([...header, ...frames])
  const column = {
    type: 'INT32',
    encodings: [0],
    pathInSchema: ['a'],
    codec: 'LZ4',
    numValues: BigInt(count),
    totalUncompressedSize: BigInt(header.length + values.length),
    totalCompressedSize: BigInt(bytes.length),
    dataPageOffset: 4n,
  } as const
  return { at, chunk: { column, bytes } satisfies ChunkBytes }
}

function decode(chunk: ChunkBytes, numRows: number) {
  return [...codec.decodeRowGroup({ schema, numRows, chunks: [chunk] })].flatMap(batchRows)
}

describe('pages of LZ4 in the frames of Hadoop', () => {
  test.each<[string, readonly (readonly [number, number, number])[]]>([
    ['one block', [[400, 4, 5]]],
    [
      'blocks of which the second is small',
      [
        [396, 4, 5],
        [4, 4, 0],
      ],
    ],
    [
      'blocks of literals alone',
      [
        [4, 4, 0],
        [16, 16, 0],
        [280, 280, 0],
        [100, 4, 5],
      ],
    ],
    [
      'literals that make up 15 and 270 where blocks meet',
      [
        [100, 4, 11],
        [100, 4, 12],
        [180, 140, 8],
        [20, 8, 5],
      ],
    ],
    ['many blocks', Array.from({ length: 10 }, () => [40, 4, 5] as const)],
  ])('are read: %s', (_, blocks) => {
    const { at, chunk } = chunkOf(100, blocks)
    expect(at).toBe(400)
    expect(withoutHadoopFrames(chunk).column.codec).toBe('LZ4_RAW')
    expect(decode(chunk, 100)).toEqual(Array(100).fill({ a: 7 }))
  })

  test('are left alone when they are packed otherwise, or by another codec', () => {
    const { chunk } = chunkOf(100, [[400, 4, 5]])
    const raw = withoutHadoopFrames(chunk)
    expect(withoutHadoopFrames(raw)).toBe(raw)
    const unframed = { ...raw, column: { ...raw.column, codec: 'LZ4' as const } }
    expect(withoutHadoopFrames(unframed)).toBe(unframed)
    expect(decode(unframed, 100)).toHaveLength(100)
  })

  test('are refused when they are cut into more blocks than any writer makes', () => {
    const { chunk } = chunkOf(
      100,
      Array.from({ length: 100 }, () => [4, 4, 0] as const),
    )
    expect(withoutHadoopFrames(chunk)).toBe(chunk)
    expect(() => decode(chunk, 100)).toThrow(expect.objectContaining({ code: 'INVALID_DATA' }))
  })

  test('with any damage are values or INVALID_DATA', () => {
    const { chunk } = chunkOf(
      100,
      Array.from({ length: 10 }, () => [40, 4, 5] as const),
    )
    for (let at = 0; at < chunk.bytes.length; at++) {
      for (const bit of [0, 3, 7]) {
        const bytes = chunk.bytes.slice()
        bytes[at]! ^= 1 << bit
        try {
          expect(decode({ ...chunk, bytes }, 100)).toHaveLength(100)
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(INVALID_DATA|UNSUPPORTED)$/) })
        }
      }
    }
  })
})
