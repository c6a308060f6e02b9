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
      snapshot: snapshot.snapshotId,
      parent: snapshot.parentSnapshotId ?? null,
      'committed at': new Date(snapshot.timestampMs).toISOString(),
      operation: snapshot.operation ?? null,
      'added files': snapshot.summary['added-data-files'] ?? '0',
      'added records': snapshot.summary['added-records'] ?? '0',
      'total records': snapshot.summary['total-records'] ?? null,
    }))
    const columns = [
      'current',
      'snapshot',
      'parent',
      'committed at',
      'operation',
      'added files',
      'added records',
      'total records',
    ]
    return { kind: 'records', columns, records }
  },
}
