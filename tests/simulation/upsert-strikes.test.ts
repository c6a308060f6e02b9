/** Every storage call of an upsert, a delete or an overwrite is struck, and what it was told is what the table then shows. */
import { afterAll, describe, expect, it } from 'vitest'
import type { LoadedTable } from '../../catalog/catalog.ts'
import { isMoraineError } from '../../format/errors.ts'
import { isIn, schema, t, truncate } from '../../index.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { Lake } from '../../table/lake.ts'
import { Table } from '../../table/table.ts'
import { type Blow, CRASHES, FAULTS, strikeStore } from './strike.ts'
import { contextOver, memoryFiles, StrikeFolder } from './struck-world.ts'
import { checkInvariants } from './table-invariants.ts'
import { wrappedStore } from './wrapped-store.ts'

const NAME = 'shop.orders'
const TABLE = { namespace: ['shop'], name: 'orders' }
const COMMIT_ID = 'job-7/checkpoint-42'
/** Long runs strike every call of each case, others one of three sevenths of them. */
const STRIKES_ALL = process.env['MORAINE_SEEDS'] !== undefined

const rows = (ids: readonly number[], name: string) => ids.map((id) => ({ id, name }))
type Model = ReadonlyMap<number, string>
const after = (model: Model, ids: readonly number[], name: string): Model =>
  new Map([...model, ...ids.map((id) => [id, name] as const)])
const without = (model: Model, ids: readonly number[]): Model =>
  new Map([...model].filter(([id]) => !ids.includes(id)))

interface Change {
  readonly name: string
  make(table: Table, commitId: string): Promise<Table>
  model(before: Model): Model
}

/** One file whole, one in part, and rows that are new; another partition of the table is left alone. */
const CHANGES: readonly Change[] = [
  {
    name: 'an upsert',
    make: (table, commitId) => table.upsert(rows([1, 2, 3, 40, 50], 'ours'), { commitId }),
    model: (before) => after(before, [1, 2, 3, 40, 50], 'ours'),
  },
  {
    name: 'a delete by key',
    make: (table, commitId) =>
      table.delete(
        [1, 2, 3, 77].map((id) => ({ id })),
        { commitId },
      ),
    model: (before) => without(before, [1, 2, 3]),
  },
  {
    name: 'a delete by filter',
    make: (table, commitId) => table.delete(isIn('id', [0, 1, 3, 20]), { commitId }),
    model: (before) => without(before, [0, 1, 3, 20]),
  },
  {
    name: 'an upsert of partial rows',
    make: (table, commitId) => table.upsert(rows([1, 2, 3, 40, 50], 'ours'), { commitId, partial: ['name'] }),
    model: (before) => after(before, [1, 2, 3, 40, 50], 'ours'),
  },
  {
    name: 'an upsert with deletes',
    make: (table, commitId) =>
      table.upsert(
        [
          ...rows([1, 2, 40], 'ours').map((row) => ({ ...row, op: 'u' })),
          ...[3, 40, 77].map((id) => ({ id, op: 'd' })),
        ],
        { commitId, op: 'op' },
      ),
    model: (before) => without(after(before, [1, 2], 'ours'), [3]),
  },
  {
    name: 'an update',
    make: (table, commitId) => table.update(isIn('id', [0, 1, 3, 20]), { name: 'ours' }, { commitId }),
    model: (before) =>
      after(
        before,
        [0, 1, 3, 20].filter((id) => before.has(id)),
        'ours',
      ),
  },
  {
    name: 'a merge',
    make: (table, commitId) =>
      table.merge(
        [1, 2, 3, 40, 77].map((id) => ({ id })),
        {
          commitId,
          whenMatched: [{ if: (_, { id }) => id === 3, do: 'delete' }, { do: () => ({ name: 'ours' }) }],
          whenNotMatched: [{ if: ({ id }) => id < 77, do: ({ id }) => ({ id, name: 'ours' }) }],
        },
      ),
    model: (before) => without(after(before, [1, 2, 40], 'ours'), [3]),
  },
  {
    name: 'an overwrite',
    make: (table, commitId) =>
      table.overwrite(rows([80, 81], 'ours'), { where: isIn('id', [0, 1, 3, 20]), commitId }),
    model: (before) => after(without(before, [0, 1, 3, 20]), [80, 81], 'ours'),
  },
]

const folder = new StrikeFolder()
afterAll(() => folder.remove())

const WAYS = [
  ['1', 'copy-on-write'],
  ['2', 'copy-on-write'],
  ['2', 'merge-on-read'],
  ['3', 'copy-on-write'],
  ['3', 'merge-on-read'],
] as const

/** What the loop does with a fault does not depend on the store; what a crash leaves behind does. */
const cases = CHANGES.flatMap((change) =>
  WAYS.flatMap(([version, mode]) =>
    (['memory', 'file'] as const).map((kind) => {
      const { name } = change
      const lots = (kind === 'memory' ? [...CRASHES, ...FAULTS] : CRASHES).map((blow) => ({
        blow,
        lot: lotOf(`${name} ${version} ${mode} ${blow}${kind === 'memory' ? '' : kind}`),
      }))
      const chosen = lots.filter(({ lot }) => STRIKES_ALL || lot % 7 < (kind === 'memory' ? 2 : 1))
      return { name, change, version, mode, kind, chosen }
    }),
  ),
).filter(({ chosen }) => chosen.length > 0)

describe.each(cases)('$name of version $version, $mode, in a $kind store', (one) => {
  const { change, version, mode, kind, chosen } = one
  it.each(chosen)('struck by $blow, is there whole or not at all, as was told', async ({ blow, lot }) => {
    const races = ['won', 'lost'] as const
    for (const race of STRIKES_ALL ? races : [races[(lot >> 2) % 2]!]) {
      const world = await newWorld(change, { version, mode, race, kind })
      const checked = new Set<string>()
      const least = CRASHES.includes(blow) ? 20 : 4
      let at = STRIKES_ALL ? 0 : lot % least
      while ((await strike(world, blow, at, checked)) && STRIKES_ALL) at++
      expect(checked.size).toBeGreaterThan(0)
      if (STRIKES_ALL) expect(at).toBeGreaterThan(least)
    }
  })
})

function lotOf(text: string): number {
  return [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7)
}

interface World {
  readonly change: Change
  readonly warehouse: string
  readonly held: LoadedTable
  readonly before: Model
  /** Commits while the change is under way, where its race is to be lost. */
  readonly rival: ((store: ObjectStore) => Promise<void>) | undefined
  readonly rivalled: Model
  fresh(): Promise<ObjectStore>
}

/** False when the change ended before the `at`-th call. */
async function strike(world: World, blow: Blow, at: number, checked: Set<string>): Promise<boolean> {
  const store = await world.fresh()
  let isRivalled = world.rival === undefined
  const struck = strikeStore(store, blow, at)
  // The rival is through before the change puts its own version.
  const contended = wrappedStore(struck.store, async (call, [location = ''], apply) => {
    if (call === 'put' && location.endsWith('.metadata.json') && !isRivalled) {
      isRivalled = true
      await world.rival!(store)
    }
    return apply()
  })
  const table = new Table(contextOver(world.warehouse, contended, 1), world.held)
  const outcome = await world.change.make(table, COMMIT_ID).then(
    () => 'acknowledged' as const,
    (error: unknown) => {
      if (CRASHES.includes(blow)) return 'unknown' as const
      if (!isMoraineError(error)) throw error
      return error.cleanable ? ('failed' as const) : ('unknown' as const)
    },
  )
  if (struck.struck() === undefined) return false
  try {
    const key = `${outcome} ${isRivalled} ${blow === 'ghost' ? at : await folder.digest(store)}`
    if (!checked.has(key)) {
      checked.add(key)
      await check(world, store, { outcome, before: isRivalled ? world.rivalled : world.before, ...struck })
    }
  } catch (error) {
    throw new Error(`${blow} at call ${at} (${struck.struck()}): ${outcome}`, { cause: error })
  }
  await struck.release()
  return true
}

interface Struck {
  readonly outcome: 'acknowledged' | 'failed' | 'unknown'
  readonly before: Model
  readonly landGhost: () => Promise<void>
}

async function check(
  { change, warehouse }: World,
  store: ObjectStore,
  { outcome, before, landGhost }: Struck,
) {
  const lake = new Lake(contextOver(warehouse, store, 2), warehouse)
  const found = (await lake.loadTable(NAME)) as unknown as Table
  const whole = change.model(before)
  const there = await rowsOf(found)
  if (outcome === 'acknowledged') expect(there).toEqual(textsOf(whole))
  else if (outcome === 'failed') expect(there).toEqual(textsOf(before))
  else expect([textsOf(before), textsOf(whole)]).toContainEqual(there)
  // Life goes on, the call is repeated, and what comes late changes nothing.
  const next = await found.upsert(rows([30, 31], 'next'), { commitId: 'job-7/43' })
  await change.make(next, COMMIT_ID)
  await landGhost()
  const later = (await lake.loadTable(NAME)) as unknown as Table
  const made = there.join() === textsOf(before).join() && outcome !== 'acknowledged'
  const expected = made ? change.model(after(before, [30, 31], 'next')) : after(whole, [30, 31], 'next')
  expect(await rowsOf(later)).toEqual(textsOf(expected))
  await checkInvariants(later, store)
}

const textsOf = (model: Model) => [...model].map(([id, name]) => `${id} ${name}`).sort()

async function rowsOf(table: Table): Promise<string[]> {
  const found: string[] = []
  for await (const row of table.scan().rows()) found.push(`${row['id']} ${row['name']}`)
  return found.sort()
}

interface WorldShape {
  readonly version: string
  readonly mode: string
  readonly race: 'won' | 'lost'
  readonly kind: 'memory' | 'file'
}

async function newWorld(change: Change, { version, mode, race, kind }: WorldShape): Promise<World> {
  const files = kind === 'memory' ? memoryFiles() : folder.files()
  const { warehouse, store } = files
  const lake = new Lake(contextOver(warehouse, store, 3), warehouse)
  const created = (await lake.createTable(NAME, {
    schema: schema({ id: t.long().required(), name: t.string() }),
    identifierFields: ['id'],
    partitionBy: [truncate('id', 10)],
    properties: {
      'format-version': version,
      'write.merge.mode': mode,
      'write.delete.mode': mode,
      'write.update.mode': mode,
      'write.delete.granularity': 'file',
      'commit.manifest.min-count-to-merge': '2',
    },
  })) as unknown as Table
  const ids = [0, 1, 2, 3, 10, 11, 20]
  // The second upsert finds an index, and deletes beside its own.
  const table = await (await created.append(rows(ids, 'old'))).upsert(rows([3], 'newer'))
  const { metadata, metadataLocation } = table
  const before = after(after(new Map(), ids, 'old'), [3], 'newer')
  const rival = async (over: ObjectStore) => {
    const theirs = new Lake(contextOver(warehouse, over, 4), warehouse)
    await ((await theirs.loadTable(NAME)) as unknown as Table).upsert(rows([2, 11, 50], 'theirs'))
  }
  return {
    change,
    warehouse,
    held: { identifier: TABLE, metadata, metadataLocation },
    before,
    rival: race === 'lost' ? rival : undefined,
    rivalled: race === 'lost' ? after(before, [2, 11, 50], 'theirs') : before,
    fresh: await files.copied(),
  }
}
