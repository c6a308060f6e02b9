import { deflateRawSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { decompressBlock } from '../../format/avro/block-codec.ts'
import { parseJson } from '../../format/lossless-json.ts'
import {
  connect,
  MemoryStore,
  openTable,
  type ReadLimits,
  readLimits,
  schema,
  setReadLimits,
  t,
} from '../../index.ts'
import { code } from '../table/support.ts'

const defaults = readLimits()
afterEach(() => setReadLimits(defaults))

async function tableIn(store: MemoryStore) {
  const lake = await connect('memory://lake/wh', { store })
  const columns = schema({ id: t.long().required(), text: t.string() })
  const properties = { 'write.parquet.compression-codec': 'zstd' }
  const table = await lake.createTable('shop.texts', { schema: columns, properties })
  return table.append(Array.from({ length: 2000 }, (_, i) => ({ id: i, text: `${i}`.repeat(200) })))
}

async function rowsOf(location: string, store: MemoryStore, parallelism: number): Promise<number> {
  let count = 0
  for await (const _ of (await openTable(location, { store, parallelism })).scan().rows()) count++
  return count
}

describe('what is read at once is limited', () => {
  test('by the numbers that the README gives, unless others are set', () => {
    expect(readLimits()).toEqual({
      metadataBytes: 2 ** 28,
      blockBytes: 2 ** 28,
      pageBytes: 2 ** 30,
      depth: 128,
    })
    setReadLimits({ depth: 5, blockBytes: 1000 })
    setReadLimits({ depth: undefined })
    expect(readLimits()).toEqual({ ...defaults, blockBytes: 1000 })
  })

  test.for<[Partial<Record<keyof ReadLimits, unknown>> & Record<string, unknown>, RegExp]>([
    [{ pageByte: 5 }, /no limit 'pageByte'; there are: metadataBytes, blockBytes, pageBytes, depth/],
    [{ depth: 0 }, /depth: expected 1 to 500, found number 0/],
    [{ depth: 100_000 }, /depth: expected 1 to 500/],
    [{ pageBytes: 2 ** 31 }, /pageBytes: expected 1 to 2147483647/],
    [{ blockBytes: '5' }, /blockBytes: .* found string "5"/],
    [{ blockBytes: 1.5 }, /blockBytes: .* found number 1.5/],
  ])('%j is refused, and changes nothing', ([limits, message]) => {
    expect(() => setReadLimits({ metadataBytes: 7, ...limits } as Partial<ReadLimits>)).toThrow(message)
    expect(readLimits()).toEqual(defaults)
  })

  test('metadata, as it is stored and as it unpacks', async () => {
    const store = new MemoryStore()
    const { metadataLocation } = await tableIn(store)
    const plain = await store.get(metadataLocation)
    const zipped = metadataLocation.replace('.metadata.json', '.gz.metadata.json')
    await store.put(zipped, gzipSync(plain))
    for (const location of [metadataLocation, zipped]) {
      setReadLimits({ metadataBytes: plain.length })
      expect(await rowsOf(location, store, 0)).toBe(2000)
      setReadLimits({ metadataBytes: plain.length - 1 })
      await expect(openTable(location, { store })).rejects.toThrow(code('UNSUPPORTED'))
      await expect(openTable(location, { store })).rejects.toThrow(
        /metadata.*setReadLimits\({ metadataBytes }/,
      )
    }
  })

  test('blocks of manifests', async () => {
    const bytes = deflateRawSync(new Uint8Array(2000))
    setReadLimits({ blockBytes: 2000 })
    expect(decompressBlock('deflate', bytes).length).toBe(2000)
    setReadLimits({ blockBytes: 1999 })
    expect(() => decompressBlock('deflate', bytes)).toThrow(code('UNSUPPORTED'))
    const store = new MemoryStore()
    const { metadataLocation } = await tableIn(store)
    setReadLimits({ blockBytes: 20 })
    await expect(rowsOf(metadataLocation, store, 0)).rejects.toThrow(/avro: .*setReadLimits\({ blockBytes }/)
  })

  test.for([0, 2])('pages, in %i threads', async (threads) => {
    const store = new MemoryStore()
    const { metadataLocation } = await tableIn(store)
    setReadLimits({ pageBytes: 10_000 })
    await expect(rowsOf(metadataLocation, store, threads)).rejects.toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        context: expect.objectContaining({ limit: 'pageBytes' }),
      }),
    )
    setReadLimits({ pageBytes: undefined })
    expect(await rowsOf(metadataLocation, store, threads)).toBe(2000)
  })

  test('levels of JSON', () => {
    setReadLimits({ depth: 3 })
    expect(parseJson('[[[]]]')).toEqual([[[]]])
    expect(() => parseJson('[[[[]]]]')).toThrow(/nest too deep/)
  })
})
