import {
  binaryType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  fixedType,
  floatType,
  intType,
  longType,
  type PrimitiveType,
  stringType,
  timestampNsType,
  timestampType,
  timestamptzNsType,
  timestamptzType,
  timeType,
  uuidType,
} from '../types.ts'
import type { LogicalType, SchemaElement } from './footer.ts'

const edgeAlgorithms = ['spherical', 'vincenty', 'thomas', 'andoyer', 'karney'] as const

/** The Iceberg type that Java reads a column as; empty when no Iceberg type holds its values. */
export function leafType(element: SchemaElement): { readonly type?: PrimitiveType } {
  const type = annotatedType(element) ?? physicalType(element)
  return type === 'none' ? {} : { type }
}

/** The annotation, that of old writers (ConvertedType) in today's terms. */
export function logicalTypeOf(element: SchemaElement): LogicalType | undefined {
  if (element.logicalType !== undefined) return element.logicalType
  const utc = { isAdjustedToUtc: true } as const
  const integer = (bitWidth: number, isSigned: boolean) => ({ kind: 'INTEGER', bitWidth, isSigned }) as const
  switch (element.convertedType) {
    case 0:
      return { kind: 'STRING' }
    case 4:
      return { kind: 'ENUM' }
    case 5:
      return { kind: 'DECIMAL', scale: element.scale ?? 0, precision: element.precision ?? 0 }
    case 6:
      return { kind: 'DATE' }
    case 7:
      return { kind: 'TIME', ...utc, unit: 'MILLIS' }
    case 8:
      return { kind: 'TIME', ...utc, unit: 'MICROS' }
    case 9:
      return { kind: 'TIMESTAMP', ...utc, unit: 'MILLIS' }
    case 10:
      return { kind: 'TIMESTAMP', ...utc, unit: 'MICROS' }
    case 11:
    case 12:
    case 13:
    case 14:
      return integer(8 << (element.convertedType - 11), false)
    case 15:
    case 16:
    case 17:
    case 18:
      return integer(8 << (element.convertedType - 15), true)
    case 19:
      return { kind: 'JSON' }
    case 20:
      return { kind: 'BSON' }
    default:
      return undefined
  }
}

function annotatedType(element: SchemaElement): PrimitiveType | 'none' | undefined {
  const logical = logicalTypeOf(element)
  switch (logical?.kind) {
    case 'STRING':
    case 'ENUM':
    case 'JSON':
      return element.type === 'BYTE_ARRAY' ? stringType : undefined
    case 'DATE':
      return dateType
    case 'TIME':
      return timeType
    case 'TIMESTAMP':
      if (logical.unit === 'NANOS') return logical.isAdjustedToUtc ? timestamptzNsType : timestampNsType
      return logical.isAdjustedToUtc ? timestamptzType : timestampType
    case 'DECIMAL': {
      const { precision, scale } = logical
      return precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision
        ? decimalType(precision, scale)
        : 'none'
    }
    case 'INTEGER':
      if (logical.bitWidth < 32 || (logical.bitWidth === 32 && logical.isSigned)) return intType
      return logical.bitWidth === 32 || logical.isSigned ? longType : 'none'
    case 'UUID':
      return element.typeLength === 16 ? uuidType : undefined
    case 'FLOAT16':
      return floatType
    case 'GEOMETRY':
      return { kind: 'geometry', ...(logical.crs === undefined ? {} : { crs: logical.crs }) }
    case 'GEOGRAPHY': {
      const algorithm = edgeAlgorithms[logical.algorithm ?? 0]
      return {
        kind: 'geography',
        ...(logical.crs === undefined ? {} : { crs: logical.crs }),
        ...(algorithm === undefined || algorithm === 'spherical' ? {} : { algorithm }),
      }
    }
    default:
      return undefined
  }
}

function physicalType(element: SchemaElement): PrimitiveType | 'none' {
  switch (element.type) {
    case 'BOOLEAN':
      return booleanType
    case 'INT32':
      return intType
    case 'INT64':
      return longType
    case 'INT96':
      return timestamptzType
    case 'FLOAT':
      return floatType
    case 'DOUBLE':
      return doubleType
    case 'FIXED_LEN_BYTE_ARRAY':
      return element.typeLength !== undefined && element.typeLength > 0
        ? fixedType(element.typeLength)
        : 'none'
    case 'BYTE_ARRAY':
      return binaryType
    case undefined:
      return 'none'
  }
}
