import { openNamedTable } from '../catalog-arguments.ts'
import { tableArgument, type Verb } from '../verb.ts'

export const refs: Verb = {
  name: 'refs',
  summary: 'the branches and tags of a table',
  arguments: [tableArgument],
  options: [],
  example: 'moraine refs shop.orders --catalog ./lake',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const records = [...table.refs].map(([refName, ref]) => ({
      name: refName,
      type: ref.type,
      snapshot: ref.snapshotId,
      'max ref age ms': ref.maxRefAgeMs ?? null,
      'max snapshot age ms': ref.maxSnapshotAgeMs ?? null,
      'min snapshots': ref.minSnapshotsToKeep ?? null,
    }))
    const columns = ['name', 'type', 'snapshot', 'max ref age ms', 'max snapshot age ms', 'min snapshots']
    return { kind: 'records', columns, records }
  },
}
