import {
  DateDay,
  Decimal,
  FixedSizeBinary,
  Float32,
  Float64,
  Int32,
  Int64,
  TimeMicrosecond,
  TimeMillisecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
} from 'apache-arrow'
import {
  type AvroFixed,
  type AvroPrimitive,
  type AvroRecord,
  type AvroType,
  constantSize,
} from '../../format/avro/avro-type.ts'
import { skipperOf } from '../../format/avro/skip.ts'
import { unsupported } from '../../format/errors.ts'
import { type FileNode, leafIndexes } from '../../format/parquet/parquet-schema.ts'
import { type AvroFileSchema, entryFields } from './avro-file-schema.ts'
import {
  BooleanColumn,
  BytesColumn,
  DecimalColumn,
  DoubleColumn,
  FixedColumn,
  FloatColumn,
  IntColumn,
  ItemsColumn,
  LongColumn,
  NullableColumn,
  NullColumn,
  type RecordStep,
  StructColumn,
  type ValueColumn,
} from './value-columns.ts'

/**
 * Compiles a file's schema into a column that reads its records: a struct of the columns that have a leaf in
 * `leaves`, in the file's order, in Arrow types that say what the file says. It steps over all other values. Throws
 * UNSUPPORTED for a wanted column that is a union of several types.
 */
export function recordDecoder(schema: AvroFileSchema, leaves: ReadonlySet<number>): StructColumn {
  const isWanted = (node: FileNode) => leafIndexes(node).some((leaf) => leaves.has(leaf))

  const structOf = (record: AvroRecord, fields: readonly FileNode[]): StructColumn => {
    const nodes = schema.nodesOf.get(fields)!
    const stored = new Set(nodes)
    const columns: ValueColumn[] = []
    const steps = record.fields.map(({ type }, i): RecordStep => {
      const node = nodes[i]
      if (node === undefined || !isWanted(node)) return { read: skipperOf(type) }
      const column = columnOf(node)
      columns.push(column)
      return column
    })
    for (const node of fields) {
      if (stored.has(node) || !isWanted(node)) continue
      const column = new NullColumn()
      columns.push(column)
      steps.push(column)
    }
    return new StructColumn(steps, columns)
  }

  const columnOf = (node: FileNode): ValueColumn => {
    const { type, union } = schema.typeOf.get(node)!
    const column = columnOfType(node, type)
    return union === undefined ? column : new NullableColumn(column, union.valueBranch, union.nullBranch)
  }

  const columnOfType = (node: FileNode, type: AvroType): ValueColumn => {
    const { shape } = node
    switch (shape.kind) {
      case 'struct':
      case 'variant':
        return structOf(type as AvroRecord, shape.fields)
      case 'list':
        return new ItemsColumn(columnOf(shape.element), { isMap: false, isEmpty: takesNoBytes(type) })
      case 'map':
        return new ItemsColumn(entryOf(type, shape.key, shape.value!), {
          isMap: true,
          isEmpty: takesNoBytes(type),
        })
      case 'primitive':
        return primitiveOf(node, type)
    }
  }

  const entryOf = (type: AvroType, ...nodes: readonly FileNode[]): StructColumn => {
    const types: readonly AvroType[] =
      type.kind === 'array'
        ? entryFields(type.items)!.map((field) => field.type)
        : [{ kind: 'string' }, type.kind === 'map' ? type.values : { kind: 'null' }]
    const columns: ValueColumn[] = []
    const steps = nodes.map((node, i): RecordStep => {
      if (!isWanted(node)) return { read: skipperOf(types[i]!) }
      const column = columnOf(node)
      columns.push(column)
      return column
    })
    return new StructColumn(steps, columns)
  }

  return structOf(schema.record, schema.fields)
}

function takesNoBytes(type: AvroType): boolean {
  return type.kind === 'array' && constantSize(type.items) === 0
}

function primitiveOf(node: FileNode, type: AvroType): ValueColumn {
  switch (type.kind) {
    case 'null':
      return new NullColumn()
    case 'boolean':
      return new BooleanColumn()
    case 'int':
      return new IntColumn(intType(type))
    case 'long':
      return new LongColumn(longType(type))
    case 'float':
      return new FloatColumn(new Float32())
    case 'double':
      return new DoubleColumn(new Float64())
    case 'string':
      return new BytesColumn()
    case 'enum':
      return new BytesColumn(type.symbols.map((symbol) => new Uint8Array(Buffer.from(symbol))))
    case 'bytes': {
      const decimal = decimalType(type)
      return decimal === undefined ? new BytesColumn() : new DecimalColumn(decimal, undefined)
    }
    case 'fixed':
      return fixedOf(node, type)
    default:
      throw unsupported(
        `column '${node.path.join('.')}' is an Avro union of several types: select the other columns`,
        { column: node.path.join('.') },
      )
  }
}

/** A null takes a slot of the same width. */
const WIDEST_FIXED = 64 * 2 ** 20

function fixedOf(node: FileNode, type: AvroFixed): ValueColumn {
  const decimal = decimalType(type)
  if (decimal !== undefined) return new DecimalColumn(decimal, type.size)
  if (type.size > WIDEST_FIXED) {
    throw unsupported(
      `column '${node.path.join('.')}': expected a fixed of at most ${WIDEST_FIXED} bytes, found ${type.size}`,
    )
  }
  return new FixedColumn(new FixedSizeBinary(type.size), type.size)
}

function intType({ logical }: AvroPrimitive) {
  switch (logical?.name) {
    case 'date':
      return new DateDay()
    case 'time-millis':
      return new TimeMillisecond()
    default:
      return new Int32()
  }
}

function longType({ logical }: AvroPrimitive) {
  switch (logical?.name) {
    case 'time-micros':
      return new TimeMicrosecond()
    case 'timestamp-millis':
    case 'local-timestamp-millis':
      return new TimestampMillisecond()
    case 'timestamp-micros':
    case 'local-timestamp-micros':
      return new TimestampMicrosecond()
    case 'timestamp-nanos':
    case 'local-timestamp-nanos':
      return new TimestampNanosecond()
    default:
      return new Int64()
  }
}

/** Undefined for an annotation that Avro says is to be ignored. */
function decimalType({ logical }: AvroPrimitive | AvroFixed): Decimal | undefined {
  if (logical?.name !== 'decimal') return undefined
  const { precision = 0, scale = 0 } = logical
  const isValid = Number.isInteger(precision) && precision > 0 && precision <= 38
  return isValid && Number.isInteger(scale) && scale >= 0 && scale <= precision
    ? new Decimal(scale, precision, 128)
    : undefined
}
