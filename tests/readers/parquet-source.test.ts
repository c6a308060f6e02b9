import { describe, expect, test } from 'vitest'
import { chunkRange } from '../../format/parquet/footer-codec.ts'
import { longType, stringType } from '../../format/types.ts'
import { fetchRanges, openParquet } from '../../readers/parquet-source.ts'
import { LOCATION, optional, parquetFile, storeOf } from './support.ts'

describe('openParquet', () => {
  test('a footer longer than the first request takes a second one', async () => {
    const fields = Array.from({ length: 1500 }, (_, i) =>
      optional(i + 1, `column_with_a_long_name_${i}`, longType),
    )
    const bytes = parquetFile(fields, [[{}]])
    const store = await storeOf(bytes)
    const source = await openParquet(store, LOCATION, BigInt(bytes.length))
    expect(source.footer.schema).toHaveLength(1501)
    expect(store.counters.gets).toBe(2)
  })

  test('what is no Parquet file is INVALID_DATA that names the file', async () => {
    for (const text of ['', 'PAR1', 'PAR1PAR1', 'not parquet at all', 'PAR1\xff\xff\xff\x7fPAR1']) {
      const bytes = new Uint8Array(Buffer.from(text, 'latin1'))
      const opening = openParquet(await storeOf(bytes), LOCATION, BigInt(bytes.length))
      await expect(opening, text).rejects.toMatchObject({ code: 'INVALID_DATA', context: { file: LOCATION } })
    }
  })

  test('an absurd claim of the manifest is INVALID_DATA, and so is a file that is not there', async () => {
    const store = await storeOf(new Uint8Array(100))
    await expect(openParquet(store, LOCATION, -1n)).rejects.toMatchObject({ code: 'INVALID_DATA' })
    await expect(openParquet(store, LOCATION, 1n << 60n)).rejects.toMatchObject({ code: 'INVALID_DATA' })
    await expect(openParquet(store, LOCATION, 1n << 40n)).rejects.toMatchObject({
      code: 'INVALID_DATA',
    })
    await expect(openParquet(store, 'memory://test/none', 100n)).rejects.toMatchObject({
      code: 'INVALID_DATA',
      message: expect.stringContaining('not there'),
    })
  })
})

test('chunks come back whole and in order, from one request where they are neighbours', async () => {
  const fields = [optional(1, 'a', longType), optional(2, 'b', stringType), optional(3, 'c', longType)]
  const rows = Array.from({ length: 30_000 }, (_, i) => ({
    a: BigInt(i) ** 4n % 1_000_003n,
    b: `${i ** 3 % 99_991} ${i ** 2 % 99_989}`,
    c: BigInt(i) ** 3n % 1_000_003n,
  }))
  const bytes = parquetFile(fields, [rows])
  const store = await storeOf(bytes)
  const source = await openParquet(store, LOCATION, BigInt(bytes.length))
  const { columns } = source.footer.rowGroups[0]!
  const wanted = [columns[1]!, columns[0]!].map(chunkRange)
  const chunks = await fetchRanges(store, source, wanted)
  expect(store.counters.gets).toBe(2)
  chunks.forEach((chunk, i) => {
    expect(Buffer.compare(chunk, bytes.subarray(wanted[i]!.start, wanted[i]!.end))).toBe(0)
  })
})
