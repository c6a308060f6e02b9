/** Files of other writers, with the statistics, page indexes and bloom filters that each makes. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { literalReader } from '../../format/arrow/literal-reader.ts'
import { bind } from '../../format/expressions/bind.ts'
import { rowEvaluator } from '../../format/expressions/evaluate.ts'
import type { Expression } from '../../format/expressions/expression.ts'
import { loadWasmCodec } from '../../format/parquet/wasm-codec.ts'
import { unpartitionedSpec } from '../../format/partition-spec.ts'
import type { Schema } from '../../format/schema.ts'
import type { Literal } from '../../format/types.ts'
import { openParquetInput } from '../../readers/parquet-input.ts'
import { projectSchema } from '../../readers/projection.ts'
import { readTask } from '../../readers/read-task.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import { enginesInstalled } from './judge.ts'

const root = resolve(import.meta.dirname, '../..')
const writers = ['pyarrow', 'pyarrow-v2', 'pyarrow-decimals', 'duckdb', 'spark', 'spark-int96'] as const
const columns = ['l', 'i', 'd', 's', 'u', 'm', 'day', 'ts', 'b'] as const
const codec = await loadWasmCodec()

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moraine-pruning-'))
  const python = join(root, '.tools/venv/bin/python')
  const script = join(root, 'tests/interop/judges/write-indexed.py')
  if (enginesInstalled) await promisify(execFile)(python, [script, folder])
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.skipIf(!enginesInstalled).each(writers)('of a file that %s wrote', (writer) => {
  test('a filter loses no row and moves none', async () => {
    const file = await openFile(writer)
    const values = await file.values()
    const places = [...values.get('l')!.keys()]
    const literal = (name: string) => {
      const present = values.get(name)!.filter((value) => value !== null && !Number.isNaN(value))
      return fc.nat(present.length - 1).map((i) => present[i]!)
    }
    const predicate = fc.constantFrom(...columns).chain(
      (term): fc.Arbitrary<Expression> =>
        fc.oneof(
          fc
            .constantFrom<'is-null' | 'not-null'>('is-null', 'not-null')
            .map((op): Expression => ({ op, term })),
          fc
            .tuple(
              fc.constantFrom<'lt' | 'lt-eq' | 'gt' | 'gt-eq' | 'eq' | 'not-eq'>(
                'lt',
                'lt-eq',
                'gt',
                'gt-eq',
                'eq',
                'eq',
                'not-eq',
              ),
              literal(term),
            )
            .map(([op, value]): Expression => ({ op, term, value })),
          fc
            .tuple(
              fc.constantFrom<'in' | 'not-in'>('in', 'not-in'),
              fc.array(literal(term), { maxLength: 3 }),
            )
            .map(([op, list]): Expression => ({ op, term, values: list })),
        ),
    )
    const filter = fc.oneof(
      predicate,
      fc
        .tuple(fc.constantFrom<'and' | 'or'>('and', 'or'), predicate, predicate)
        .map(([op, left, right]): Expression => ({ op, left, right })),
    )
    await fc.assert(
      fc.asyncProperty(filter, async (where) => {
        const accepts = rowEvaluator(bind(where, file.schema))
        const idOf = new Map(file.schema.fields.map((field) => [field.id, field.name]))
        const expected = places.filter((place) => accepts((id) => values.get(idOf.get(id)!)![place]!))
        expect(await file.positions(where)).toEqual(expected.map(BigInt))
      }),
      { seed: 20261125, numRuns: 60 },
    )
  })
})

async function openFile(writer: string) {
  const store = new MemoryStore()
  const bytes = await readFile(join(folder, `${writer}.parquet`))
  const location = `memory://pruning/${writer}.parquet`
  await store.put(location, bytes)
  const { schema, numRows } = await openParquetInput(store, location, async () => codec)
  const read = (where: Expression, select?: string[]) =>
    readTask(
      {
        dataFile: {
          content: 'data',
          filePath: location,
          fileFormat: 'parquet',
          specId: 0,
          partition: [],
          recordCount: numRows,
          fileSizeInBytes: BigInt(bytes.length),
        },
        sequenceNumber: 1n,
        deletes: [],
        residual: where,
      },
      {
        store,
        codec,
        tableSchema: schema,
        projected: projectSchema(schema, select),
        spec: unpartitionedSpec,
        formatVersion: 2,
      },
    )
  return {
    store,
    schema,
    positions: async (where: Expression) => {
      const found: bigint[] = []
      // A list beside, whose pages begin with other rows.
      for await (const batch of read(where, ['items', 'u', '_pos'])) {
        found.push(...(batch.data.children[2]!.values as BigInt64Array))
      }
      return found
    },
    values: () => valuesOf(schema, read({ op: 'true' }, [...columns])),
  }
}

async function valuesOf(schema: Schema, batches: ReturnType<typeof readTask>) {
  const values = new Map<string, (Literal | null)[]>(columns.map((name) => [name, []]))
  for await (const batch of batches) {
    for (const [i, field] of batch.schema.fields.entries()) {
      const data = batch.data.children[i]!
      const { type } = schema.fields.find(({ name }) => name === field.name)!
      const read = literalReader(type as Parameters<typeof literalReader>[0], data)
      for (let row = 0; row < batch.numRows; row++) {
        values.get(field.name)!.push(data.getValid(row) ? read(row) : null)
      }
    }
  }
  return values
}
