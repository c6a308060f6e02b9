import { invalidData } from '../errors.ts'
import { overLimit, readLimits } from '../read-limits.ts'
import type { PrimitiveType } from '../types.ts'
import type { Repetition, SchemaElement } from './footer.ts'
import { leafType } from './leaf-type.ts'

/** A field of a Parquet file, by its meaning: the repeated groups inside lists and maps are no nodes. */
export interface FileNode {
  /** As in the file. */
  readonly name: string
  /** As in the file, from the root, repeated groups included; a leaf's is `pathInSchema` of its chunks. */
  readonly path: readonly string[]
  /** From the file, or from the name mapping when no field of the file has an id. */
  readonly fieldId?: number
  /** A list element that is itself the repeated field (two-level lists) is REQUIRED here. */
  readonly required: boolean
  readonly maxDefinitionLevel: number
  readonly maxRepetitionLevel: number
  readonly shape: FileShape
}

export type FileShape =
  | {
      readonly kind: 'primitive'
      /** The Iceberg type that Java reads the column as. Absent when none holds its values (uint64, wide decimals). */
      readonly type?: PrimitiveType
      /** Its place among the leaves of the schema, and so among the chunks of a row group. */
      readonly leafIndex: number
      /** Physical type and annotation, for conversions such as milliseconds to microseconds. */
      readonly element: SchemaElement
    }
  | { readonly kind: 'struct' | 'variant'; readonly fields: readonly FileNode[] }
  | { readonly kind: 'list'; readonly element: FileNode }
  | { readonly kind: 'map'; readonly key: FileNode; readonly value?: FileNode }

export interface FileSchema {
  readonly fields: readonly FileNode[]
  /** The primitive nodes in order of `leafIndex`. */
  readonly leaves: readonly FileNode[]
  /** Whether any field has an id of its own; if so, name mapping was not applied. */
  readonly hasFieldIds: boolean
}

/** A field's id by names from the root, with `element`, `key` and `value` for the parts of lists and maps. */
export type FieldIdByName = (path: readonly string[]) => number | undefined

const CONVERTED_MAP = 1
const CONVERTED_MAP_KEY_VALUE = 2
const CONVERTED_LIST = 3

/**
 * The tree that a footer's flat schema describes. Lists and maps are recognised in all their legacy forms (Parquet:
 * LogicalTypes.md, "Backward-compatibility rules"). Throws INVALID_DATA when the elements are no tree.
 */
export function fromParquetSchema(
  elements: readonly SchemaElement[],
  options: { readonly nameMapping?: FieldIdByName } = {},
): FileSchema {
  const root = elementTree(elements)
  const hasFieldIds = elements.some((element, i) => i > 0 && element.fieldId !== undefined)
  const context: Context = { idByName: hasFieldIds ? undefined : options.nameMapping, leaves: [] }
  const origin: Place = { path: [], names: [], definition: 0, repetition: 0 }
  const fields = root.children.map((child) => nodeOf(child, origin, context))
  return { fields, leaves: context.leaves, hasFieldIds }
}

/** The indexes of all leaves below a node, in order. */
export function leafIndexes(node: FileNode): number[] {
  const { shape } = node
  switch (shape.kind) {
    case 'primitive':
      return [shape.leafIndex]
    case 'struct':
    case 'variant':
      return shape.fields.flatMap(leafIndexes)
    case 'list':
      return leafIndexes(shape.element)
    case 'map':
      return [...leafIndexes(shape.key), ...(shape.value === undefined ? [] : leafIndexes(shape.value))]
  }
}

/** An element with the elements below it. */
export interface ElementTree {
  readonly element: SchemaElement
  readonly children: readonly ElementTree[]
}

export function elementTree(elements: readonly SchemaElement[]): ElementTree {
  let next = 0
  const most = readLimits().depth
  const read = (depth: number): ElementTree => {
    const element = elements[next++]
    if (element === undefined) throw invalidSchema('ends before its last group is complete')
    if (depth > most) throw overLimit('Parquet schema', 'depth')
    if (element.type !== undefined) return { element, children: [] }
    const count = element.numChildren ?? 0
    if (count < 0 || count > elements.length - next) {
      throw invalidSchema(`has a group '${element.name}' of ${count} fields, more than there are`)
    }
    return { element, children: Array.from({ length: count }, () => read(depth + 1)) }
  }
  if (elements[0]?.type !== undefined) throw invalidSchema('has a column as its root')
  const root = read(0)
  if (next !== elements.length) throw invalidSchema(`has ${elements.length - next} elements too many`)
  return root
}

interface Context {
  readonly idByName: FieldIdByName | undefined
  readonly leaves: FileNode[]
}

/** Where a node stands: its parent's path in the file, names as the mapping has them, and levels. */
interface Place {
  readonly path: readonly string[]
  readonly names: readonly string[]
  readonly definition: number
  readonly repetition: number
}

/** `mappedName` is what a name mapping calls the field; `repetition` overrides that of a repeated element. */
function nodeOf(
  tree: ElementTree,
  parent: Place,
  context: Context,
  mappedName = tree.element.name,
  repetition: Repetition = tree.element.repetition ?? 'REQUIRED',
): FileNode {
  const { element } = tree
  // A repeated field outside of a list is a required list of itself.
  if (repetition === 'REPEATED') return bareListOf(tree, parent, context, mappedName)
  const required = repetition === 'REQUIRED'
  const place: Place = {
    path: [...parent.path, element.name],
    names: [...parent.names, mappedName],
    definition: parent.definition + (required ? 0 : 1),
    repetition: parent.repetition,
  }
  return finish(tree, place, required, context, () => shapeOf(tree, place, context))
}

function finish(
  { element }: ElementTree,
  place: Place,
  required: boolean,
  context: Context,
  shape: () => FileShape,
): FileNode {
  const fieldId = context.idByName === undefined ? element.fieldId : context.idByName(place.names)
  const node: FileNode = {
    name: element.name,
    path: place.path,
    ...(fieldId === undefined ? {} : { fieldId }),
    required,
    maxDefinitionLevel: place.definition,
    maxRepetitionLevel: place.repetition,
    shape: shape(),
  }
  if (node.shape.kind === 'primitive') context.leaves.push(node)
  return node
}

function shapeOf(tree: ElementTree, place: Place, context: Context): FileShape {
  const { element, children } = tree
  if (element.type !== undefined) {
    return { kind: 'primitive', ...leafType(element), leafIndex: context.leaves.length, element }
  }
  if (isList(element)) return listShape(tree, place, context)
  if (isMap(element)) return mapShape(tree, place, context)
  const fields = children.map((child) => nodeOf(child, place, context))
  return { kind: element.logicalType?.kind === 'VARIANT' ? 'variant' : 'struct', fields }
}

/** Whether a group is annotated as a list. */
export function isList({ logicalType, convertedType }: SchemaElement): boolean {
  return logicalType?.kind === 'LIST' || convertedType === CONVERTED_LIST
}

/** Whether a group is annotated as a map. MAP_KEY_VALUE also stands on the inner group of correct maps. */
export function isMap({ logicalType, convertedType }: SchemaElement): boolean {
  return (
    logicalType?.kind === 'MAP' ||
    convertedType === CONVERTED_MAP ||
    convertedType === CONVERTED_MAP_KEY_VALUE
  )
}

function listShape(tree: ElementTree, place: Place, context: Context): FileShape {
  const repeated = onlyRepeatedChild(tree)
  const inside = insideRepeated(place)
  if (isElementItself(repeated, tree.element.name)) {
    return { kind: 'list', element: nodeOf(repeated, inside, context, 'element', 'REQUIRED') }
  }
  const below: Place = { ...inside, path: [...inside.path, repeated.element.name] }
  return { kind: 'list', element: nodeOf(repeated.children[0]!, below, context, 'element') }
}

function mapShape(tree: ElementTree, place: Place, context: Context): FileShape {
  const repeated = onlyRepeatedChild(tree)
  const [key, value] = repeated.children
  if (key === undefined || repeated.children.length > 2) {
    throw invalidSchema(`has a map '${tree.element.name}' of ${repeated.children.length} fields`)
  }
  const inside = insideRepeated(place)
  const below: Place = { ...inside, path: [...inside.path, repeated.element.name] }
  const keyNode = nodeOf(key, below, context, 'key')
  if (value === undefined) return { kind: 'map', key: keyNode }
  return { kind: 'map', key: keyNode, value: nodeOf(value, below, context, 'value') }
}

function bareListOf(tree: ElementTree, parent: Place, context: Context, mappedName: string): FileNode {
  const names = [...parent.names, mappedName]
  const place: Place = { ...parent, path: [...parent.path, tree.element.name], names }
  return finish(tree, place, true, context, () => ({
    kind: 'list',
    element: nodeOf(tree, insideRepeated({ ...parent, names }), context, 'element', 'REQUIRED'),
  }))
}

/** Two-level lists, as Iceberg Java tells them: the repeated field is the element. */
export function isElementItself(repeated: ElementTree, listName: string): boolean {
  return (
    repeated.element.type !== undefined ||
    repeated.children.length > 1 ||
    repeated.children[0]?.element.repetition === 'REPEATED' ||
    repeated.element.name === 'array' ||
    repeated.element.name === `${listName}_tuple`
  )
}

function insideRepeated(place: Place): Place {
  return { ...place, definition: place.definition + 1, repetition: place.repetition + 1 }
}

function onlyRepeatedChild({ element, children }: ElementTree): ElementTree {
  const [child] = children
  if (child === undefined || children.length > 1 || child.element.repetition !== 'REPEATED') {
    throw invalidSchema(`has a list or map '${element.name}' that is not one repeated field`)
  }
  if (child.element.type === undefined && child.children.length === 0) {
    throw invalidSchema(`has a list or map '${element.name}' of nothing`)
  }
  return child
}

function invalidSchema(what: string): Error {
  return invalidData(`the Parquet schema ${what}`, { rule: 'Parquet: schema' })
}
