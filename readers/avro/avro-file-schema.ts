import type { AvroField, AvroRecord, AvroType } from '../../format/avro/avro-type.ts'
import { hasIds } from '../../format/avro/ids-by-name.ts'
import { invalidData } from '../../format/errors.ts'
import { mappedFieldId, type NameMapping, nameMappingFromSchema } from '../../format/name-mapping.ts'
import type { FileNode, FileSchema, FileShape } from '../../format/parquet/parquet-schema.ts'
import type { Schema } from '../../format/schema.ts'

/** The columns of an Avro file, by the ids that tables know them by, and where their values stand in its records. */
export interface AvroFileSchema extends FileSchema {
  readonly record: AvroRecord
  /** What a column is in the file, null left out of its union. */
  readonly typeOf: ReadonlyMap<FileNode, ValueType>
  /** The columns of a record, by their place in it; those of type null are no columns. */
  readonly nodesOf: ReadonlyMap<readonly FileNode[], readonly (FileNode | undefined)[]>
}

/** A type, and how it stands in the union around it. */
export interface ValueType {
  readonly type: AvroType
  /** Absent for a type without union. */
  readonly union?: { readonly valueBranch: number; readonly nullBranch: number | undefined }
}

/** Named types may stand in a schema many times over, and unfold without end. */
const MOST_NODES = 100_000

/**
 * The ids are the file's own, else those of the name mapping, else those of the table's columns of the same names, as
 * Iceberg Java has it for Avro. Throws INVALID_DATA for a file whose values are no records.
 */
export function avroFileSchema(
  schema: AvroType,
  tableSchema: Schema,
  nameMapping: NameMapping | undefined,
): AvroFileSchema {
  if (schema.kind !== 'record') throw invalidData(`expected records, found ${schema.kind}`)
  const hasFieldIds = hasIds(schema)
  const mapping = nameMapping ?? nameMappingFromSchema(tableSchema)
  const builder = new Builder((own, names) => (hasFieldIds ? own : mappedFieldId(mapping, names)))
  const fields = builder.fieldsOf(schema, [])
  return {
    fields,
    leaves: builder.leaves,
    hasFieldIds,
    record: schema,
    typeOf: builder.typeOf,
    nodesOf: builder.nodesOf,
  }
}

class Builder {
  readonly leaves: FileNode[] = []
  readonly typeOf = new Map<FileNode, ValueType>()
  readonly nodesOf = new Map<readonly FileNode[], readonly (FileNode | undefined)[]>()
  readonly #idOf: (own: number | undefined, names: readonly string[]) => number | undefined
  #nodes = 0

  constructor(idOf: (own: number | undefined, names: readonly string[]) => number | undefined) {
    this.#idOf = idOf
  }

  fieldsOf({ fields }: AvroRecord, parent: readonly string[]): readonly FileNode[] {
    const nodes = fields.map(({ name, id, type }) =>
      type.kind === 'null' ? undefined : this.#node(name, id, type, [...parent, name], 0),
    )
    const present = nodes.filter((node) => node !== undefined)
    // Every struct needs a leaf to be read by; this one takes no bytes.
    if (present.length === 0) present.push(this.#node('', undefined, { kind: 'null' }, [...parent, ''], 0))
    this.nodesOf.set(present, nodes)
    return present
  }

  #node(
    name: string,
    ownId: number | undefined,
    declared: AvroType,
    names: readonly string[],
    repetition: number,
    path: readonly string[] = names,
  ): FileNode {
    if (++this.#nodes > MOST_NODES) {
      throw invalidData(`Avro schema: expected at most ${MOST_NODES} columns, found more`)
    }
    const value = valueTypeOf(declared)
    const fieldId = this.#idOf(ownId, names)
    const node: FileNode = {
      name,
      path,
      ...(fieldId === undefined ? {} : { fieldId }),
      required: value.union?.nullBranch === undefined,
      maxDefinitionLevel: 0,
      maxRepetitionLevel: repetition,
      shape: this.#shape(name, value.type, names, repetition),
    }
    this.typeOf.set(node, value)
    if (node.shape.kind === 'primitive') this.leaves[node.shape.leafIndex] = node
    return node
  }

  #shape(name: string, type: AvroType, names: readonly string[], repetition: number): FileShape {
    const entry = type.kind === 'array' && type.isMap ? entryFields(type.items) : undefined
    if (entry !== undefined) {
      const [key, value] = entry
      return {
        kind: 'map',
        key: this.#node('key', key.id, key.type, [...names, 'key'], repetition + 1),
        value: this.#node('value', value.id, value.type, [...names, 'value'], repetition + 1),
      }
    }
    switch (type.kind) {
      case 'record': {
        const fields = this.fieldsOf(type, names)
        return { kind: type.isVariant ? 'variant' : 'struct', fields }
      }
      case 'array': {
        // As a list of three levels: the group around the element stands in the path.
        const path = [...names, 'list', 'element']
        const inside = [...names, 'element']
        return {
          kind: 'list',
          element: this.#node('element', type.elementId, type.items, inside, repetition + 1, path),
        }
      }
      case 'map':
        return {
          kind: 'map',
          key: this.#node('key', type.keyId, { kind: 'string' }, [...names, 'key'], repetition + 1),
          value: this.#node('value', type.valueId, type.values, [...names, 'value'], repetition + 1),
        }
      default:
        return { kind: 'primitive', leafIndex: this.leaves.push(undefined as never) - 1, element: { name } }
    }
  }
}

/** The key and the value of a map that is stored as an array of records. */
export function entryFields(items: AvroType): readonly [AvroField, AvroField] | undefined {
  if (items.kind !== 'record' || items.fields.length !== 2) return undefined
  return [items.fields[0]!, items.fields[1]!]
}

/** A union of null and one type is that type, nullable; a union of other types stays what it is. */
function valueTypeOf(type: AvroType): ValueType {
  if (type.kind !== 'union') return { type }
  const { branches } = type
  const nullBranch = branches.findIndex(({ kind }) => kind === 'null')
  const values = branches.filter(({ kind }) => kind !== 'null' && kind !== 'union')
  if (values.length !== 1 || branches.length > 2 || (nullBranch < 0 && branches.length > 1)) return { type }
  return {
    type: values[0]!,
    union: { valueBranch: branches.indexOf(values[0]!), nullBranch: nullBranch < 0 ? undefined : nullBranch },
  }
}
