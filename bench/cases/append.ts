import type { BenchCase, Round } from '../case.ts'
import { flatData } from '../data/generate.ts'
import { node, python } from '../peers/commands.ts'
import { installPeers } from '../peers/node-peers.ts'
import { S3_SERVER, startS3Server } from '../peers/s3-server.ts'
import { warehouse } from '../peers/tables.ts'

export const appendArrow: BenchCase = {
  name: 'append-arrow',
  about: 'append flat Arrow rows that are in memory, zstd, in one commit',
  unit: 'rows',
  async prepare({ rows }) {
    const file = await flatData(rows)
    return [
      {
        title: `${rows} rows × 12 columns, into a folder`,
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
      ...(await onS3(file, rows)),
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

/** The same in a bucket of a server on this machine, where there is one. */
async function onS3(file: string, rows: number): Promise<readonly Round[]> {
  const server = await startS3Server()
  if (server === undefined) return []
  const { bucket, properties, stop } = server
  const ours = { file, warehouse: `${bucket}/moraine`, connect: { properties } }
  const theirs = { file, warehouse: warehouse('pyiceberg'), bucket: `${bucket}/pyiceberg`, properties }
  return [
    {
      title: `${rows} rows × 12 columns, into ${S3_SERVER}`,
      contenders: [
        { label: 'moraine', command: node('append-arrow', ours) },
        { label: 'pyiceberg', command: python('pyiceberg_append', theirs) },
      ],
      close: stop,
    },
  ]
}
