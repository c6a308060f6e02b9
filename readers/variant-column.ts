/** Variant columns of Parquet files, shredded or not, as columns of metadata and value (Parquet: VariantShredding.md). */
import type { Data, DataType } from 'apache-arrow'
import { arrowData } from '../format/arrow/arrow-data.ts'
import { arrowTypeOf } from '../format/arrow/arrow-schema.ts'
import { bitAt } from '../format/arrow/bitmap.ts'
import { literalReader } from '../format/arrow/literal-reader.ts'
import { invalidData } from '../format/errors.ts'
import type { FileNode } from '../format/parquet/parquet-schema.ts'
import { binaryType, type Literal, type PrimitiveType } from '../format/types.ts'
import { compareUtf8 } from '../format/values/compare.ts'
import { decodeVariantMetadata, decodeVariantValue } from '../format/variant/decode-variant.ts'
import { encodeVariant } from '../format/variant/encode-variant.ts'
import { type Variant, type VariantBytes, type VariantField, variantNull } from '../format/variant/variant.ts'
import { convertLeaf } from './convert-leaf.ts'
import { literalColumn } from './literal-column.ts'
import type { NodePositions } from './node-positions.ts'

/**
 * A group of a file as a column of `arrowType`, a struct of metadata and value. What is shredded is put together
 * again. Throws INVALID_DATA for a group that is no variant.
 */
export function variantColumn(
  data: Data,
  node: FileNode,
  positions: NodePositions,
  arrowType: DataType,
): Data {
  const group = groupOf(node)
  const dataOf = (child: FileNode | undefined) => child && data.children[positions.get(child)!]
  const metadata = dataOf(group.metadata)
  if (metadata === undefined)
    throw invalidData(`'${node.name}' is no variant: it has no metadata`, { rule: RULE })
  const value = dataOf(group.value)
  if (group.typed === undefined && value !== undefined && value.nullCount === data.nullCount) {
    const children = [metadata, value].map((child) => convertLeaf(child, binaryType, arrowTypeOf(binaryType)))
    return data.clone(arrowType, data.offset, data.length, data.nullCount, data.buffers, children)
  }
  const metadataAt = bytesReader(metadata)
  const variantAt = groupReader(node, data, positions)
  const namesOf = knownNames()
  const rows = Array.from({ length: data.length }, (_, i): VariantBytes => {
    if (isNullAt(data, i)) return NOTHING
    const stored = metadataAt(i)
    if (stored === undefined) throw invalidData(`a variant in '${node.name}' has no metadata`, { rule: RULE })
    return encodeVariant(variantAt(i, namesOf(stored)) ?? variantNull)
  })
  const children = [rows.map((row) => row.metadata), rows.map((row) => row.value)]
  return arrowData(arrowType, data.length, {
    nullBitmap: data.nullCount === 0 ? undefined : (data.nullBitmap as Uint8Array),
    offset: data.offset,
    children: children.map((values) => literalColumn(binaryType, values)),
  })
}

const RULE = 'Variant shredding'
const NOTHING: VariantBytes = { metadata: new Uint8Array(0), value: new Uint8Array(0) }

/** Rows of one writer mostly have the same names. */
function knownNames(): (metadata: Uint8Array) => readonly string[] {
  let last: Uint8Array | undefined
  let names: readonly string[] = []
  return (metadata) => {
    if (last === undefined || Buffer.compare(last, metadata) !== 0) names = decodeVariantMetadata(metadata)
    last = metadata
    return names
  }
}

/** The parts of a variant, or of what lies in one. */
interface Group {
  readonly metadata: FileNode | undefined
  readonly value: FileNode | undefined
  readonly typed: FileNode | undefined
}

function groupOf({ shape, name }: FileNode): Group {
  if (shape.kind !== 'struct' && shape.kind !== 'variant') {
    throw invalidData(`'${name}' is no variant: expected a group of value and typed_value`, { rule: RULE })
  }
  const find = (wanted: string) => shape.fields.find((field) => field.name === wanted)
  return { metadata: find('metadata'), value: find('value'), typed: find('typed_value') }
}

/** Undefined where there is no value, which only a field of an object may lack. */
type ShreddedReader = (index: number, names: readonly string[]) => Variant | undefined

function groupReader(node: FileNode, data: Data, positions: NodePositions): ShreddedReader {
  const group = groupOf(node)
  const dataOf = (child: FileNode) => data.children[positions.get(child)!]!
  const valueAt = group.value === undefined ? () => undefined : bytesReader(dataOf(group.value))
  const typedAt =
    group.typed === undefined ? undefined : typedReader(group.typed, dataOf(group.typed), positions)
  const shredded = group.typed?.shape.kind === 'struct' ? group.typed.shape.fields : []
  const shreddedNames = new Set(shredded.map((field) => field.name))
  return (index, names) => {
    if (isNullAt(data, index)) return undefined
    const bytes = valueAt(index)
    const value = bytes && decodeVariantValue(bytes, names)
    const typed = typedAt?.(index, names)
    if (typed === undefined || value === undefined) return typed ?? value
    return joined(typed, value, shreddedNames, node.name)
  }
}

/**
 * An object of which some fields are shredded, and the others stand in the value. A shredded field that stands there
 * too breaks the rules; as in Iceberg Java it does not count there, even where the shredded one is missing.
 */
function joined(typed: Variant, value: Variant, shredded: ReadonlySet<string>, name: string): Variant {
  if (typed.kind !== 'object' || value.kind !== 'object') {
    throw invalidData(`a variant in '${name}' has a value and a typed value, and they are no objects`, {
      rule: RULE,
    })
  }
  const others = value.fields.filter((field) => !shredded.has(field.name))
  return { kind: 'object', fields: sorted([...typed.fields, ...others]) }
}

function sorted(fields: VariantField[]): readonly VariantField[] {
  return fields.sort((a, b) => compareUtf8(a.name, b.name))
}

function typedReader(node: FileNode, data: Data, positions: NodePositions): ShreddedReader {
  const { shape } = node
  const read = ((): ShreddedReader => {
    switch (shape.kind) {
      case 'primitive':
        return leafReader(node, data)
      case 'list':
        return arrayReader(shape.element, data, positions)
      case 'struct':
        return objectReader(shape.fields, data, positions)
      default:
        throw invalidData(`a typed_value is a ${shape.kind}: expected a leaf, a list or a group`, {
          rule: RULE,
        })
    }
  })()
  return (index, names) => (isNullAt(data, index) ? undefined : read(index, names))
}

function arrayReader(element: FileNode, data: Data, positions: NodePositions): ShreddedReader {
  const items = groupReader(element, data.children[0]!, positions)
  const offsets: Int32Array = data.valueOffsets
  return (index, names) => {
    const values: Variant[] = []
    for (let at = offsets[index]!; at < offsets[index + 1]!; at++)
      values.push(items(at, names) ?? variantNull)
    return { kind: 'array', items: values }
  }
}

function objectReader(fields: readonly FileNode[], data: Data, positions: NodePositions): ShreddedReader {
  const readers = fields.map((field) => ({
    name: field.name,
    read: groupReader(field, data.children[positions.get(field)!]!, positions),
  }))
  return (index, names) => {
    const found: VariantField[] = []
    for (const { name, read } of readers) {
      const value = read(index, names)
      if (value !== undefined) found.push({ name, value })
    }
    return { kind: 'object', fields: sorted(found) }
  }
}

function leafReader({ shape, name }: FileNode, data: Data): ShreddedReader {
  if (shape.kind !== 'primitive' || shape.type === undefined) {
    throw invalidData(`'${name}' has a type that no variant has`, { rule: RULE })
  }
  const { type, element } = shape
  const toVariant = variantMaker(type, element.logicalType, element.type)
  if (toVariant === undefined) {
    throw invalidData(`'${name}' is a ${type.kind}, which no variant has`, { rule: RULE })
  }
  const valueAt = literalReader(type, convertLeaf(data, type, arrowTypeOf(type)))
  return (index) => toVariant(valueAt(index))
}

type Annotation = Extract<FileNode['shape'], { kind: 'primitive' }>['element']

/** What a typed value stands for; undefined for types that no variant has, such as unsigned integers. */
function variantMaker(
  type: PrimitiveType,
  logical: Annotation['logicalType'],
  physical: Annotation['type'],
): ((value: Literal) => Variant) | undefined {
  if (type.kind === 'decimal') {
    const { scale } = type
    const bytes = physical === 'INT32' ? 4 : physical === 'INT64' ? 8 : 16
    return (value) => ({ kind: 'decimal', bytes, unscaled: value as bigint, scale })
  }
  const { kind } = type
  switch (kind) {
    case 'boolean':
      return (value) => ({ kind: 'boolean', value: value as boolean })
    case 'int': {
      if (logical?.kind === 'INTEGER' && !logical.isSigned) return undefined
      const width = logical?.kind === 'INTEGER' ? logical.bitWidth : 32
      const int = width === 8 ? 'int8' : width === 16 ? 'int16' : 'int32'
      return (value) => ({ kind: int, value: value as number })
    }
    case 'long':
      if (logical?.kind === 'INTEGER' && !logical.isSigned) return undefined
      return (value) => ({ kind: 'int64', value: value as bigint })
    case 'float':
    case 'double':
      return (value) => ({ kind, value: value as number })
    case 'date':
      return (value) => ({ kind: 'date', value: value as number })
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return (value) => ({ kind, value: value as bigint })
    case 'string':
      return (value) => ({ kind: 'string', value: value as string })
    case 'binary':
      return (value) => ({ kind: 'binary', value: value as Uint8Array })
    case 'uuid':
      return (value) => ({ kind: 'uuid', value: value as string })
    default:
      return undefined
  }
}

/** Bytes of a slot, as a view; undefined for null. */
function bytesReader(data: Data): (index: number) => Uint8Array | undefined {
  const binary = convertLeaf(data, binaryType, arrowTypeOf(binaryType))
  const read = literalReader(binaryType, binary)
  return (index) => (isNullAt(binary, index) ? undefined : (read(index) as Uint8Array))
}

function isNullAt(data: Data, index: number): boolean {
  return data.nullCount > 0 && !bitAt(data.nullBitmap as Uint8Array, data.offset + index)
}
