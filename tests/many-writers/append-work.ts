import { schema, t } from '../../index.ts'
import type { Work } from './many-writers.ts'

/** Each call appends one row to each of three partitions. */
export const appendWork: Work = {
  verb: 'append',
  table: { schema: schema({ id: t.long().required(), part: t.int().required() }), partitionBy: ['part'] },
  async check(table, said) {
    const violations: string[] = []
    const parts = new Map<number, number[]>()
    for await (const { id, part } of table.scan().rows()) {
      parts.set(Number(id), [...(parts.get(Number(id)) ?? []), part as number])
    }
    const partsOf = (id: number) => (parts.get(id) ?? []).sort().join()
    for (const id of said.acknowledged) {
      if (partsOf(id) !== '0,1,2') violations.push(`acknowledged ${id}: rows [${partsOf(id)}]`)
    }
    for (const id of said.failed) {
      if (parts.has(id)) violations.push(`failed ${id}: rows [${partsOf(id)}]`)
    }
    for (const id of parts.keys()) {
      if (!said.acknowledged.has(id) && !said.open.has(id)) violations.push(`nobody began ${id}`)
      if (partsOf(id) !== '0,1,2') violations.push(`${id}: rows [${partsOf(id)}]`)
    }
    if (table.snapshots.length !== parts.size) {
      violations.push(`${parts.size} appends are in ${table.snapshots.length} snapshots`)
    }
    return { violations, landed: new Set(parts.keys()) }
  },
}
