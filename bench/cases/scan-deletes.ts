import type { BenchCase, Contender, Round } from '../case.ts'
import { type DeleteKind, deletedTable } from '../data/deleted-table.ts'
import { flatData } from '../data/generate.ts'
import { node, python } from '../peers/commands.ts'

const KINDS: readonly { readonly kind: DeleteKind; readonly words: string }[] = [
  { kind: 'vectors', words: 'deletion vectors' },
  { kind: 'positions', words: 'position delete files' },
  { kind: 'keys', words: 'an equality delete file' },
]

/** All count as the rows before the deletes, so that a ratio is one of times. */
export const scanDeletes: BenchCase = {
  name: 'scan-deletes',
  about: 'scan all columns to Arrow of a table with deleted rows, and of the same table before',
  unit: 'rows',
  async prepare({ rows }) {
    const file = await flatData(rows)
    const rounds: Round[] = []
    for (const { kind, words } of KINDS) {
      for (const every of [100, 10]) {
        const { whole, deleted } = await deletedTable(file, kind, every)
        const contenders: Contender[] = [
          { label: 'moraine', command: node('scan', { metadataLocation: deleted, countAs: rows }) },
          { label: 'moraine, without deletes', command: node('scan', { metadataLocation: whole }) },
          {
            label: 'spark',
            command: python('spark_scan', { metadataLocation: deleted, countAs: rows }),
            warmUps: 2,
          },
        ]
        // PyIceberg reads no equality deletes.
        if (kind !== 'keys') {
          contenders.push({
            label: 'pyiceberg',
            command: python('pyiceberg_scan', { metadataLocation: deleted, countAs: rows }),
          })
        }
        rounds.push({ title: `${rows} rows, 1 in ${every} deleted by ${words}`, contenders })
      }
    }
    return rounds
  },
}
