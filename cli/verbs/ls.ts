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
  async run([uri], options) {
    const lake = await openExistingLake(options, uri)
    return { kind: 'records', columns: ['table'], records: tablesBelow(lake, []) }
  },
}

async function* tablesBelow(lake: Lake, parent: readonly string[]): AsyncGenerator<{ table: string }> {
  if (parent.length > 0) {
    for (const table of await lake.listTables(parent)) yield { table: formatNamePath([...parent, table]) }
  }
  for (const namespace of await lake.listNamespaces(parent)) yield* tablesBelow(lake, namespace)
}
