import { fileURLToPath } from 'node:url'
import { type Job, timed } from '../job.ts'
import { venvPackages } from '../peers/commands.ts'
import { importPeer } from '../peers/node-peers.ts'

interface Connection {
  run(sql: string): Promise<unknown>
  stream(sql: string): Promise<{ yieldRowObjectJs(): AsyncIterable<readonly object[]> }>
}
interface DuckDB {
  create(path: string, options: Record<string, string>): Promise<{ connect(): Promise<Connection> }>
}

/** DuckDB's Node client streams a table as plain objects. */
export async function prepare({ metadataLocation }: { readonly metadataLocation: string }): Promise<Job> {
  const { DuckDBInstance } = await importPeer('@duckdb/node-api')
  const instance = await (DuckDBInstance as DuckDB).create(':memory:', { allow_unsigned_extensions: 'true' })
  const connection = await instance.connect()
  for (const name of ['avro', 'httpfs', 'iceberg']) await connection.run(`load '${extension(name)}'`)
  const sql = `select * from iceberg_scan('${fileURLToPath(metadataLocation)}')`
  return {
    async run() {
      let count = 0
      const time = await timed(async () => {
        const result = await connection.stream(sql)
        for await (const rows of result.yieldRowObjectJs()) count += rows.length
      })
      return { count, ...time }
    },
  }
}

/** The extensions of the same version that pip brought. */
function extension(name: string): string {
  return `${venvPackages()}/duckdb_extension_${name}/extensions/v1.5.5/${name}.duckdb_extension`
}
