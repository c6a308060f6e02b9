import type { Lake } from '../../index.ts'
import { openExistingLake } from '../catalog-arguments.ts'
import { formatNamePath } from '../name-path.ts'
import { catalogArgument, type Verb } from '../verb.ts'

export const ls: Verb = {
  name: 'ls',
  summary: 'list the tables of a catalog',
  arguments: [catalogArgument],
  options: [],
  example: 'moraine ls ./lake',
  async run([uri], options, { error }) {
    const lake = await openExistingLake(options, uri)
    return { kind: 'records', columns: ['table'], records: tablesOf(lake, error) }
  },
}

/** Of a prefix with a slip in it S3 cannot say that it is not there, so that a lake without tables is told as such. */
async function* tablesOf(lake: Lake, error: (text: string) => void): AsyncGenerator<{ table: string }> {
  let isEmpty = true
  for await (const record of tablesBelow(lake, [])) {
    isEmpty = false
    yield record
  }
  if (isEmpty) error(`moraine: there are no tables in ${lake.warehouse}\n`)
}

async function* tablesBelow(lake: Lake, parent: readonly string[]): AsyncGenerator<{ table: string }> {
  if (parent.length > 0) {
    for (const table of await lake.listTables(parent)) yield { table: formatNamePath([...parent, table]) }
  }
  for (const namespace of await lake.listNamespaces(parent)) yield* tablesBelow(lake, namespace)
}
