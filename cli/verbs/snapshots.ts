import { openNamedTable } from '../catalog-arguments.ts'
import { tableArgument, type Verb } from '../verb.ts'

export const snapshots: Verb = {
  name: 'snapshots',
  summary: 'the snapshots of a table, oldest first',
  arguments: [tableArgument],
  options: [],
  example: 'moraine snapshots shop.orders --catalog ./lake',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const records = table.snapshots.map((snapshot) => ({
      current: snapshot.snapshotId === table.currentSnapshot?.snapshotId ? '*' : '',
      snapshot_id: snapshot.snapshotId,
      parent_id: snapshot.parentSnapshotId ?? null,
      committed_at: new Date(snapshot.timestampMs).toISOString(),
      operation: snapshot.operation ?? null,
      added_files: snapshot.summary['added-data-files'] ?? '0',
      added_records: snapshot.summary['added-records'] ?? '0',
      total_records: snapshot.summary['total-records'] ?? null,
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
