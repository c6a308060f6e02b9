/** The `LogicalType` union as a Thrift description. */
import { invalidData } from '../errors.ts'
import type { LogicalType } from './footer.ts'
import {
  bool,
  i8,
  i32,
  optional,
  readFields,
  required,
  struct,
  type ThriftType,
  text,
  writeFieldHeader,
  writeStop,
} from './thrift.ts'

type Kind = LogicalType['kind']
type Parameters = Omit<LogicalType, 'kind'>
type TimeUnit = 'MILLIS' | 'MICROS' | 'NANOS'

const STRUCT = 12
const timeUnits: readonly TimeUnit[] = ['MILLIS', 'MICROS', 'NANOS']
const nothing = struct<object>('LogicalType', {})

/** Members 1 (MILLIS) to 3 (NANOS), each empty. */
const timeUnit: ThriftType<TimeUnit> = {
  wire: STRUCT,
  read: (input) => {
    let unit: TimeUnit | undefined
    readFields(input, (id) => {
      unit = timeUnits[id - 1]
      return false
    })
    if (unit === undefined) throw invalidData('a time unit is not known', { rule: 'Parquet: TimeUnit' })
    return unit
  },
  write: (output, unit) => {
    writeFieldHeader(output, timeUnits.indexOf(unit) + 1, 0, STRUCT)
    writeStop(output)
    writeStop(output)
  },
}

interface Time {
  readonly isAdjustedToUtc: boolean
  readonly unit: TimeUnit
}
const time = struct<Time>('TimeType', { isAdjustedToUtc: required(1, bool), unit: required(2, timeUnit) })

/** Kind and parameters by member id; ids that are not here are `OTHER`. */
const members: ReadonlyMap<number, { readonly kind: Kind; readonly parameters: ThriftType<Parameters> }> =
  new Map([
    member(1, 'STRING', nothing),
    member(2, 'MAP', nothing),
    member(3, 'LIST', nothing),
    member(4, 'ENUM', nothing),
    member(
      5,
      'DECIMAL',
      struct<{ scale: number; precision: number }>('DecimalType', {
        scale: required(1, i32),
        precision: required(2, i32),
      }),
    ),
    member(6, 'DATE', nothing),
    member(7, 'TIME', time),
    member(8, 'TIMESTAMP', time),
    member(
      10,
      'INTEGER',
      struct<{ bitWidth: number; isSigned: boolean }>('IntType', {
        bitWidth: required(1, i8),
        isSigned: required(2, bool),
      }),
    ),
    member(11, 'UNKNOWN', nothing),
    member(12, 'JSON', nothing),
    member(13, 'BSON', nothing),
    member(14, 'UUID', nothing),
    member(15, 'FLOAT16', nothing),
    member(
      16,
      'VARIANT',
      struct<{ specificationVersion?: number }>('VariantType', { specificationVersion: optional(1, i8) }),
    ),
    member(17, 'GEOMETRY', struct<{ crs?: string }>('GeometryType', { crs: optional(1, text) })),
    member(
      18,
      'GEOGRAPHY',
      struct<{ crs?: string; algorithm?: number }>('GeographyType', {
        crs: optional(1, text),
        algorithm: optional(2, i32),
      }),
    ),
  ])
const idOfKind = new Map([...members].map(([id, { kind }]) => [kind, id]))

export const logicalType: ThriftType<LogicalType> = {
  wire: STRUCT,
  read: (input) => {
    let found: LogicalType | undefined
    readFields(input, (id, wire) => {
      const known = wire === STRUCT ? members.get(id) : undefined
      if (known === undefined) {
        found = { kind: 'OTHER', fieldId: id }
        return false
      }
      found = { kind: known.kind, ...known.parameters.read(input, wire) } as LogicalType
      return true
    })
    return found ?? { kind: 'OTHER', fieldId: 0 }
  },
  write: (output, value) => {
    const id = value.kind === 'OTHER' ? value.fieldId : idOfKind.get(value.kind)!
    writeFieldHeader(output, id, 0, STRUCT)
    const { kind: _, ...parameters } = value
    const type = members.get(id)?.parameters ?? nothing
    type.write(output, parameters)
    writeStop(output)
  },
}

function member<T extends object>(id: number, kind: Kind, parameters: ThriftType<T>) {
  return [id, { kind, parameters: parameters as ThriftType<Parameters> }] as const
}
