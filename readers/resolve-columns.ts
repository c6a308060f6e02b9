import type { DataType } from 'apache-arrow'
import { arrowTypeOf } from '../format/arrow/arrow-schema.ts'
import { invalidData } from '../format/errors.ts'
import { type FileNode, type FileSchema, leafIndexes } from '../format/parquet/parquet-schema.ts'
import { isPrimitive, type NestedField, type Type, typeToString } from '../format/types.ts'
import { type ConstantColumn, constantColumn } from './constant-column.ts'
import { LAST_UPDATED_COLUMN, POS_COLUMN, ROW_ID_COLUMN } from './metadata-columns.ts'
import { type MissingFieldValues, valueOfMissing } from './missing-field.ts'

/** How one output column, or a part of one, comes to be. */
export type ResolvedColumn = ConstantColumn | PositionColumn | FileColumn | FilledColumn

/** `base` plus the row's position in the file. */
export interface PositionColumn {
  readonly kind: 'position'
  readonly base: bigint
}
/** Read from the file. */
export interface FileColumn {
  readonly kind: 'file'
  readonly node: FileNode
  readonly type: Type
  readonly arrowType: DataType
  /** Full name, for messages. */
  readonly name: string
  /** A struct's fields; a list's element; a map's key and value. */
  readonly children: readonly ResolvedColumn[]
}
/** An int64 column of the file whose nulls take the fallback's values. */
export interface FilledColumn {
  readonly kind: 'filled'
  readonly column: FileColumn
  readonly fallback: ConstantColumn | PositionColumn
}

export interface ResolveContext {
  readonly file: FileSchema
  readonly missing: MissingFieldValues
  /** Values of the metadata columns that are the same for the whole file, by field id. */
  readonly constants: ReadonlyMap<number, ConstantColumn>
  /** v3 row lineage; `firstRowId` undefined makes both of its columns null. */
  readonly firstRowId: bigint | undefined
  readonly sequenceNumber: bigint
  /** Compressed bytes of a leaf in the whole file: what reading it costs. */
  readonly costOfLeaf: (leafIndex: number) => bigint
}

/**
 * Decides for each field, at every depth, where its values come from (spec: "Column Projection"): the file's column
 * of that id, else what `valueOfMissing` says. Adds to `leaves` every leaf that must be decoded for it. A struct,
 * list or map that is in the file but of which no wanted leaf is still takes its cheapest one: whether it is null,
 * and how long it is, is only written there.
 */
export function resolveColumns(
  fields: readonly NestedField[],
  context: ResolveContext,
  leaves: Set<number>,
): readonly ResolvedColumn[] {
  const topLevel = nodesById(context.file.fields)
  return fields.map(
    (field) =>
      metadataColumn(field, topLevel, context, leaves) ?? inStruct(field, topLevel, '', context, leaves),
  )
}

function metadataColumn(
  field: NestedField,
  topLevel: ReadonlyMap<number, FileNode>,
  context: ResolveContext,
  leaves: Set<number>,
): ResolvedColumn | undefined {
  const constant = context.constants.get(field.id)
  if (constant !== undefined) return constant
  const { firstRowId, sequenceNumber } = context
  switch (field.id) {
    case POS_COLUMN.id:
      return { kind: 'position', base: 0n }
    case ROW_ID_COLUMN.id:
    case LAST_UPDATED_COLUMN.id: {
      if (firstRowId === undefined) return constantColumn(field.type, null)
      const fallback: ConstantColumn | PositionColumn =
        field.id === ROW_ID_COLUMN.id
          ? { kind: 'position', base: firstRowId }
          : constantColumn(field.type, sequenceNumber)
      const node = topLevel.get(field.id)
      return node === undefined
        ? fallback
        : { kind: 'filled', column: fromFile(field, node, field.name, context, leaves), fallback }
    }
    default:
      return undefined
  }
}

function inStruct(
  field: NestedField,
  siblings: ReadonlyMap<number, FileNode>,
  parentName: string,
  context: ResolveContext,
  leaves: Set<number>,
): ResolvedColumn {
  const name = parentName === '' ? field.name : `${parentName}.${field.name}`
  const node = siblings.get(field.id)
  // Files may hold a column of type unknown; its values do not count (spec: Appendix A, Parquet).
  if (node === undefined || field.type.kind === 'unknown') {
    const value = valueOfMissing(field, name, context.missing)
    return constantColumn(field.type, value)
  }
  if (isOnlyNulls(node)) return constantColumn(field.type, null)
  return fromFile(field, node, name, context, leaves)
}

/** Parquet's type of a column that never had a value; what it is stored as says nothing. */
function isOnlyNulls({ shape }: FileNode): boolean {
  return shape.kind === 'primitive' && shape.element.logicalType?.kind === 'UNKNOWN'
}

function fromFile(
  field: Pick<NestedField, 'type'>,
  node: FileNode,
  name: string,
  context: ResolveContext,
  leaves: Set<number>,
): FileColumn {
  const children = childColumns(field.type, node, name, context, leaves)
  if (!leafIndexes(node).some((leaf) => leaves.has(leaf))) leaves.add(cheapestLeaf(node, context))
  return { kind: 'file', node, type: field.type, arrowType: arrowTypeOf(field.type), name, children }
}

function childColumns(
  type: Type,
  node: FileNode,
  name: string,
  context: ResolveContext,
  leaves: Set<number>,
): readonly ResolvedColumn[] {
  const { shape } = node
  if (type.kind === 'variant' && (shape.kind === 'variant' || shape.kind === 'struct')) {
    for (const leaf of leafIndexes(node)) leaves.add(leaf)
    return []
  }
  if (type.kind === 'struct' && shape.kind === 'struct') {
    const inside = nodesById(shape.fields)
    return type.fields.map((field) => inStruct(field, inside, name, context, leaves))
  }
  if (type.kind === 'list' && shape.kind === 'list') {
    return [part(type.element, shape.element, `${name}.element`, context, leaves)]
  }
  if (type.kind === 'map' && shape.kind === 'map') {
    const key = part(type.key, shape.key, `${name}.key`, context, leaves)
    const value = part(type.value, shape.value, `${name}.value`, context, leaves)
    return [key, value]
  }
  if (isPrimitive(type) && shape.kind === 'primitive') {
    leaves.add(shape.leafIndex)
    return []
  }
  throw invalidData(`column '${name}': expected ${typeToString(type)}, found a ${shape.kind} in the file`, {
    column: name,
    rule: 'Column Projection',
  })
}

/** A list has one element and a map one key and value: they need no id to be found. */
function part(
  type: Type,
  node: FileNode | undefined,
  name: string,
  context: ResolveContext,
  leaves: Set<number>,
): ResolvedColumn {
  if (node === undefined || type.kind === 'unknown' || isOnlyNulls(node)) {
    if (node !== undefined) leaves.add(cheapestLeaf(node, context))
    return constantColumn(type, null)
  }
  return fromFile({ type }, node, name, context, leaves)
}

/** The leaf to learn a group's shape from: outside of further lists if it can be, then the smallest. */
function cheapestLeaf(node: FileNode, { file, costOfLeaf }: ResolveContext): number {
  const candidates = leafIndexes(node).map((leaf) => ({
    leaf,
    repetition: file.leaves[leaf]!.maxRepetitionLevel,
    cost: costOfLeaf(leaf),
  }))
  const [first, ...others] = candidates
  if (first === undefined) throw invalidData(`column '${node.path.join('.')}' has no leaf in the file`)
  return others.reduce((best, next) => {
    if (next.repetition !== best.repetition) return next.repetition < best.repetition ? next : best
    return next.cost < best.cost ? next : best
  }, first).leaf
}

function nodesById(nodes: readonly FileNode[]): ReadonlyMap<number, FileNode> {
  const byId = new Map<number, FileNode>()
  for (const node of nodes) {
    if (node.fieldId === undefined) continue
    if (byId.has(node.fieldId)) {
      throw invalidData(`field id ${node.fieldId} stands twice in the file's schema`, {
        rule: 'Column Projection',
      })
    }
    byId.set(node.fieldId, node)
  }
  return byId
}
