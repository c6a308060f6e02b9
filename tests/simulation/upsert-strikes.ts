/** Every storage call of an upsert, a delete or an overwrite is struck, and what it was told is what the table then shows. */
import { afterAll, describe, expect, it } from 'vitest'
import type { LoadedTable } from '../../catalog/catalog.ts'
import { isMoraineError } from '../../format/errors.ts'
import { isIn, schema, t, truncate } from '../../index.ts'
import { COMMIT_ID } from '../../snapshot/commit-id.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { Lake } from '../../table/lake.ts'
import { Table } from '../../table/table.ts'
import { type Blow, CRASHES, FAULTS, strikeStore } from './strike.ts'
import { lotOf, STRIKES_ALL } from './strike-share.ts'
import { contextOver, type StruckPlace } from './struck-world.ts'
import { checkInvariants } from './table-invariants.ts'
import { wrappedStore } from './wrapped-store.ts'

const NAME = 'shop.orders'
const TABLE = { namespace: ['shop'], name: 'orders' }
/** Commit ids: of what is struck, of who comes between, and of who comes after. */
const [OURS, THEIRS, NEXT] = ['job-7/42', 'job-8/1', 'job-7/43']
/** One that the changes below are about, one that they are not, and one that is new. */
const RIVALLED = [2, 11, 50]

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

const WAYS = [
  ['1', 'copy-on-write'],
  ['2', 'copy-on-write'],
  ['2', 'merge-on-read'],
  ['3', 'copy-on-write'],
  ['3', 'merge-on-read'],
] as const

/** Whether a rival commits before the change puts its version, or once it is there and not yet answered. */
const RACES = ['none', 'lost', 'late'] as const
type Race = (typeof RACES)[number]

/** A quick run strikes one call of a seventh of the cases in memory, and of fewer where it takes longer. */
export function upsertStrikes(places: readonly StruckPlace[]): void {
  const cases = CHANGES.flatMap((change) =>
    WAYS.flatMap(([version, mode]) =>
      places.map((place) => {
        const shape = { change, version, mode, place }
        const chosen = [...CRASHES, ...FAULTS].flatMap((blow) => {
          const lot = lotOf(`${change.name} ${version} ${mode} ${blow}`)
          const isChosen = STRIKES_ALL || lot % (7 * place.cost) < 1
          return isChosen ? [{ blow, draw: Math.floor(lot / (7 * place.cost)) }] : []
        })
        return { name: change.name, version, mode, where: place.name, shape, chosen }
      }),
    ),
  ).filter(({ chosen }) => chosen.length > 0)
  afterAll(async () => {
    for (const place of places) await place.remove()
  })

  describe.each(cases)('$name of version $version, $mode, in $where', ({ shape, chosen }) => {
    it.each(chosen)('struck by $blow, is there whole or not at all, as was told', async ({ blow, draw }) => {
      for (const race of STRIKES_ALL ? RACES : [RACES[draw % RACES.length]!]) {
        const world = await newWorld({ ...shape, race })
        const calls = await callsOf(world, blow)
        expect(calls).toBeGreaterThan(CRASHES.includes(blow) ? 20 : 4)
        const checked = new Set<string>()
        if (STRIKES_ALL) for (let at = 0; at < calls; at++) await strike(world, blow, at, checked)
        else await strike(world, blow, draw % calls, checked)
        expect(checked.size).toBeGreaterThan(0)
      }
    })
  })
}

interface World {
  readonly change: Change
  readonly warehouse: string
  readonly held: LoadedTable
  readonly before: Model
  readonly race: Race
  fresh(): Promise<ObjectStore>
  digest(store: ObjectStore): Promise<string>
}

/** How many calls of the change `blow` may strike. */
async function callsOf(world: World, blow: Blow): Promise<number> {
  const struck = strikeStore(await world.fresh(), blow, Number.POSITIVE_INFINITY)
  await world.change.make(tableOver(world, struck.store), OURS)
  return struck.calls()
}

async function strike(world: World, blow: Blow, at: number, checked: Set<string>): Promise<void> {
  const store = await world.fresh()
  const struck = strikeStore(store, blow, at)
  const table = tableOver(
    world,
    raced(struck.store, world, () => rivalOf(world, store)),
  )
  const outcome = await world.change.make(table, OURS).then(
    () => 'acknowledged' as const,
    (error: unknown) => {
      if (CRASHES.includes(blow)) return 'unknown' as const
      if (!isMoraineError(error)) throw error
      return error.cleanable ? ('failed' as const) : ('unknown' as const)
    },
  )
  expect(struck.struck()).toBeDefined()
  await struck.settled()
  try {
    const key = `${outcome} ${blow === 'ghost' ? at : await world.digest(store)}`
    if (!checked.has(key)) {
      checked.add(key)
      await check(world, store, outcome, struck.landGhost)
    }
  } catch (error) {
    throw new Error(`${blow} at call ${at} (${struck.struck()}): ${outcome}`, { cause: error })
  }
  await struck.release()
}

/** The rival's turn comes once, by the put of the change's version. */
function raced(store: ObjectStore, { race }: World, rival: () => Promise<void>): ObjectStore {
  let isOver = race === 'none'
  return wrappedStore(store, async (call, [location = ''], apply) => {
    if (isOver || call !== 'put' || !location.endsWith('.metadata.json')) return apply()
    isOver = true
    if (race === 'lost') await rival()
    try {
      return await apply()
    } finally {
      if (race === 'late') await rival()
    }
  })
}

async function rivalOf({ warehouse }: World, store: ObjectStore): Promise<void> {
  await (await load(warehouse, store, 4)).upsert(rows(RIVALLED, 'theirs'), { commitId: THEIRS })
}

async function check(
  world: World,
  store: ObjectStore,
  outcome: 'acknowledged' | 'failed' | 'unknown',
  landGhost: () => Promise<void>,
) {
  const found = await load(world.warehouse, store, 2)
  const made = await checkRows(world, found)
  if (outcome !== 'unknown') expect(made.includes(OURS)).toBe(outcome === 'acknowledged')
  // Life goes on, the call is repeated, and what comes late changes nothing.
  const next = await found.upsert(rows([30, 31], 'next'), { commitId: NEXT })
  await world.change.make(next, OURS)
  await landGhost()
  const later = await load(world.warehouse, store, 2)
  expect(await checkRows(world, later)).toEqual([...made, NEXT, ...(made.includes(OURS) ? [] : [OURS])])
  await checkInvariants(later, store)
}

/** That the table has what its commits do one after the other; returns them, those before the change left out. */
async function checkRows({ change, before }: World, table: Table): Promise<string[]> {
  const made = table.snapshots.flatMap(({ summary }) => summary[COMMIT_ID] ?? [])
  let model = before
  for (const id of made) {
    if (id === OURS) model = change.model(model)
    else if (id === THEIRS) model = after(model, RIVALLED, 'theirs')
    else model = after(model, [30, 31], 'next')
  }
  expect(new Set(made).size).toBe(made.length)
  expect(await rowsOf(table)).toEqual(textsOf(model))
  return made
}

const textsOf = (model: Model) => [...model].map(([id, name]) => `${id} ${name}`).sort()

async function rowsOf(table: Table): Promise<string[]> {
  const found: string[] = []
  for await (const row of table.scan().rows()) found.push(`${row['id']} ${row['name']}`)
  return found.sort()
}

async function load(warehouse: string, store: ObjectStore, seed: number): Promise<Table> {
  const lake = new Lake(contextOver(warehouse, store, seed), warehouse)
  return (await lake.loadTable(NAME)) as unknown as Table
}

function tableOver({ warehouse, held }: World, store: ObjectStore): Table {
  return new Table(contextOver(warehouse, store, 1), held)
}

interface WorldShape {
  readonly change: Change
  readonly version: string
  readonly mode: string
  readonly race: Race
  readonly place: StruckPlace
}

async function newWorld({ change, version, mode, race, place }: WorldShape): Promise<World> {
  const files = await place.files()
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
  return {
    change,
    warehouse,
    held: { identifier: TABLE, metadata, metadataLocation },
    before,
    race,
    fresh: await files.copied(),
    digest: files.digest,
  }
}
