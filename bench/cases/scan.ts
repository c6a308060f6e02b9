import type { BenchCase, Contender } from '../case.ts'
import { flatData, nestedData } from '../data/generate.ts'
import { node, python } from '../peers/commands.ts'
import { installPeers } from '../peers/node-peers.ts'
import { ourTable, pyicebergTable } from '../peers/tables.ts'

export const scanArrow: BenchCase = {
  name: 'scan-arrow',
  about: 'scan all columns to Arrow',
  unit: 'rows',
  async prepare({ rows }) {
    const file = await flatData(rows)
    return [
      { title: `${rows} rows that PyIceberg wrote`, contenders: scanners(pyicebergTable(file)) },
      { title: `${rows} rows that Moraine wrote`, contenders: scanners(await ourTable(file)) },
    ]
  },
}

export const scanRows: BenchCase = {
  name: 'scan-rows',
  about: 'read all columns as plain JS objects',
  unit: 'rows',
  async prepare(settings) {
    installPeers()
    const rows = Math.ceil(settings.rows / 10)
    const metadataLocation = pyicebergTable(await flatData(rows))
    return [
      {
        title: `${rows} rows that PyIceberg wrote`,
        contenders: [
          { label: 'moraine', command: node('scan', { metadataLocation, rows: true }) },
          { label: 'duckdb, node client', command: node('duckdb-read', { metadataLocation }) },
          { label: 'icebird', command: node('icebird-read', { metadataLocation }) },
        ],
      },
    ]
  },
}

const LEAF = 'reading.quality.score'

export const nestedLeaf: BenchCase = {
  name: 'nested-leaf',
  about: `read one nested double of 31 leaves (${LEAF})`,
  unit: 'rows',
  async prepare({ nestedRows }) {
    const file = await nestedData(nestedRows)
    return [
      {
        title: `${nestedRows} rows that PyIceberg wrote`,
        contenders: scanners(pyicebergTable(file), { select: [LEAF] }),
      },
      {
        title: `${nestedRows} rows that Moraine wrote`,
        contenders: scanners(await ourTable(file), { select: [LEAF] }),
      },
    ]
  },
}

/** A thousandth of the ids, which the data is sorted by. */
export const selectiveFilter: BenchCase = {
  name: 'selective-filter',
  about: 'read a thousandth of the rows by a range of the sorted column',
  unit: 'rows',
  async prepare({ rows }) {
    const file = await flatData(rows)
    const first = Math.floor(rows * 0.6)
    const where = `id >= ${first} and id < ${first + Math.ceil(rows / 1000)}`
    return [
      {
        title: `${rows} rows that PyIceberg wrote, ${where}`,
        contenders: scanners(pyicebergTable(file), { where }),
      },
      {
        title: `${rows} rows that Moraine wrote, ${where}`,
        contenders: scanners(await ourTable(file), { where }),
      },
    ]
  },
}

function scanners(
  metadataLocation: string,
  what: { readonly select?: readonly string[]; readonly where?: string } = {},
): readonly Contender[] {
  return [
    { label: 'moraine', command: node('scan', { metadataLocation, ...what }) },
    { label: 'pyiceberg', command: python('pyiceberg_scan', { metadataLocation, ...what }) },
  ]
}
