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
    const streamed = { file, warehouse: warehouse('moraine'), streamed: true }
    return [
      {
        title: `append ${rows} rows × 12 columns`,
        contenders: [
          { label: 'moraine, streamed', command: node('append-arrow', streamed) },
          {
            label: 'pyiceberg',
            command: python('pyiceberg_append', { file, warehouse: warehouse('pyiceberg') }),
          },
        ],
      },
      {
        title: `scan ${rows} rows × 12 columns`,
        contenders: [
          { label: 'moraine', command: node('scan', { metadataLocation }) },
          { label: 'pyiceberg', command: python('pyiceberg_scan', { metadataLocation }) },
        ],
      },
    ]
  },
}
