/**
 * The files of Parquet's own collection, where its folder is named by MORAINE_PARQUET_TESTING: in a table they read as
 * pyarrow reads them, or are refused by name.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Schema } from '../../format/schema.ts'
import { type ErrorCode, isMoraineError } from '../../index.ts'
import { linesOf } from './canonical.ts'
import { type ForeignFile, partialSchemaOf, schemaOf, storedFile, tableAround } from './foreign-file.ts'
import { enginesInstalled, type Judge, startJudge, type Verdict } from './judge.ts'

const folder = process.env['MORAINE_PARQUET_TESTING'] ?? ''
const here = existsSync(join(folder, 'data')) && folder !== '' && enginesInstalled

interface Refusal {
  readonly code: ErrorCode
  readonly says: RegExp
}

/** What no table can be made of, and why: these are refused whole. */
const refusals: Readonly<Record<string, Refusal>> = {
  // The checksums of these are wrong on purpose.
  'datapage_v1-corrupt-checksum.parquet': { code: 'INVALID_DATA', says: /column 'a' .* checksum does not/ },
  'rle-dict-uncompressed-corrupt-checksum.parquet': {
    code: 'INVALID_DATA',
    says: /column 'long_field' .* checksum does not/,
  },
  // Spark's arithmetic overflowed when it wrote the year 290000, and overflows back when it reads it.
  'int96_from_spark.parquet': { code: 'INVALID_DATA', says: /column 'a': .* does not fit Timestamp/ },
  // A page of more than 1 GiB, the limit. pyarrow cannot read it either, and takes 4 GiB to say so.
  'large_string_map.brotli.parquet': { code: 'UNSUPPORTED', says: /more than 1073741824 bytes are not read/ },
}

/** Some columns of these have a type that tables lack: an append refuses the file, a table reads the others. */
const partial: Readonly<Record<string, RegExp>> = {
  'concatenated_gzip_members.parquet': /no Iceberg type holds column 'long_col'/,
  'nested_structs.rust.parquet': /no Iceberg type holds column 'roll_num.count'/,
  'map_no_value.parquet': /map 'my_map_no_v' has no values/,
}

/** What pyarrow says where it cannot read. */
const pyarrowRefuses: Readonly<Record<string, RegExp>> = {
  'datapage_v1-corrupt-checksum.parquet': /CRC checksum verification failed/,
  'rle-dict-uncompressed-corrupt-checksum.parquet': /CRC checksum verification failed/,
  'incorrect_map_schema.parquet': /Map keys must be annotated as required/,
}

/** Rows that pyarrow cannot tell, as the collection's README has them. */
const told: Readonly<Record<string, readonly string[]>> = {
  'incorrect_map_schema.parquet': ['{"my_map":[["name","report"],["parent","another"]]}'],
}

const LONGEST_MS = 5_000

let scratch: string
let judge: Judge<'pyarrow'>
beforeAll(async () => {
  if (!here) return
  scratch = await mkdtemp(join(tmpdir(), 'moraine-parquet-'))
  judge = await startJudge('pyarrow', scratch)
})
afterAll(async () => {
  if (!here) return
  await judge.close()
  await rm(scratch, { recursive: true })
})

describe.skipIf(!here)("the files of Parquet's collection", () => {
  test.each(filesIn('data', '.parquet'))('%s reads right, or is refused by name', async (name) => {
    const file = await stored('data', name)
    const appendRefusal = partial[name]
    if (appendRefusal !== undefined) {
      await expectRefusal(schemaOf(file), file, { code: 'UNSUPPORTED', says: appendRefusal })
    }
    const schema = await (appendRefusal === undefined ? schemaOf : partialSchemaOf)(file)
    const table = await tableAround(file, schema)
    const read = linesOf(table.scan())
    if (refusals[name] !== undefined) await expectRefusal(read, file, refusals[name])
    else expect(await read).toEqual(told[name] ?? linesOfVerdict(await pyarrowReads('data', name, schema)))
    if (pyarrowRefuses[name] !== undefined) {
      const error = expect.stringMatching(pyarrowRefuses[name])
      expect(await pyarrowReads('data', name, schema)).toEqual({ error })
    }
  })

  test.each(filesIn('data', '.encrypted'))('%s is refused by name', async (name) => {
    const file = await stored('data', name)
    await expectRefusal(schemaOf(file), file, { code: 'UNSUPPORTED', says: /encrypted/ })
  })

  test('are as many as were there when they were looked through', () => {
    expect(filesIn('data', '.parquet').length).toBeGreaterThanOrEqual(75)
    for (const name of Object.keys({ ...refusals, ...partial, ...pyarrowRefuses, ...told })) {
      expect(existsSync(join(folder, 'data', name)), name).toBe(true)
    }
  })
})

describe.skipIf(!here)("the broken files of Parquet's collection", () => {
  test.each(filesIn('bad_data', '.parquet'))(
    '%s is refused, or just those of its columns that pyarrow refuses',
    async (name) => {
      const file = await stored('bad_data', name)
      const schema = await orRefused(partialSchemaOf(file), file)
      if (schema === undefined) return
      const table = await tableAround(file, schema)
      for (const field of schema.fields) {
        const lines = await orRefused(linesOf(table.scan({ select: [[field.name]] })), file)
        const verdict = await pyarrowReads('bad_data', name, { ...schema, fields: [field] })
        expect(lines, field.name).toEqual('lines' in verdict ? verdict.lines : undefined)
      }
    },
  )
})

function filesIn(kind: string, extension: string): string[] {
  if (!here) return []
  const names = readdirSync(join(folder, kind), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith(extension)).sort()
}

function stored(kind: string, name: string): Promise<ForeignFile> {
  return storedFile(name, readFileSync(join(folder, kind, name)))
}

function pyarrowReads(kind: string, name: string, schema: Schema): Promise<Verdict> {
  return judge.readFile(join(folder, kind, name), schema)
}

function linesOfVerdict(verdict: Verdict): readonly string[] {
  if ('error' in verdict) throw new Error(`pyarrow: ${verdict.error}`)
  return verdict.lines
}

async function expectRefusal(reading: Promise<unknown>, { location }: ForeignFile, { code, says }: Refusal) {
  const error: unknown = await reading.then(
    () => undefined,
    (thrown) => thrown,
  )
  if (!isMoraineError(error)) throw error ?? new Error(`${location} is read, but listed as refused`)
  expect({ code: error.code, file: error.context['file'] }).toEqual({ code, file: location })
  expect(error.message).toMatch(says)
}

/** What a read gives; undefined when it is refused as data that is broken or not served, soon and by the file's name. */
async function orRefused<T>(reading: Promise<T>, { location }: ForeignFile): Promise<T | undefined> {
  const started = performance.now()
  try {
    return await reading
  } catch (error) {
    if (!isMoraineError(error, 'INVALID_DATA') && !isMoraineError(error, 'UNSUPPORTED')) throw error
    expect(error.context['file']).toBe(location)
    return undefined
  } finally {
    expect(performance.now() - started).toBeLessThan(LONGEST_MS)
  }
}
