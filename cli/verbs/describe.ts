import { schemaToJson, type Table, typeToString } from '../../index.ts'
import { openNamedTable } from '../catalog-arguments.ts'
import { partitionParts, partitionText, sortParts, sortText } from '../describe-parts.ts'
import { instantText } from '../instant-text.ts'
import { formatNamePath } from '../name-path.ts'
import { summaryCount } from '../summary-count.ts'
import { remapOption, tableArgument, type Verb } from '../verb.ts'

export const describe: Verb = {
  name: 'describe',
  summary: 'what a table is: schema, partitioning, current snapshot, totals',
  arguments: [tableArgument],
  options: [remapOption],
  example: 'moraine describe shop.orders --catalog ./lake',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const isForPrograms = options.format === 'json' || options.format === 'ndjson'
    return { kind: 'facts', facts: factsOf(table, isForPrograms ? partsOf(table) : wordsOf(table)) }
  },
}

type Layout = Readonly<Record<'columns' | 'partitioned_by' | 'sorted_by', unknown>>

function factsOf(table: Table, layout: Layout): Record<string, unknown> {
  const { metadata, currentSnapshot } = table
  return {
    table: formatNamePath([...table.identifier.namespace, table.identifier.name]),
    location: metadata.location,
    metadata: table.metadataLocation,
    format_version: metadata.formatVersion,
    uuid: metadata.tableUuid ?? null,
    ...layout,
    snapshots: metadata.snapshots.length,
    current_snapshot_id: currentSnapshot?.snapshotId ?? null,
    committed_at: currentSnapshot === undefined ? null : instantText(currentSnapshot.timestampMs),
    records: summaryCount(currentSnapshot, 'total-records'),
    data_files: summaryCount(currentSnapshot, 'total-data-files'),
    delete_files: summaryCount(currentSnapshot, 'total-delete-files'),
    bytes: summaryCount(currentSnapshot, 'total-files-size'),
  }
}

function wordsOf(table: Table): Layout {
  return {
    columns: table.schema.fields.map(
      (field) => `${field.id} ${field.name} ${typeToString(field.type)}${field.required ? ' required' : ''}`,
    ),
    partitioned_by: partitionText(table),
    sorted_by: sortText(table),
  }
}

/** Columns as an Iceberg schema has them in JSON (spec: Appendix C). */
function partsOf(table: Table): Layout {
  return {
    columns: schemaToJson(table.schema)['fields'],
    partitioned_by: partitionParts(table),
    sorted_by: sortParts(table),
  }
}
