/** What those who contend for one table write, each step with what it does to a model of the table. */
import { and, gtEq, isIn, lt, type Table } from '../../index.ts'
import type { CommitStep } from './commit-step.ts'

/** Columns of the table by the field ids that never change; what they are called may. */
export const [ID, NAME, COUNT, SPARE] = [1, 2, 3, 4]

/** Keys that all write. */
export const KEYS = 24

/** Rows by key, their values by field id. A value that is missing is the column's default. */
export type Model = Map<number, Map<number, string | number>>

/** What it writes is drawn once, for the columns that the table has when it is first made. */
export interface Step extends CommitStep {
  apply(model: Model): void
}

/** Of eight actors each has a kind of its own, but for two that upsert. */
export function stepOf(actor: number, n: number, random: () => number): Step {
  const id = `${actor}/${n}`
  const keys = Array.from({ length: 1 + Math.floor(random() * 5) }, () => Math.floor(random() * KEYS))
  switch (actor % 8) {
    case 1:
      // Keys that nobody else has: a key stands in the table once.
      return insertion(
        id,
        keys.map((_, i) => 1000 * (actor + 1) + 10 * n + i),
      )
    case 2:
      return deletion(id, keys)
    case 3:
      return rangeDeletion(id, keys[0]!)
    case 5:
      return increment(id, keys)
    case 6:
      return partialUpsert(id, keys)
    case 7:
      return renaming(id, keys)
    default:
      return upsert(id, keys)
  }
}

function insertion(id: string, keys: readonly number[]): Step {
  return wholeRows(id, keys, (table, rows) => table.append(rows, { commitId: id }))
}

function upsert(id: string, keys: readonly number[]): Step {
  return wholeRows(id, keys, (table, rows) => table.upsert(rows, { commitId: id }))
}

/** Rows with a value for every column that there is, but for the one that no writer names. */
function wholeRows(
  id: string,
  keys: readonly number[],
  write: (table: Table, rows: readonly Record<string, unknown>[]) => Promise<Table>,
): Step {
  const rows: Model = new Map()
  return {
    id,
    make: (table) => {
      if (rows.size === 0) {
        for (const [i, key] of keys.entries()) rows.set(key, valuesOf(table, `${id} ${i}`, i))
      }
      return write(
        table,
        [...rows].map(([key, values]) => named(table, key, values)),
      )
    },
    apply: (model) => {
      for (const [key, values] of rows) model.set(key, new Map(values))
    },
  }
}

function valuesOf(table: Table, text: string, count: number): Map<number, string | number> {
  const written = table.schema.fields.filter(({ id }) => id !== ID && id !== SPARE)
  return new Map(written.map(({ id }) => [id, id === COUNT ? count : text]))
}

function deletion(id: string, keys: readonly number[]): Step {
  return {
    id,
    make: (table) =>
      table.delete(
        keys.map((key) => named(table, key)),
        { commitId: id },
      ),
    apply: (model) => {
      for (const key of keys) model.delete(key)
    },
  }
}

function rangeDeletion(id: string, from: number): Step {
  const to = from + 3
  return {
    id,
    make: (table) => {
      const key = nameOf(table, ID)
      return table.delete(and(gtEq(key, BigInt(from)), lt(key, BigInt(to))), { commitId: id })
    },
    apply: (model) => {
      for (let key = from; key < to; key++) model.delete(key)
    },
  }
}

/** Loses a count where it rests on a row that another has changed since. */
function increment(id: string, keys: readonly number[]): Step {
  return {
    id,
    make: (table) => {
      const count = nameOf(table, COUNT)
      const next = (found: unknown) => (typeof found === 'bigint' ? found + 1n : ((found as number) ?? 0) + 1)
      return table.update(isIn(nameOf(table, ID), keys), (row) => ({ [count]: next(row[count]) }), {
        commitId: id,
      })
    },
    apply: (model) => {
      for (const key of new Set(keys)) {
        const row = model.get(key)
        row?.set(COUNT, ((row.get(COUNT) ?? 0) as number) + 1)
      }
    },
  }
}

function renaming(id: string, keys: readonly number[]): Step {
  return {
    id,
    make: (table) =>
      table.update(isIn(nameOf(table, ID), keys), { [nameOf(table, NAME)]: id }, { commitId: id }),
    apply: (model) => {
      for (const key of keys) model.get(key)?.set(NAME, id)
    },
  }
}

/** Gives every row a value in one column. */
export function filling(id: string, column: number): Step {
  return {
    id,
    make: (table) =>
      table.update(gtEq(nameOf(table, ID), 0n), { [nameOf(table, column)]: id }, { commitId: id }),
    apply: (model) => {
      for (const row of model.values()) row.set(column, id)
    },
  }
}

function partialUpsert(id: string, keys: readonly number[]): Step {
  return {
    id,
    make: (table) =>
      table.upsert(
        keys.map((key) => named(table, key, new Map([[NAME, id]]))),
        { commitId: id, partial: [nameOf(table, NAME)] },
      ),
    apply: (model) => {
      for (const key of keys) model.set(key, new Map([...(model.get(key) ?? []), [NAME, id]]))
    },
  }
}

function named(
  table: Table,
  key: number,
  values: ReadonlyMap<number, string | number> = new Map(),
): Record<string, unknown> {
  return Object.fromEntries([[ID, key] as const, ...values].map(([id, value]) => [nameOf(table, id), value]))
}

export function nameOf(table: Table, id: number): string {
  return table.schema.fields.find((field) => field.id === id)!.name
}
