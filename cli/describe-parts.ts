/** A table's partitioning and order: in words, as DDL would write them, and as data. */
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

export function partitionParts(table: Table) {
  return table.partitionSpec.fields.map(({ fieldId, name, sourceIds, transform }) => ({
    field_id: fieldId,
    name,
    transform: transformToString(transform),
    columns: columnsOf(table, sourceIds),
  }))
}

export function sortParts(table: Table) {
  return table.sortOrder.fields.map(({ sourceIds, transform, direction, nullOrder }) => ({
    transform: transformToString(transform),
    columns: columnsOf(table, sourceIds),
    direction,
    null_order: nullOrder,
  }))
}

function columnsOf(table: Table, sourceIds: readonly number[]): string[] {
  return sourceIds.map((id) => findFieldById(table.schema, id)?.path.join('.') ?? `field ${id}`)
}

function termText(table: Table, transform: Transform, sourceIds: readonly number[]): string {
  const columns = columnsOf(table, sourceIds).join(', ')
  return transform.kind === 'identity' ? columns : `${transformToString(transform)}(${columns})`
}
