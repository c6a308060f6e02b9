import { schema, type Table, t } from '../../index.ts'
import type { Said, Work } from './many-writers.ts'

/** Of a call's id; as `writer-process.mjs` numbers them. */
const CALLS_A_SOURCE = 1_000_000
const ROWS_A_CALL = 3

/** Each writer is a source of its own, which goes on where the table says it was when it died. */
export const sinkWork: Work = {
  verb: 'sink',
  table: { schema: schema({ id: t.long().required(), part: t.int().required() }), partitionBy: ['part'] },
  async check(table, said) {
    const violations: string[] = []
    const rows: number[] = []
    for await (const { id } of table.scan().rows()) rows.push(Number(id))
    const landed = landedCalls(table, said)
    const expected = [...landed].flatMap((call) =>
      Array.from({ length: ROWS_A_CALL }, (_, k) => call * ROWS_A_CALL + k),
    )
    const [found, right] = [rows, expected].map((ids) => ids.sort((a, b) => a - b).join())
    if (found !== right) violations.push(`expected rows ${right}, found ${found}`)
    for (const id of said.acknowledged)
      if (!landed.has(id)) violations.push(`acknowledged ${id} is not there`)
    return { violations, landed }
  },
}

/** All calls of each source up to where the table says it is. */
function landedCalls(table: Table, { begun }: Said): ReadonlySet<number> {
  const offsets = table.sink().committedOffsets()
  const sources = new Set([...begun.keys()].map((id) => Math.floor(id / CALLS_A_SOURCE)))
  const landed = new Set<number>()
  for (const source of sources) {
    const last = Number(offsets.get(String(source)) ?? -1)
    for (let call = 0; call <= last; call++) landed.add(source * CALLS_A_SOURCE + call)
  }
  return landed
}
