/** Whatever is selected, filtered and skipped, what is deleted stays deleted, and each row keeps its place. */
import { expect, test } from 'vitest'
import type { DataFile } from '../../format/manifest.ts'
import { longType, stringType } from '../../format/types.ts'
import {
  and,
  type Expression,
  eq,
  gt,
  isIn,
  isNull,
  lt,
  notEq,
  openTable,
  or,
  schema,
  t,
} from '../../index.ts'
import { seededRandom } from '../interop/samples.ts'
import { struct, structOf } from '../readers/support.ts'
import { CraftedTable, optional } from './crafted-table.ts'

interface ModelRow {
  readonly id: bigint
  readonly name: string | null
  readonly s: { readonly x: bigint | null; readonly y: string } | null
  readonly part: string
  readonly _pos: bigint
  readonly _file: string
}

const FIELDS = [
  optional(1, 'id', longType),
  optional(2, 'name', stringType),
  optional(3, 's', structOf(optional(5, 'x', longType), optional(6, 'y', stringType))),
  optional(4, 'part', stringType),
]
const GROUP_ROWS = 600

const FILTERS: readonly [Expression | undefined, (row: ModelRow) => boolean][] = [
  [undefined, () => true],
  [gt('id', 1_200_000n), ({ id }) => id > 1_200_000n],
  [lt('id', 2_100_000n), ({ id }) => id < 2_100_000n],
  [eq('part', 'a'), ({ part }) => part === 'a'],
  [
    and(isNull('name'), gt('s.x', 3n)),
    ({ name, s }) => name === null && s !== null && s.x !== null && s.x > 3n,
  ],
  [
    or(isIn('id', [5n, 3_300_007n]), eq('s.y', 'y4')),
    ({ id, s }) => id === 5n || id === 3_300_007n || s?.y === 'y4',
  ],
  [notEq('name', 'n7'), ({ name }) => name !== 'n7'],
]
const SELECTS = [['_pos'], ['_pos', '_file'], ['id'], ['s.y', '_pos', '_file'], ['name', '_pos', 'part']]

test('rows with deletes of every kind are the same in every projection, filter, limit and number of threads', async () => {
  const random = seededRandom(11)
  const table = await CraftedTable.create({
    schema: schema({
      id: t.long(),
      name: t.string(),
      s: t.struct({ x: t.long(), y: t.string() }),
      part: t.string(),
    }),
    partitionBy: ['part'],
    properties: { 'format-version': '3' },
  })
  expect((await table.load()).schema.fields.map(({ id }) => id)).toEqual([1, 2, 3, 4])
  const model: ModelRow[] = []
  const files: DataFile[] = []
  for (let k = 0; k < 4; k++) {
    const part = k % 2 === 0 ? 'b' : 'a'
    const groups = Array.from({ length: 4 }, (_, g) =>
      Array.from({ length: GROUP_ROWS }, (_, i) => ({
        id: BigInt(k * 1_000_000 + g * 100_000 + i),
        name: random(10) === 0 ? null : `n${random(50)}`,
        s:
          random(7) === 0 ? null : struct({ x: random(5) === 0 ? null : BigInt(i % 20), y: `y${random(9)}` }),
        part,
      })),
    )
    const file = await table.dataFile(FIELDS, groups, { partition: [part] })
    files.push(file)
    for (const [i, row] of groups.flat().entries()) {
      const place = { _pos: BigInt(i), _file: file.filePath }
      model.push({ ...(row as unknown as Omit<ModelRow, '_pos' | '_file'>), ...place })
    }
  }
  await table.commit({ add: files })
  const sevenths = Array.from({ length: GROUP_ROWS }, (_, i) => i * 3)
  const vectors = await table.vectors([
    { of: files[0]!, positions: sevenths },
    { of: files[2]!, positions: [0, GROUP_ROWS - 1, GROUP_ROWS, 4 * GROUP_ROWS - 1] },
  ])
  const byName = await table.equalityDeletes([2], [FIELDS[1]!], [{ name: 'n3' }, { name: null }], {
    partition: ['a'],
  })
  const pairs = Array.from({ length: 500 }, (_, i) => ({
    id: BigInt(2_000_000 + i),
    s: struct({ x: BigInt(i % 20), y: 'z' }),
  }))
  const byPair = await table.equalityDeletes([5, 1], [FIELDS[2]!, FIELDS[0]!], pairs, { partition: ['b'] })
  await table.commit({ add: [...vectors, byName, byPair] })

  const gone = [
    new Set(sevenths.map(BigInt)),
    new Set([0, GROUP_ROWS - 1, GROUP_ROWS, 4 * GROUP_ROWS - 1].map(BigInt)),
  ]
  const live = model.filter(({ id, name, s, part, _pos, _file }) => {
    if (_file === files[0]!.filePath && gone[0]!.has(_pos)) return false
    if (_file === files[2]!.filePath && gone[1]!.has(_pos)) return false
    if (part === 'a') return name !== 'n3' && name !== null
    const i = id - 2_000_000n
    return !(i >= 0n && i < 500n && s !== null && s.x === i % 20n)
  })
  const { metadataLocation } = await table.load()
  for (const parallelism of [0, 2]) {
    const opened = await openTable(metadataLocation, { store: table.store, parallelism })
    for (const [where, matches] of FILTERS) {
      for (const select of SELECTS) {
        for (const limit of [undefined, 7]) {
          const expected = live.filter(matches).map((row) => textOf(row, select))
          const found: string[] = []
          const ordered = limit !== undefined || parallelism === 0
          const options = { select, where, limit, ordered }
          const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
          for await (const row of opened.scan(given as { select: string[] }).rows()) {
            found.push(textOf(row as unknown as ModelRow, select))
          }
          const wanted = limit === undefined ? expected : expected.slice(0, limit)
          const what = `${select} where ${where?.op}, limit ${limit}, ${parallelism} threads`
          expect(found.length, what).toBe(wanted.length)
          expect(found.sort(), what).toEqual(wanted.sort())
        }
      }
    }
  }
})

function textOf(row: ModelRow, select: readonly string[]): string {
  return select
    .map((path) =>
      path
        .split('.')
        .reduce<unknown>((value, name) => (value as Record<string, unknown> | null)?.[name], row),
    )
    .map((value) => String(value ?? null))
    .join('|')
}
