import { openNamedTable } from '../catalog-arguments.ts'
import { remapOption, tableArgument, type Verb } from '../verb.ts'

export const refs: Verb = {
  name: 'refs',
  summary: 'the branches and tags of a table',
  arguments: [tableArgument],
  options: [remapOption],
  example: 'moraine refs shop.orders --catalog ./lake',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const records = [...table.refs].map(([refName, ref]) => ({
      name: refName,
      type: ref.type,
      snapshot_id: ref.snapshotId,
      max_reference_age_in_ms: ref.maxRefAgeMs ?? null,
      max_snapshot_age_in_ms: ref.maxSnapshotAgeMs ?? null,
      min_snapshots_to_keep: ref.minSnapshotsToKeep ?? null,
    }))
    const columns = [
      'name',
      'type',
      'snapshot_id',
      'max_reference_age_in_ms',
      'min_snapshots_to_keep',
      'max_snapshot_age_in_ms',
    ]
    return { kind: 'records', columns, records }
  },
}
