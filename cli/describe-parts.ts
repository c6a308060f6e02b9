/** A table's partitioning and order in words, as DDL would write them. */
import { findFieldById, type Table, type Transform, transformToString } from '../index.ts'

export function partitionText(table: Table): string {
  const terms = table.partitionSpec.fields.map((field) => termText(table, field.transform, field.sourceIds))
  return terms.length === 0 ? 'nothing' : terms.join(', ')
}

export function sortText(table: Table): string {
  const terms = table.sortOrder.fields.map(
    (field) => `${termText(table, field.transform, field.sourceIds)} ${field.direction} ${field.nullOrder}`,
  )
  return terms.length === 0 ? 'nothing' : terms.join(', ')
}

function termText(table: Table, transform: Transform, sourceIds: readonly number[]): string {
  const columns = sourceIds
    .map((id) => findFieldById(table.schema, id)?.path.join('.') ?? `field ${id}`)
    .join(', ')
  return transform.kind === 'identity' ? columns : `${transformToString(transform)}(${columns})`
}
