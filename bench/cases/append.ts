import type { BenchCase } from '../case.ts'
import { flatData } from '../data/generate.ts'
import { node, python } from '../peers/commands.ts'
import { installPeers } from '../peers/node-peers.ts'
import { warehouse } from '../peers/tables.ts'

export const appendArrow: BenchCase = {
  name: 'append-arrow',
  about: 'append flat Arrow rows that are in memory, zstd, in one commit',
  unit: 'rows',
  async prepare({ rows }) {
    const file = await flatData(rows)
    return [
      {
        title: `${rows} rows × 12 columns`,
        contenders: [
          { label: 'moraine', command: node('append-arrow', { file, warehouse: warehouse('moraine') }) },
          {
            label: 'pyiceberg',
            command: python('pyiceberg_append', { file, warehouse: warehouse('pyiceberg') }),
          },
          {
            label: 'ducklake',
            command: python('ducklake_append', { file, warehouse: warehouse('ducklake') }),
          },
        ],
      },
    ]
  },
}

/** Plain objects take ten times the memory of Arrow: a tenth of the rows is appended. */
export const appendRows: BenchCase = {
  name: 'append-rows',
  about: 'append plain JS objects (Python dicts) that are in memory, in one commit',
  unit: 'rows',
  async prepare(settings) {
    installPeers()
    const rows = Math.ceil(settings.rows / 10)
    const file = await flatData(rows)
    return [
      {
        title: `${rows} objects × 12 columns`,
        contenders: [
          { label: 'moraine', command: node('append-rows', { file, warehouse: warehouse('moraine') }) },
          {
            label: 'pyiceberg, from_pylist',
            command: python('pyiceberg_append', { file, warehouse: warehouse('pyiceberg'), rows: true }),
          },
          {
            label: 'hyparquet-writer, a bare file',
            command: node('hyparquet-write', { file }),
          },
        ],
      },
    ]
  },
}
