import type { BenchCase } from '../case.ts'
import { flatData } from '../data/generate.ts'
import { node, python } from '../peers/commands.ts'
import { ourTable, warehouse } from '../peers/tables.ts'

/** The input is read batch by batch; peers that need all of it in memory are shown for what they take. */
export const memory: BenchCase = {
  name: 'memory',
  about: 'peak memory of a streamed append and of a scan',
  unit: 'rows',
  async prepare({ rows }) {
    const file = await flatData(rows)
    const metadataLocation = await ourTable(file)
    const appended = (parallelism: number) => ({
      label: `moraine, parallelism ${parallelism}`,
      command: node('append-arrow', {
        file,
        warehouse: warehouse('moraine'),
        streamed: true,
        connect: { parallelism },
      }),
      unrated: true,
    })
    const scanned = (parallelism: number) => ({
      label: `moraine, parallelism ${parallelism}`,
      command: node('scan', { metadataLocation, open: { parallelism } }),
      unrated: true,
    })
    return [
      {
        title: `append ${rows} rows × 12 columns`,
        contenders: [
          ...[1, 2, 0].map(appended),
          {
            label: 'pyiceberg',
            command: python('pyiceberg_append', { file, warehouse: warehouse('pyiceberg') }),
          },
        ],
      },
      {
        title: `scan ${rows} rows × 12 columns`,
        contenders: [
          ...[1, 2, 0].map(scanned),
          { label: 'pyiceberg', command: python('pyiceberg_scan', { metadataLocation }) },
        ],
      },
    ]
  },
}
