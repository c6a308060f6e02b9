/** What the keys of equality deletes take in memory. MORAINE_KEYS says how many; ten million stay below 1 GiB. */
import { makeData, RecordBatch, Struct } from 'apache-arrow'
import { expect, test } from 'vitest'
import { arrowData } from '../../format/arrow/arrow-data.ts'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { longType, type NestedField, stringType } from '../../format/types.ts'
import { collectKeys } from '../../readers/deletes/equality-deletes.ts'
import { optional } from './crafted-table.ts'

const keys = Number(process.env['MORAINE_KEYS'] ?? 400_000)
const BATCH = 50_000
const KEY_LENGTH = 20

const long = optional(1, 'id', longType)
const text = optional(2, 'name', stringType)

test.each([
  ['longs', [long], 60],
  ['texts of 20 bytes', [text], 95],
  ['pairs of a long and a text', [long, text], 110],
] as const)('keys that are %s are held in few bytes, and found', async (_, fields, bytesPerKey) => {
  const before = process.memoryUsage().rss
  const found = await collectKeys('memory://keys', fields, batches(fields))
  const growth = process.memoryUsage().rss - before
  if (process.env['MORAINE_KEYS'] !== undefined) {
    console.info(
      `${keys} keys: ${Math.round(found.byteLength / 2 ** 20)} MiB held, process grew by ${Math.round(growth / 2 ** 20)} MiB`,
    )
  }
  expect(found.size).toBe(keys)
  // At worst a table has just grown, and is one third full.
  expect(found.byteLength).toBeLessThan(8 * 2 ** 20 + keys * bytesPerKey)
  expect(growth).toBeLessThan(2 ** 30)
  const mask = new Uint8Array(100).fill(1)
  found.clearFrom(columnsOf(fields, keys - 50, 100), mask)
  expect(mask.indexOf(1)).toBe(50)
  expect(mask.lastIndexOf(0)).toBe(49)
})

async function* batches(fields: readonly NestedField[]): AsyncGenerator<RecordBatch> {
  const schema = arrowSchemaOf(fields)
  for (let first = 0; first < keys; first += BATCH) {
    const length = Math.min(BATCH, keys - first)
    const children = columnsOf(fields, first, length)
    yield new RecordBatch(
      schema,
      makeData({ type: new Struct(schema.fields), length, nullCount: 0, children }),
    )
  }
}

function columnsOf(fields: readonly NestedField[], first: number, length: number) {
  return fields.map(({ type }, k) => {
    const arrowType = arrowSchemaOf(fields).fields[k]!.type
    if (type.kind === 'long') {
      return arrowData(arrowType, length, {
        values: BigInt64Array.from({ length }, (_, i) => BigInt(first + i) * 7919n),
      })
    }
    const values = Buffer.alloc(length * KEY_LENGTH)
    for (let i = 0; i < length; i++) values.write(String(first + i).padStart(KEY_LENGTH, 'k'), i * KEY_LENGTH)
    return arrowData(arrowType, length, {
      values: new Uint8Array(values),
      valueOffsets: Int32Array.from({ length: length + 1 }, (_, i) => i * KEY_LENGTH),
    })
  })
}
