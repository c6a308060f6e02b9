import { unsupported } from '../errors.ts'
import type { Schema } from '../schema.ts'
import { childFields, type NestedField, type PrimitiveType, typeToString } from '../types.ts'
import type { Repetition, SchemaElement } from './footer.ts'

/** `ConvertedType` numbers, which old readers look at. They do not tell local times from UTC. */
const CONVERTED = {
  UTF8: 0,
  MAP: 1,
  LIST: 3,
  DECIMAL: 5,
  DATE: 6,
  TIME_MICROS: 8,
  TIMESTAMP_MICROS: 10,
} as const

/** Orders of `EdgeInterpolationAlgorithm`. */
const edgeAlgorithms: readonly string[] = ['spherical', 'vincenty', 'thomas', 'andoyer', 'karney']

/**
 * The Parquet schema of a table, depth first from the root (spec: Appendix A, Parquet), with ids at every level.
 * Columns of type unknown are not stored. Names are those that Iceberg Java writes, see `parquetName`.
 * UNSUPPORTED for what has no Parquet form: a list or map of unknown, a struct of nothing else, fixed[0].
 */
export function toParquetSchema(schema: Pick<Schema, 'fields'>): SchemaElement[] {
  const elements: SchemaElement[] = [{ name: 'table', numChildren: schema.fields.filter(isStored).length }]
  appendFields(schema.fields, elements)
  return elements
}

/**
 * A column's name in the file: Java stores only Avro's names, letters, digits and '_', the first no digit; any other
 * UTF-16 unit becomes '_x' and its hex, a leading digit gets a '_'. Fields are found by id, so nothing rests on it.
 */
export function parquetName(name: string): string {
  if (/^[\p{L}_][\p{L}\p{Nd}_]*$/u.test(name)) return name
  let result = ''
  for (let i = 0; i < name.length; i++) {
    const unit = name[i]!
    if (/[\p{L}_]/u.test(unit) || (i > 0 && /\p{Nd}/u.test(unit))) result += unit
    else if (/\p{Nd}/u.test(unit)) result += `_${unit}`
    else result += `_x${unit.charCodeAt(0).toString(16).toUpperCase()}`
  }
  return result
}

/** The fewest bytes of two's complement that hold every decimal of this precision. */
export function decimalByteLength(precision: number): number {
  const greatest = 10n ** BigInt(precision) - 1n
  let bytes = 1
  while (greatest >> BigInt(bytes * 8 - 1) > 0n) bytes++
  return bytes
}

function isStored(field: NestedField): boolean {
  return field.type.kind !== 'unknown'
}

/** Names that come out equal are told apart by the field's id. */
function appendFields(fields: readonly NestedField[], elements: SchemaElement[]): void {
  const taken = new Set<string>()
  for (const field of fields.filter(isStored)) {
    let name = parquetName(field.name)
    while (taken.has(name)) name = `${name}_${field.id}`
    taken.add(name)
    appendField(field, name, elements)
  }
}

function appendField(field: NestedField, name: string, elements: SchemaElement[]): void {
  const common = {
    name,
    repetition: field.required ? ('REQUIRED' as Repetition) : ('OPTIONAL' as Repetition),
    fieldId: field.id,
  }
  const { type } = field
  switch (type.kind) {
    case 'struct': {
      const children = type.fields.filter(isStored)
      if (children.length === 0) throw noForm(field, 'has no field that Parquet can store')
      elements.push({ ...common, numChildren: children.length })
      appendFields(children, elements)
      return
    }
    case 'list': {
      const [element] = storedChildren(field)
      elements.push({
        ...common,
        numChildren: 1,
        convertedType: CONVERTED.LIST,
        logicalType: { kind: 'LIST' },
      })
      elements.push({ name: 'list', repetition: 'REPEATED', numChildren: 1 })
      appendField(element!, 'element', elements)
      return
    }
    case 'map': {
      const [key, value] = storedChildren(field)
      elements.push({ ...common, numChildren: 1, convertedType: CONVERTED.MAP, logicalType: { kind: 'MAP' } })
      elements.push({ name: 'key_value', repetition: 'REPEATED', numChildren: 2 })
      appendField(key!, 'key', elements)
      appendField(value!, 'value', elements)
      return
    }
    case 'variant':
      elements.push({
        ...common,
        numChildren: 2,
        logicalType: { kind: 'VARIANT', specificationVersion: 1 },
      })
      elements.push({ name: 'metadata', type: 'BYTE_ARRAY', repetition: 'REQUIRED' })
      elements.push({ name: 'value', type: 'BYTE_ARRAY', repetition: 'REQUIRED' })
      return
    default:
      if (type.kind === 'fixed' && type.length === 0) throw noForm(field, 'has no byte')
      elements.push({ ...common, ...leafElement(type) })
  }
}

function storedChildren(field: NestedField): readonly NestedField[] {
  const { type } = field
  if (type.kind !== 'list' && type.kind !== 'map') return []
  const children = childFields(type)
  if (!children.every(isStored)) throw noForm(field, 'holds values of type unknown')
  return children
}

function noForm(field: NestedField, why: string): Error {
  return unsupported(
    `field '${field.name}' of type ${typeToString(field.type)} ${why}, so it cannot be written to Parquet`,
    {
      rule: 'Appendix A: Parquet',
    },
  )
}

function leafElement(type: PrimitiveType): Omit<SchemaElement, 'name'> {
  switch (type.kind) {
    case 'boolean':
      return { type: 'BOOLEAN' }
    case 'int':
      return { type: 'INT32' }
    case 'long':
      return { type: 'INT64' }
    case 'float':
      return { type: 'FLOAT' }
    case 'double':
      return { type: 'DOUBLE' }
    case 'date':
      return { type: 'INT32', convertedType: CONVERTED.DATE, logicalType: { kind: 'DATE' } }
    case 'time':
      return {
        type: 'INT64',
        convertedType: CONVERTED.TIME_MICROS,
        logicalType: { kind: 'TIME', isAdjustedToUtc: false, unit: 'MICROS' },
      }
    case 'timestamp':
    case 'timestamptz':
      return {
        type: 'INT64',
        convertedType: CONVERTED.TIMESTAMP_MICROS,
        logicalType: { kind: 'TIMESTAMP', isAdjustedToUtc: type.kind === 'timestamptz', unit: 'MICROS' },
      }
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return {
        type: 'INT64',
        logicalType: { kind: 'TIMESTAMP', isAdjustedToUtc: type.kind === 'timestamptz_ns', unit: 'NANOS' },
      }
    case 'string':
      return { type: 'BYTE_ARRAY', convertedType: CONVERTED.UTF8, logicalType: { kind: 'STRING' } }
    case 'uuid':
      return { type: 'FIXED_LEN_BYTE_ARRAY', typeLength: 16, logicalType: { kind: 'UUID' } }
    case 'fixed':
      return { type: 'FIXED_LEN_BYTE_ARRAY', typeLength: type.length }
    case 'binary':
    case 'unknown':
      return { type: 'BYTE_ARRAY' }
    case 'geometry':
      return { type: 'BYTE_ARRAY', logicalType: { kind: 'GEOMETRY', ...crsOf(type.crs) } }
    case 'geography': {
      const algorithm = edgeAlgorithms.indexOf(type.algorithm ?? 'spherical')
      return {
        type: 'BYTE_ARRAY',
        logicalType: { kind: 'GEOGRAPHY', ...crsOf(type.crs), ...(algorithm < 0 ? {} : { algorithm }) },
      }
    }
    case 'decimal': {
      const { precision, scale } = type
      return {
        ...(precision <= 9
          ? { type: 'INT32' as const }
          : precision <= 18
            ? { type: 'INT64' as const }
            : { type: 'FIXED_LEN_BYTE_ARRAY' as const, typeLength: decimalByteLength(precision) }),
        convertedType: CONVERTED.DECIMAL,
        scale,
        precision,
        logicalType: { kind: 'DECIMAL', scale, precision },
      }
    }
  }
}

function crsOf(crs: string | undefined): { readonly crs?: string } {
  return crs === undefined ? {} : { crs }
}
