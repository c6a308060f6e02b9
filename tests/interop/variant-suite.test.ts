/** The cases of Parquet's own suite of variants, where its folder is named by MORAINE_PARQUET_TESTING. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeVariantMetadata, decodeVariantValue } from '../../format/variant/decode-variant.ts'
import { encodeVariant } from '../../format/variant/encode-variant.ts'
import { exactVariant } from '../../format/variant/variant-json.ts'
import { isMoraineError } from '../../index.ts'
import { openParquet } from '../../readers/parquet-source.ts'
import { readTask } from '../../readers/read-task.ts'
import { rowReader } from '../../readers/rows.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import { codec, optional, required } from '../readers/support.ts'

const folder = process.env['MORAINE_PARQUET_TESTING'] ?? ''
const shredded = join(folder, 'shredded_variant')

interface Case {
  readonly case_number: number
  readonly test?: string
  readonly parquet_file?: string
  readonly variant_file?: string
  readonly variant_files?: readonly (string | null)[]
  readonly error_message?: string
}

describe.skipIf(folder === '' || !existsSync(shredded))('the suite of shredded variants', () => {
  const cases = existsSync(shredded)
    ? (JSON.parse(readFileSync(join(shredded, 'cases.json'), 'utf8')) as Case[])
    : []
  for (const entry of cases) {
    if (entry.parquet_file === undefined) continue
    const outcome = entry.error_message === undefined ? 'reads right' : 'is refused'
    test(`case ${entry.case_number}, ${entry.test}, ${outcome}`, async () => {
      const reading = variantsOf(join(shredded, entry.parquet_file!))
      if (entry.error_message !== undefined) {
        await expect(reading).rejects.toSatisfy((error) => isMoraineError(error, 'INVALID_DATA'))
        return
      }
      const files = entry.variant_files ?? [entry.variant_file!]
      expect(await reading).toEqual(
        files.map((file) => (file === null ? null : exactOf(join(shredded, file)))),
      )
    })
  }
})

describe.skipIf(folder === '')('the examples of variants', () => {
  const examples = join(folder, 'variant')
  const names = existsSync(examples)
    ? readdirSync(examples)
        .filter((name) => name.endsWith('.value'))
        .map((name) => name.slice(0, -6))
    : []
  test.each(names)('%s decodes, and encodes to what decodes to the same', (name) => {
    const names = decodeVariantMetadata(readFileSync(join(examples, `${name}.metadata`)))
    const variant = decodeVariantValue(readFileSync(join(examples, `${name}.value`)), names)
    const { metadata, value } = encodeVariant(variant)
    expect(decodeVariantValue(value, decodeVariantMetadata(metadata))).toEqual(variant)
  })
})

async function variantsOf(file: string): Promise<unknown[]> {
  const bytes = readFileSync(file)
  const store = new MemoryStore()
  const location = 'memory://suite/case.parquet'
  await store.put(location, bytes)
  const fields = [required(1, 'id', { kind: 'int' }), optional(2, 'var', { kind: 'variant' })]
  const { footer } = await openParquet(store, location, BigInt(bytes.length))
  const dataFile = {
    content: 'data',
    filePath: location,
    fileFormat: 'parquet',
    specId: 0,
    partition: [],
    recordCount: footer.numRows,
    fileSizeInBytes: BigInt(bytes.length),
  } as const
  const rows: unknown[] = []
  const read = rowReader(fields, { variants: 'exact' })
  const tableSchema = { schemaId: 0, fields, identifierFieldIds: [] }
  const task = { dataFile, sequenceNumber: 1n, deletes: [], residual: { op: 'true' } } as const
  const spec = { specId: 0, fields: [] }
  for await (const batch of readTask(task, {
    store,
    codec,
    tableSchema,
    projected: fields,
    spec,
    formatVersion: 3,
  })) {
    const at = read(batch)
    for (let i = 0; i < batch.numRows; i++) rows.push(at(i)['var'])
  }
  return rows
}

/** A file of metadata with the value behind it. */
function exactOf(file: string): unknown {
  const bytes = new Uint8Array(readFileSync(file))
  const size = (bytes[0]! >> 6) + 1
  const uint = (at: number) => Buffer.from(bytes.buffer, bytes.byteOffset).readUIntLE(at, size)
  const count = uint(1)
  const length = 1 + size * (count + 2) + uint(1 + size * (count + 1))
  const names = decodeVariantMetadata(bytes.subarray(0, length))
  return exactVariant(decodeVariantValue(bytes.subarray(length), names))
}
