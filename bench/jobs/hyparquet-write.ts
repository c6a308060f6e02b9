import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { benchFolder } from '../case.ts'
import { loadArrow } from '../data/read.ts'
import { plainRows } from '../data/rows.ts'
import { type Job, timed } from '../job.ts'
import { importPeer } from '../peers/node-peers.ts'

type Write = (options: {
  readonly filename: string
  readonly columnData: readonly { readonly name: string; readonly data: readonly unknown[] }[]
}) => void | Promise<void>

/** hyparquet-writer, which has no tables, writes plain JS objects to a bare Parquet file (snappy, its own encoder). */
export async function prepare({ file }: { readonly file: string }): Promise<Job> {
  const { parquetWriteFile } = await importPeer('hyparquet-writer')
  const write = parquetWriteFile as Write
  const table = loadArrow(file)
  const names = table.schema.fields.map((field) => field.name)
  const rows = [...plainRows(table)]
  return {
    async run() {
      const filename = resolve(benchFolder, `hyparquet-${process.pid}.parquet`)
      const time = await timed(async () => {
        await write({
          filename,
          columnData: names.map((name) => ({ name, data: rows.map((row) => row[name] ?? null) })),
        })
      })
      rmSync(filename)
      return { count: rows.length, ...time }
    },
  }
}
