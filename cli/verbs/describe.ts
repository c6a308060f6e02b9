import { type Table, typeToString } from '../../index.ts'
import { openNamedTable } from '../catalog-arguments.ts'
import { partitionText, sortText } from '../describe-parts.ts'
import { tableArgument, type Verb } from '../verb.ts'

export const describe: Verb = {
  name: 'describe',
  summary: 'what a table is: schema, partitioning, current snapshot, totals',
  arguments: [tableArgument],
  options: [],
  example: 'moraine describe shop.orders --catalog ./lake',
  async run([name], options) {
    return { kind: 'facts', facts: factsOf(await openNamedTable(name!, options)) }
  },
}

function factsOf(table: Table): Record<string, unknown> {
  const { metadata, currentSnapshot } = table
  const summary = currentSnapshot?.summary ?? {}
  return {
    table: [...table.identifier.namespace, table.identifier.name].join('.'),
    location: metadata.location,
    metadata: table.metadataLocation,
    format_version: metadata.formatVersion,
    uuid: metadata.tableUuid ?? null,
    columns: table.schema.fields.map(
      (field) => `${field.id} ${field.name} ${typeToString(field.type)}${field.required ? ' required' : ''}`,
    ),
    partitioned_by: partitionText(table),
    sorted_by: sortText(table),
    snapshots: metadata.snapshots.length,
    current_snapshot_id: currentSnapshot?.snapshotId ?? null,
    committed_at: currentSnapshot === undefined ? null : new Date(currentSnapshot.timestampMs).toISOString(),
    records: summary['total-records'] ?? null,
    data_files: summary['total-data-files'] ?? null,
    delete_files: summary['total-delete-files'] ?? null,
    bytes: summary['total-files-size'] ?? null,
  }
}
