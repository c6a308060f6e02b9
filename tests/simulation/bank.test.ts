/**
 * A bank: transfers between accounts rest on the balances that they find, and whoever looks at any time sees all the
 * money. A transfer that is lost, made twice, made by half or made on an old balance changes the total or a balance.
 */
import { describe, expect, it } from 'vitest'
import { isMoraineError, messageOf } from '../../format/errors.ts'
import { isIn, MemoryStore, schema, type Table, t, truncate } from '../../index.ts'
import { sharedCodec } from '../../table/connect.ts'
import type { Lake } from '../../table/lake.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { type CommitStep, commitStep, commitsOf, newTold, type Told } from './commit-step.ts'
import { lakeOver, loadUntilThere, randomFaults } from './random-faults.ts'
import { newSchedule } from './schedule.ts'
import { checkInvariants } from './table-invariants.ts'

const WAREHOUSE = 'memory://lake/wh'
const NAME = 'bank.accounts'
const SEEDS = Number(process.env['MORAINE_SEEDS'] ?? 2)
const FIRST_SEED = Number(process.env['MORAINE_SEED'] ?? 1)
const [CLERKS, AUDITORS] = [6, 3]
const [TRANSFERS, AUDITS] = [3, 4]
const ACCOUNTS = Array.from({ length: 6 }, (_, id) => id)
const OPENING = 100n

type Balances = ReadonlyMap<number, bigint>

interface Transfer extends CommitStep {
  readonly from: number
  readonly to: number
  readonly amount: bigint
}

interface Tally extends Told {
  faults: number
  landed: number
  /** Versions that an auditor read. */
  audited: number
}

describe('a bank of six clerks and three auditors, in any order of their storage calls, with faults', () => {
  it('never shows more or less money than it has, and does what it acknowledged', async () => {
    await sharedCodec()
    const total = { acknowledged: 0, failed: 0, landed: 0, faults: 0, audited: 0 }
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const told = await simulate(seed)
      total.acknowledged += told.acknowledged.size
      total.failed += told.failed.size
      total.landed += told.landed
      total.faults += told.faults
      total.audited += told.audited
    }
    if (process.env['MORAINE_SEEDS'] !== undefined) console.info(SEEDS, 'seeds:', total)
    // The runs must have had something to lose, and something to lose it by.
    expect(total.acknowledged).toBeGreaterThan(SEEDS * 4)
    expect(total.faults).toBeGreaterThan(SEEDS * 5)
    expect(total.audited).toBe(SEEDS * AUDITORS * AUDITS)
  }, 3_600_000)

  it('happens again by its seed, call by call', async () => {
    const [once, again] = [await simulate(77), await simulate(77)]
    expect(again).toEqual(once)
  })
})

async function simulate(seed: number): Promise<Tally> {
  const environment = testEnvironment(seed)
  const { random } = environment
  const store = new MemoryStore({ now: environment.now })
  const told: Tally = { ...newTold(), faults: 0, landed: 0, audited: 0 }
  const healthy = lakeOver(WAREHOUSE, store, environment)
  await open(healthy, seed)
  const schedule = newSchedule({ random, deathRate: 0 })
  const ghosts: (() => Promise<unknown>)[] = []
  const onFault = () => {
    told.faults++
  }
  const transfers = new Map<string, Transfer>()
  const actors: Record<string, () => Promise<void>> = {}
  for (let i = 0; i < CLERKS + AUDITORS; i++) {
    const actor = `actor ${i}`
    const turn = () => schedule.turn(actor)
    const faulty = schedule.storeFor(actor, randomFaults(store, environment, { onFault, ghosts }))
    const lake = lakeOver(WAREHOUSE, faulty, { ...environment, sleep: turn })
    const reload = () => loadUntilThere(lake, NAME, turn)
    if (i >= CLERKS) {
      actors[actor] = () => audit({ reload, wait: turn, random, told })
      continue
    }
    const mine = Array.from({ length: TRANSFERS }, (_, n) => transferOf(i, n, random))
    for (const transfer of mine) transfers.set(transfer.id, transfer)
    actors[actor] = async () => {
      let table = await reload()
      for (const transfer of mine) table = (await commitStep(table, transfer, told)) ?? (await reload())
    }
  }
  try {
    await schedule.run(actors)
    for (const land of ghosts) await land()
    await check(await healthy.loadTable(NAME), store, { transfers, told })
  } catch (error) {
    throw new Error(`MORAINE_SEED=${seed} MORAINE_SEEDS=1: ${messageOf(error)}`, { cause: error })
  }
  return told
}

/** Accounts in three partitions, so that most transfers are about two of them. */
async function open(lake: Lake, seed: number): Promise<void> {
  const mode = seed % 2 === 0 ? 'copy-on-write' : 'merge-on-read'
  const table = await lake.createTable(NAME, {
    schema: schema({ id: t.long().required(), balance: t.long() }),
    identifierFields: ['id'],
    partitionBy: [truncate('id', 2)],
    properties: {
      'format-version': String((seed % 3) + 1),
      'write.merge.mode': mode,
      'write.update.mode': mode,
      'write.delete.granularity': seed % 5 < 3 ? 'file' : 'partition',
      'fields.balance.aggregate-function': 'sum',
      'commit.retry.num-retries': '8',
      'commit.manifest.min-count-to-merge': String(2 + (seed % 4)),
      'commit.status-check.num-retries': seed % 2 === 0 ? '0' : '3',
    },
  })
  await table.append(
    ACCOUNTS.map((id) => ({ id, balance: OPENING })),
    { commitId: 'opening' },
  )
}

/** Of three clerks one updates what matches, one merges, and one upserts what the table adds up. */
function transferOf(clerk: number, n: number, random: () => number): Transfer {
  const id = `${clerk}/${n}`
  const from = Math.floor(random() * ACCOUNTS.length)
  const to = (from + 1 + Math.floor(random() * (ACCOUNTS.length - 1))) % ACCOUNTS.length
  const amount = BigInt(1 + Math.floor(random() * 50))
  const what = { id, from, to, amount }
  const changes = [
    { id: from, change: -amount },
    { id: to, change: amount },
  ]
  const options = { commitId: id }
  switch (clerk % 3) {
    case 0: {
      const change = (account: unknown) => (account === BigInt(from) ? -amount : amount)
      const set = (row: Record<string, unknown>) => ({
        balance: (row['balance'] as bigint) + change(row['id']),
      })
      return { ...what, make: (table) => table.update(isIn('id', [from, to]), set, options) }
    }
    case 1: {
      const matched = {
        do: (row: Record<string, unknown>, { change }: { change: bigint }) => ({
          balance: (row['balance'] as bigint) + change,
        }),
      }
      return { ...what, make: (table) => table.merge(changes, { ...options, whenMatched: [matched] }) }
    }
    default: {
      const rows = changes.map(({ id: account, change }) => ({ id: account, balance: change }))
      return { ...what, make: (table) => table.upsert(rows, options) }
    }
  }
}

interface Auditor {
  reload(): Promise<Table>
  wait(): Promise<void>
  readonly random: () => number
  readonly told: Tally
}

/** Adds up version after version, and looks again at each when others have long gone on. */
async function audit({ reload, wait, random, told }: Auditor): Promise<void> {
  const seen: { readonly table: Table; readonly balances: Balances }[] = []
  for (let i = 0; i < AUDITS; i++) {
    for (let turns = Math.floor(random() * 60); turns > 0; turns--) await wait()
    const table = await reload()
    const balances = await patiently(() => balancesOf(table), wait)
    expectAllMoney(balances)
    seen.push({ table, balances })
    told.audited++
  }
  for (const { table, balances } of seen) {
    expect(await patiently(() => balancesOf(table), wait)).toEqual(balances)
  }
}

async function patiently<T>(read: () => Promise<T>, wait: () => Promise<void>): Promise<T> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!isMoraineError(error, 'UNAVAILABLE')) throw error
      await wait()
    }
  }
}

async function balancesOf(table: Table, snapshotId?: bigint): Promise<Balances> {
  const balances = new Map<number, bigint>()
  const rows = table.scan(snapshotId === undefined ? {} : { at: { snapshotId } }).rows()
  for await (const row of rows) {
    const id = Number(row['id'])
    expect(balances.has(id), `account ${id} twice`).toBe(false)
    balances.set(id, row['balance'] as bigint)
  }
  return balances
}

function expectAllMoney(balances: Balances): void {
  expect([...balances.keys()].sort()).toEqual(ACCOUNTS)
  const total = [...balances.values()].reduce((sum, balance) => sum + balance, 0n)
  expect(total).toBe(OPENING * BigInt(ACCOUNTS.length))
}

interface Run {
  readonly transfers: ReadonlyMap<string, Transfer>
  readonly told: Tally
}

/** Every version has the balances that its transfers make, one after the other. */
async function check(table: Table, store: MemoryStore, { transfers, told }: Run): Promise<void> {
  const made = commitsOf(table, told)
  const model = new Map(ACCOUNTS.map((id) => [id, OPENING]))
  for (const [i, { snapshotId }] of table.snapshots.entries()) {
    const transfer = transfers.get(made[i]!)
    if (transfer !== undefined) {
      const { from, to, amount } = transfer
      model.set(from, model.get(from)! - amount)
      model.set(to, model.get(to)! + amount)
    }
    expect(await balancesOf(table, snapshotId), `after ${made[i]}`).toEqual(model)
  }
  told.landed = made.length
  await checkInvariants(table, store)
}
