import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMoraineError } from '../../../format/errors.ts'
import {
  decodePuffinBlob,
  decodePuffinFooter,
  encodePuffin,
  type NewPuffinBlob,
  PUFFIN_TAIL_LENGTH,
  puffinFooterLength,
} from '../../../format/puffin/puffin-file.ts'
import { runs } from '../../runs.ts'

const blob: NewPuffinBlob = {
  type: 'deletion-vector-v1',
  fields: [2147483645],
  snapshotId: -1n,
  sequenceNumber: -1n,
  properties: { 'referenced-data-file': 's3://b/żółć.parquet', cardinality: '3' },
  data: Uint8Array.of(1, 2, 3, 4, 5),
}
const sketch: NewPuffinBlob = {
  type: 'apache-datasketches-theta-v1',
  fields: [1, 2],
  snapshotId: 2n ** 63n - 1n,
  sequenceNumber: 9n,
  properties: {},
  data: new Uint8Array(),
}
const { bytes, blobs } = encodePuffin([blob, sketch, blob], { 'created-by': 'a test', ['__proto__']: 'kept' })

/** The file with another footer payload, its length corrected. */
function withPayload(payload: string): Uint8Array {
  const head = bytes.slice(0, 4 + 10)
  const body = Buffer.from(payload)
  const tail = Buffer.alloc(PUFFIN_TAIL_LENGTH)
  tail.writeInt32LE(body.length)
  tail.write('PFA1', 8)
  return Uint8Array.from(Buffer.concat([head, Buffer.from('PFA1'), body, tail]))
}

const line = { type: 't', fields: [], 'snapshot-id': 1, 'sequence-number': 1, offset: 4, length: 10 }
const footerOf = (over: object) => withPayload(JSON.stringify({ blobs: [{ ...line, ...over }] }))

describe('a Puffin file', () => {
  it('tells where each blob lies', () => {
    expect(blobs.map(({ offset, length }) => [offset, length])).toEqual([
      [4, 5],
      [9, 0],
      [9, 5],
    ])
    for (const { offset, length } of [blobs[0]!, blobs[2]!]) {
      expect(bytes.slice(offset, offset + length)).toEqual(blob.data)
    }
  })

  it('is read back from the whole file, or from its end alone', () => {
    const length = puffinFooterLength(bytes.subarray(-PUFFIN_TAIL_LENGTH), bytes.length)
    for (const tail of [bytes, bytes.subarray(-length), bytes.subarray(-length - 3)]) {
      const footer = decodePuffinFooter(tail, bytes.length)
      expect(footer.blobs).toEqual(blobs.map((b) => ({ ...b, properties: { ...b.properties } })))
      expect(Object.entries(footer.properties)).toEqual([
        ['created-by', 'a test'],
        ['__proto__', 'kept'],
      ])
    }
  })

  it('without a blob is read and written', () => {
    const empty = encodePuffin([]).bytes
    expect(decodePuffinFooter(empty, empty.length)).toEqual({ blobs: [], properties: {} })
  })

  it('hands out blobs that are not compressed, and names a codec that is not served', () => {
    expect(decodePuffinBlob(blobs[0]!, blob.data)).toEqual(blob.data)
    expect(() => decodePuffinBlob(blobs[0]!, sketch.data)).toThrow(/expected a blob of 5 bytes, found 0/)
    const lz4 = { ...blobs[0]!, compressionCodec: 'lz4' }
    expect(() => decodePuffinBlob(lz4, blob.data)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  })

  it('with a compressed footer is refused by name', () => {
    const compressed = bytes.slice()
    compressed[bytes.length - 8] = 1
    expect(() => decodePuffinFooter(compressed, bytes.length)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    )
  })

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['other magic bytes at its start', Uint8Array.of(0, ...bytes.subarray(1))],
    ['data behind its end', Uint8Array.of(...bytes, 0)],
    ['a cut end', bytes.slice(0, -1)],
    ['a payload length beyond the file', withLength(2 ** 31 - 1)],
    ['a negative payload length', withLength(-20)],
    ['a payload length that misses the footer magic', withLength(20)],
    ['an unknown flag', Uint8Array.from(bytes, (byte, i) => (i === bytes.length - 7 ? 1 : byte))],
    ['a blob that reaches into the footer', footerOf({ length: 11 })],
    ['a blob in front of the file', footerOf({ offset: -4 })],
    ['a blob of negative length', footerOf({ length: -1 })],
    [
      'a blob whose end overflows',
      withPayload(JSON.stringify({ blobs: [line] }).replace('10}', '9223372036854775807}')),
    ],
    ['no list of blobs', withPayload('{}')],
    ['a footer that is no JSON', withPayload('{"blobs":[')],
  ])('refuses %s', (_, broken) => {
    expect(() => decodePuffinFooter(broken, broken.length)).toThrow(
      expect.objectContaining({ code: 'INVALID_DATA' }),
    )
  })

  it('throws nothing but typed errors when bytes are changed', () => {
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const changed = bytes.slice()
        for (const [at, to] of changes) changed[at] = to
        try {
          decodePuffinFooter(changed, changed.length)
        } catch (error) {
          expect(isMoraineError(error)).toBe(true)
        }
      }),
      runs(48, 2000),
    )
  })
})

function withLength(length: number): Uint8Array {
  const changed = bytes.slice()
  new DataView(changed.buffer).setInt32(bytes.length - PUFFIN_TAIL_LENGTH, length, true)
  return changed
}
