import { schema, type Table, t } from '../../index.ts'
import type { Said, Work } from './many-writers.ts'

/** As the writers tell it. */
type Change =
  | { readonly upsert: readonly { readonly id: number; readonly part: number; readonly call: number }[] }
  | { readonly delete: readonly { readonly id: number }[] }

/**
 * Calls that upsert and delete the same few keys, which move between partitions. The history tells which calls are in
 * the table, and in which order: done to a map in that order, they give its rows.
 */
export function upsertWork(version: 2 | 3): Work {
  return {
    verb: 'upsert',
    table: {
      schema: schema({ id: t.long().required(), part: t.int().required(), call: t.long() }),
      identifierFields: ['id'],
      partitionBy: ['part'],
      properties: { 'format-version': String(version) },
    },
    async check(table, said) {
      const { calls, violations } = callsOf(table, said)
      const expected = linesOf(replayed(calls, said))
      const rows: Record<string, unknown>[] = []
      for await (const row of table.scan().rows()) rows.push(row)
      const found = linesOf(rows)
      if (found.join() !== expected.join()) {
        violations.push(`expected rows ${expected.join(' ')}, found ${found.join(' ')}`)
      }
      return { violations, landed: new Set(calls) }
    },
  }
}

/** In the order of their commits. */
function callsOf({ snapshots }: Table, said: Said) {
  const calls = [...snapshots]
    .sort((a, b) => Number(a.sequenceNumber - b.sequenceNumber))
    .map(({ summary }) => Number(summary['moraine.commit-id']))
  const violations: string[] = []
  const landed = new Set(calls)
  if (landed.size < calls.length) violations.push(`a call is in the table twice: ${calls.join()}`)
  for (const id of calls) if (!said.begun.has(id)) violations.push(`nobody began ${id}`)
  for (const id of said.acknowledged) if (!landed.has(id)) violations.push(`acknowledged ${id} is not there`)
  for (const id of said.failed) if (landed.has(id)) violations.push(`failed ${id} is there`)
  return { calls, violations }
}

function replayed(calls: readonly number[], { begun }: Said): readonly Record<string, unknown>[] {
  const rows = new Map<number, Record<string, unknown>>()
  for (const call of calls) {
    const change = (begun.get(call) ?? { delete: [] }) as Change
    if ('delete' in change) for (const { id } of change.delete) rows.delete(id)
    else for (const row of change.upsert) rows.set(row.id, row)
  }
  return [...rows.values()]
}

function linesOf(rows: readonly Record<string, unknown>[]): readonly string[] {
  return rows.map(({ id, part, call }) => `${id}/${part}/${call}`).sort()
}
