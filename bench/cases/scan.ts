import type { BenchCase, Contender, Round } from '../case.ts'
import { flatData, nestedData } from '../data/generate.ts'
import { makeTable } from '../jobs/make-table.ts'
import { node, python } from '../peers/commands.ts'
import { installPeers } from '../peers/node-peers.ts'
import { S3_SERVER, startS3Server } from '../peers/s3-server.ts'
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
      ...(await onS3(file, rows)),
    ]
  },
}

/** The same from a bucket of a server on this machine, where there is one. */
async function onS3(file: string, rows: number): Promise<readonly Round[]> {
  const server = await startS3Server()
  if (server === undefined) return []
  const { bucket, properties, stop } = server
  const lake = { warehouse: `${bucket}/moraine`, connect: { properties } }
  const metadataLocation = await makeTable(lake, 'bench.flat', file)
  return [
    {
      title: `${rows} rows that Moraine wrote, in ${S3_SERVER}`,
      contenders: [
        { label: 'moraine', command: node('scan', { metadataLocation, open: { properties } }) },
        { label: 'pyiceberg', command: python('pyiceberg_scan', { metadataLocation, properties }) },
      ],
      close: stop,
    },
  ]
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

const LEAF = 'report.reading.quality.score'

export const nestedLeaf: BenchCase = {
  name: 'nested-leaf',
  about: `read one nested double of 31 leaves (${LEAF})`,
  unit: 'rows',
  async prepare({ nestedRows }) {
    const file = await nestedData(nestedRows)
    return [
      {
        title: `${nestedRows} rows that PyIceberg wrote`,
        contenders: scanners(pyicebergTable(file), { select: [LEAF] }, LEAF),
      },
      {
        title: `${nestedRows} rows that Moraine wrote`,
        contenders: scanners(await ourTable(file), { select: [LEAF] }, LEAF),
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
  leaf?: string,
): readonly Contender[] {
  return [
    { label: 'moraine', command: node('scan', { metadataLocation, ...what, leaf }) },
    { label: 'pyiceberg', command: python('pyiceberg_scan', { metadataLocation, ...what }) },
  ]
}
