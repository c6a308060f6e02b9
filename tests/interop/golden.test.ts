/**
 * Tables that Iceberg Java, Spark and PyIceberg wrote, with the rows of every snapshot. They are read right, or
 * refused by name; never read wrong.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isMoraineError, openTable, type Table } from '../../index.ts'
import { canonicalRow, sortedLines } from './canonical.ts'

const golden = process.env['MORAINE_GOLDEN'] ?? resolve(import.meta.dirname, '../../../shared/golden')

interface GoldenTable {
  readonly name: string
  readonly metadataFile: string
  readonly originalPrefix: string
  readonly answer: string
  readonly snapshotsAnswer: string
}
interface SnapshotAnswer {
  readonly snapshotId: string
  readonly rows: number
  readonly sha256: string
}

/** Tables that this version refuses as a whole or in part, and the words of the refusal. */
const refusals: Readonly<Record<string, RegExp>> = {
  orc_data: /orc/i,
  avro_data: /avro|delete/i,
  v3_variant: /variant/i,
  v3_variant_shred: /variant/i,
}
const deletesRefused = /delete file/

const here = existsSync(join(golden, 'index.json'))
const tables = here
  ? (JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8')).tables as GoldenTable[])
  : []
const report: string[] = []

describe.skipIf(!here)('golden tables', () => {
  for (const entry of tables) {
    test(`${entry.name} reads right at every snapshot without deletes, and is refused at the others`, async () => {
      const table = await openTable(join(golden, entry.metadataFile), {
        remap: { [entry.originalPrefix]: join(golden, 'tables') },
      })
      const counts = { right: 0, refused: 0 }
      for (const answer of snapshotAnswers(entry)) {
        const lines = await readOrRefuse(table, answer, refusals[entry.name] ?? deletesRefused)
        if (lines === undefined) counts.refused++
        else {
          expect(lines.length, `rows of snapshot ${answer.snapshotId}`).toBe(answer.rows)
          expect(digest(lines), `digest of snapshot ${answer.snapshotId}`).toBe(answer.sha256)
          counts.right++
        }
      }
      report.push(`${entry.name}: ${counts.right} right, ${counts.refused} refused`)
    })
  }

  test('the report', () => {
    console.log(report.join('\n'))
    expect(report.length).toBe(tables.length)
  })
})

function snapshotAnswers(entry: GoldenTable): SnapshotAnswer[] {
  const text = readFileSync(join(golden, entry.snapshotsAnswer), 'utf8')
  return JSON.parse(text).snapshots as SnapshotAnswer[]
}

async function readOrRefuse(
  table: Table,
  answer: SnapshotAnswer,
  refusal: RegExp,
): Promise<string[] | undefined> {
  try {
    const scan = table.scan({ at: { snapshotId: BigInt(answer.snapshotId) } })
    const lines: string[] = []
    for await (const row of scan.rows()) lines.push(canonicalRow(row, scan.fields))
    return sortedLines(lines)
  } catch (error) {
    if (isMoraineError(error, 'UNSUPPORTED') && refusal.test(error.message)) return undefined
    throw error
  }
}

function digest(lines: readonly string[]): string {
  return createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex')
}
