import { randomBytes } from 'node:crypto'
import * as zlib from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { setReadLimits } from '../../format/read-limits.ts'
import { decompressInJavaScript, decompressZstd } from '../../format/zstd.ts'

/** `moraine` a thousand times, by the reference encoder. */
const FRAME = Buffer.from('28b52ffd60581a7d0000386d6f7261696e6501004eabbe1801', 'hex')

afterEach(() => setReadLimits({ blockBytes: undefined }))

describe('zstd data', () => {
  test('is the same through both decoders, where both are there', () => {
    const compress = (zlib as { zstdCompressSync?: (bytes: Uint8Array) => Uint8Array }).zstdCompressSync
    const texts = [
      Buffer.alloc(0),
      Buffer.from('a'),
      Buffer.alloc(3_000_000, 'moraine '),
      randomBytes(100_000),
    ]
    for (const text of compress === undefined ? [] : texts) {
      const packed = compress!(text)
      expect(Buffer.compare(decompressInJavaScript(packed), text)).toBe(0)
      expect(Buffer.compare(decompressZstd(packed), text)).toBe(0)
    }
  })

  test('unpacks in JavaScript to what was packed', () => {
    expect(Buffer.from(decompressInJavaScript(FRAME)).toString()).toBe('moraine'.repeat(1000))
  })

  test('that unpacks to more than is allowed, or is broken, is refused', () => {
    setReadLimits({ blockBytes: 6999 })
    for (const decompress of [decompressInJavaScript, decompressZstd]) {
      expect(() => decompress(FRAME)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
    }
    setReadLimits({ blockBytes: undefined })
    expect(() => decompressZstd(FRAME.subarray(0, 12))).toThrow(
      expect.objectContaining({ code: 'INVALID_DATA' }),
    )
    expect(() => decompressZstd(Buffer.from('none'))).toThrow(
      expect.objectContaining({ code: 'INVALID_DATA' }),
    )
  })
})
