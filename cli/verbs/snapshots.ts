import { openNamedTable } from '../catalog-arguments.ts'
import { instantText } from '../instant-text.ts'
import { summaryCount } from '../summary-count.ts'
import { remapOption, tableArgument, type Verb } from '../verb.ts'

export const snapshots: Verb = {
  name: 'snapshots',
  summary: 'the snapshots of a table, oldest first',
  arguments: [tableArgument],
  options: [remapOption],
  example: 'moraine snapshots shop.orders --catalog ./lake',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const records = table.snapshots.map((snapshot) => ({
      current: snapshot.snapshotId === table.currentSnapshot?.snapshotId ? '*' : '',
      snapshot_id: snapshot.snapshotId,
      parent_id: snapshot.parentSnapshotId ?? null,
      committed_at: instantText(snapshot.timestampMs),
      operation: snapshot.operation ?? null,
      added_files: summaryCount(snapshot, 'added-data-files') ?? 0,
      added_records: summaryCount(snapshot, 'added-records') ?? 0,
      total_records: summaryCount(snapshot, 'total-records'),
    }))
    const columns = [
      'current',
      'snapshot_id',
      'parent_id',
      'committed_at',
      'operation',
      'added_files',
      'added_records',
      'total_records',
    ]
    return { kind: 'records', columns, records }
  },
}
