import { invalidData } from '../errors.ts'
import type { JsonObject, JsonValue } from '../lossless-json.ts'
import { overLimit, readLimits } from '../read-limits.ts'

export type AvroPrimitiveKind = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string'

/** A `logicalType` annotation as found; unknown ones are kept and mean nothing. */
export interface AvroLogicalType {
  readonly name: string
  readonly precision?: number
  readonly scale?: number
  readonly adjustToUtc: boolean
}

export interface AvroPrimitive {
  readonly kind: AvroPrimitiveKind
  readonly logical?: AvroLogicalType
}
export interface AvroFixed {
  readonly kind: 'fixed'
  /** Bytes. */
  readonly size: number
  readonly logical?: AvroLogicalType
}
export interface AvroEnum {
  readonly kind: 'enum'
  readonly symbols: readonly string[]
}
export interface AvroArray {
  readonly kind: 'array'
  readonly items: AvroType
  /** The Iceberg id of the element; undefined for none, as in an array that stands for a map. */
  readonly elementId: number | undefined
  /** Whether its records are the entries of a map. */
  readonly isMap: boolean
}
export interface AvroMap {
  readonly kind: 'map'
  readonly values: AvroType
  /** Iceberg ids; undefined when the map carries none. */
  readonly keyId: number | undefined
  readonly valueId: number | undefined
}
export interface AvroUnion {
  readonly kind: 'union'
  readonly branches: readonly AvroType[]
}
export interface AvroField {
  readonly name: string
  /** The Iceberg field id; undefined when the field carries none. */
  readonly id: number | undefined
  readonly type: AvroType
}
export interface AvroRecord {
  readonly kind: 'record'
  readonly name: string
  readonly fields: readonly AvroField[]
  /** Bytes of every value of the record, when all of its fields have a constant size. */
  readonly constantSize: number | undefined
  /** Whether it stands for one variant. */
  readonly isVariant: boolean
}

export type AvroType = AvroPrimitive | AvroFixed | AvroEnum | AvroArray | AvroMap | AvroUnion | AvroRecord

/**
 * A writer schema out of a file's header, as far as it is needed to decode by field id. Defaults, docs and aliases
 * do not matter there. Recursive types are refused: no Iceberg file has them. Errors: `INVALID_DATA`.
 */
export function parseAvroType(json: JsonValue): AvroType {
  return parse(json, { named: new Map(), namespace: '', depth: 0 })
}

/** Bytes of every value of the type, or undefined when values differ in size. */
export function constantSize(type: AvroType): number | undefined {
  switch (type.kind) {
    case 'null':
      return 0
    case 'boolean':
      return 1
    case 'float':
      return 4
    case 'double':
      return 8
    case 'fixed':
      return type.size
    case 'record':
      return type.constantSize
    default:
      return undefined
  }
}

interface Scope {
  /** Finished named types by full name; a name still being defined maps to undefined. */
  readonly named: Map<string, AvroType | undefined>
  readonly namespace: string
  readonly depth: number
}

const primitiveKinds: ReadonlySet<string> = new Set<AvroPrimitiveKind>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
])

function parse(json: JsonValue, outer: Scope): AvroType {
  if (outer.depth >= readLimits().depth) throw overLimit('Avro schema', 'depth')
  const scope = { ...outer, depth: outer.depth + 1 }
  if (typeof json === 'string') return isPrimitiveKind(json) ? { kind: json } : namedType(json, scope)
  if (isArray(json)) return { kind: 'union', branches: json.map((branch) => parse(branch, scope)) }
  if (json === null || typeof json !== 'object') {
    throw invalidData(`Avro schema: expected a name, a list or an object, found ${String(json)}`)
  }
  const type = json['type']
  switch (type) {
    case 'record':
    case 'error':
      return define(json, scope, (name, inner) => parseRecord(name, json, inner))
    case 'fixed':
      return define(json, scope, () => ({ kind: 'fixed', size: fixedSize(json), logical: logicalType(json) }))
    case 'enum':
      return define(json, scope, () => ({ kind: 'enum', symbols: enumSymbols(json) }))
    case 'array':
      return {
        kind: 'array',
        items: parse(member(json, 'items'), scope),
        elementId: fieldId(json['element-id'], 'element-id'),
        isMap: json['logicalType'] === 'map',
      }
    case 'map':
      return {
        kind: 'map',
        values: parse(member(json, 'values'), scope),
        keyId: fieldId(json['key-id'], 'key-id'),
        valueId: fieldId(json['value-id'], 'value-id'),
      }
    default:
      if (typeof type === 'string' && isPrimitiveKind(type)) return { kind: type, logical: logicalType(json) }
      return parse(member(json, 'type'), scope)
  }
}

function define(json: JsonObject, scope: Scope, build: (name: string, inner: Scope) => AvroType): AvroType {
  const name = json['name']
  if (typeof name !== 'string')
    throw invalidData('Avro schema: expected a name on every record, fixed and enum')
  const declared = json['namespace']
  const dot = name.lastIndexOf('.')
  const namespace = dot >= 0 ? name.slice(0, dot) : typeof declared === 'string' ? declared : scope.namespace
  const fullName = qualify(dot >= 0 ? name.slice(dot + 1) : name, namespace)
  if (scope.named.has(fullName)) throw invalidData(`Avro schema: '${fullName}' is defined twice`)
  scope.named.set(fullName, undefined)
  const type = build(fullName, { ...scope, namespace })
  scope.named.set(fullName, type)
  return type
}

function namedType(name: string, scope: Scope): AvroType {
  const local = name.includes('.') ? name : qualify(name, scope.namespace)
  const fullName = scope.named.has(local) ? local : name
  if (!scope.named.has(fullName)) throw invalidData(`Avro schema: unknown type '${name}'`)
  const type = scope.named.get(fullName)
  if (type === undefined) throw invalidData(`Avro schema: '${name}' contains itself`)
  return type
}

function parseRecord(name: string, json: JsonObject, scope: Scope): AvroRecord {
  const list = member(json, 'fields')
  if (!isArray(list)) throw invalidData(`Avro schema: expected a list of fields in record '${name}'`)
  const fields = list.map((field) => parseField(name, field, scope))
  const ids = new Set<number>()
  for (const { id } of fields) {
    if (id === undefined) continue
    if (ids.has(id)) throw invalidData(`Avro schema: field id ${id} stands twice in record '${name}'`)
    ids.add(id)
  }
  const sizes = fields.map((field) => constantSize(field.type))
  const known = sizes.every((size) => size !== undefined)
  const size = known ? sizes.reduce((a, b) => a + b, 0) : undefined
  return { kind: 'record', name, fields, constantSize: size, isVariant: json['logicalType'] === 'variant' }
}

function parseField(record: string, json: JsonValue, scope: Scope): AvroField {
  const name = json !== null && typeof json === 'object' && !isArray(json) ? json['name'] : undefined
  if (typeof name !== 'string') throw invalidData(`Avro schema: expected named fields in record '${record}'`)
  const field = json as JsonObject
  return { name, id: fieldId(field['field-id']), type: parse(member(field, 'type'), scope) }
}

/** Java reads ids from numbers and from strings, so both are met. */
function fieldId(json: JsonValue | undefined, key = 'field-id'): number | undefined {
  if (json === undefined) return undefined
  const id = typeof json === 'string' && /^\d{1,10}$/.test(json) ? Number(json) : json
  if (typeof id === 'number' && Number.isInteger(id)) return id
  throw invalidData(`Avro schema: expected an integer as ${key}, found ${String(json)}`)
}

function enumSymbols(json: JsonObject): readonly string[] {
  const { symbols } = json
  if (symbols !== undefined && isArray(symbols)) {
    const names = symbols.filter((symbol) => typeof symbol === 'string')
    if (names.length === symbols.length) return names
  }
  throw invalidData("Avro schema: expected the names of an enum's symbols")
}

function fixedSize(json: JsonObject): number {
  const size = json['size']
  if (typeof size === 'number' && Number.isInteger(size) && size >= 0) return size
  throw invalidData(`Avro schema: expected a fixed's size, found ${String(size)}`)
}

function logicalType(json: JsonObject): AvroLogicalType | undefined {
  const { logicalType: name, precision, scale } = json
  if (typeof name !== 'string') return undefined
  return {
    name,
    adjustToUtc: json['adjust-to-utc'] === true || json['adjust-to-utc'] === 'true',
    ...(typeof precision === 'number' ? { precision } : {}),
    ...(typeof scale === 'number' ? { scale } : {}),
  }
}

function member(json: JsonObject, key: string): JsonValue {
  const value = json[key]
  if (value === undefined) throw invalidData(`Avro schema: expected '${key}'`)
  return value
}

function qualify(name: string, namespace: string): string {
  return namespace === '' ? name : `${namespace}.${name}`
}

function isPrimitiveKind(name: string): name is AvroPrimitiveKind {
  return primitiveKinds.has(name)
}

function isArray(json: JsonValue): json is readonly JsonValue[] {
  return Array.isArray(json)
}
