import { Readable } from 'node:stream'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asUtf8, withNulls } from '../../cli/csv-cells.ts'
import { csvRecords } from '../../cli/input.ts'

const bare = fc.stringMatching(/^[a-zü😀 ]{0,3}$/u)
const quoted = fc.stringMatching(/^[a-zü😀 ,"\r\n]{0,4}$/u)
const cell = fc.oneof(
  bare.map((text) => ({ text, written: text })),
  quoted.map((text) => ({ text, written: `"${text.replaceAll('"', '""')}"` })),
)

test('a cell is null where the parser tells that it is empty without quotes, and only there', () => {
  const records = fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(records, fc.constantFrom('\n', '\r\n'), fc.boolean(), (rows, end, isEnded) => {
      const lines = rows.map((row) => row.map(({ written }) => written).join())
      const text = `a,b,c${end}${lines.join(end)}${isEnded ? end : ''}`
      const told: unknown = parse(text, {
        cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
      })
      const seen = parse(text, { raw: true }) as unknown as { record: string[]; raw: string }[]
      expect(seen.map(({ record, raw }) => withNulls(record, raw))).toEqual(told)
    }),
    { seed: 5, numRuns: 300 },
  )
})

test.each(['utf8', 'utf16le'] as const)(
  'records in %s are read with their mark, in chunks of any size',
  async (encoding) => {
    const bytes = Buffer.from('\ufeffid,note\r\n1,\r\n2,""\r\n3,"ü😀, ""x"""', encoding)
    for (const size of [1, 2, 3, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      )
      const notes: unknown[] = []
      const input = { format: 'csv', name: 'standard input', source: Readable.from(chunks) } as const
      for await (const { cells, line } of csvRecords(input)) notes.push([line, cells.get('note')])
      expect(notes, `${size} bytes a chunk`).toEqual([
        [2, null],
        [3, ''],
        [4, 'ü😀, "x"'],
      ])
    }
  },
)

test('an input of one byte, or of none, stays as it is', async () => {
  for (const text of ['', 'a']) {
    const chunks: Uint8Array[] = []
    for await (const chunk of asUtf8(Readable.from([Buffer.from(text)]))) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe(text)
  }
})
