/** One predicate in the syntax of every engine, and which values it keeps by plain comparison. */

import { bytesToHex, formatTime, formatTimestamp } from '../../format/values/text.ts'
import { and, type Expression, eq, gtEq, isIn, isNan, isNull, lt, notNull, startsWith } from '../../index.ts'
import type { Engine } from './judge.ts'
import { type SampleName, samples } from './samples.ts'

export interface Probe {
  readonly column: string
  readonly text: Readonly<Record<Engine, string>>
  readonly ours: Expression
  readonly keeps: (value: unknown) => boolean
}

/**
 * Predicates on a column of a sample's type. Engines differ over NaN and -0.0 (is NaN above all numbers, or
 * incomparable?), so no probe of a float asks for `>=` or compares with zero.
 */
export function probesOf(name: SampleName, column: string): Probe[] {
  const values: readonly unknown[] = samples[name].values
  const isFloat = name === 'float' || name === 'double'
  const [pivot, other] = [values[1], values[2] ?? values[0]]
  const compare = (value: unknown) => order(name, value, pivot)
  return [
    probe(name, column, '=', pivot, (value) => compare(value) === 0),
    probe(name, column, '<', pivot, (value) => compare(value) < 0),
    ...(isFloat ? [nanProbe(column)] : [probe(name, column, '>=', pivot, (value) => compare(value) >= 0)]),
    setProbe(name, column, [pivot, other]),
    nullProbe(column),
    ...(name === 'string' ? [prefixProbe(column, 'gr'), prefixProbe(column, '🚀💥')] : []),
  ]
}

function probe(
  name: SampleName,
  column: string,
  operator: '=' | '<' | '>=',
  value: unknown,
  keeps: (value: unknown) => boolean,
): Probe {
  const make = { '=': eq, '<': lt, '>=': gtEq }[operator]
  return {
    column,
    text: textsOf((engine) =>
      engine === 'pyiceberg'
        ? `${pythonNames[operator]}('${column}', ${literal(engine, name, value)})`
        : `${column} ${operator} ${literal(engine, name, value)}`,
    ),
    ours: make(column, value as string),
    keeps: (found) => found !== null && !Number.isNaN(found) && keeps(found),
  }
}

function setProbe(name: SampleName, column: string, values: readonly unknown[]): Probe {
  return {
    column,
    text: textsOf((engine) => {
      const list = values.map((value) => literal(engine, name, value)).join(', ')
      return engine === 'pyiceberg' ? `In('${column}', [${list}])` : `${column} in (${list})`
    }),
    ours: and(notNull(column), isIn(column, values as string[])),
    keeps: (found) =>
      found !== null && !Number.isNaN(found) && values.some((value) => order(name, found, value) === 0),
  }
}

function nullProbe(column: string): Probe {
  return {
    column,
    text: textsOf((engine) => (engine === 'pyiceberg' ? `IsNull('${column}')` : `${column} is null`)),
    ours: isNull(column),
    keeps: (found) => found === null,
  }
}

function nanProbe(column: string): Probe {
  return {
    column,
    text: { spark: `isnan(${column})`, pyiceberg: `IsNaN('${column}')`, duckdb: `isnan(${column})` },
    ours: isNan(column),
    keeps: (found) => Number.isNaN(found),
  }
}

function prefixProbe(column: string, prefix: string): Probe {
  return {
    column,
    text: textsOf((engine) =>
      engine === 'pyiceberg' ? `StartsWith('${column}', '${prefix}')` : `${column} like '${prefix}%'`,
    ),
    ours: startsWith(column, prefix),
    keeps: (found) => found !== null && (found as string).startsWith(prefix),
  }
}

function textsOf(write: (engine: Engine) => string): Record<Engine, string> {
  return { spark: write('spark'), pyiceberg: write('pyiceberg'), duckdb: write('duckdb') }
}

const pythonNames = { '=': 'EqualTo', '<': 'LessThan', '>=': 'GreaterThanOrEqual' } as const

function literal(engine: Engine, name: SampleName, value: unknown): string {
  const plain = plainText(name, value)
  if (engine === 'pyiceberg') return pythonLiteral(name, value)
  const sqlType = sqlTypes[name] ?? (name.startsWith('decimal') ? decimalType(name) : undefined)
  if (name === 'binary' || name === 'fixed') {
    const hex = bytesToHex(value as Uint8Array)
    return engine === 'spark' ? `X'${hex}'` : `'${hex.replace(/../g, '\\x$&')}'::blob`
  }
  if (sqlType === undefined) return name === 'string' || name === 'uuid' ? `'${plain}'` : plain
  return `cast('${plain}' as ${engine === 'spark' ? sqlType : sqlType.replace(/_ntz/, '')})`
}

function pythonLiteral(name: SampleName, value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (value instanceof Uint8Array) return `bytes.fromhex('${bytesToHex(value)}')`
  const plain = plainText(name, value)
  return /^(int|long|float|double)$/.test(name) ? plain : `'${plain}'`
}

const sqlTypes: Readonly<Partial<Record<SampleName, string>>> = {
  float: 'float',
  double: 'double',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp_ntz',
  timestamptz: 'timestamp',
  timestamp_ns: 'timestamp_ns',
}

function decimalType(name: SampleName): string {
  const type = samples[name].column().type
  return type.kind === 'decimal' ? `decimal(${type.precision},${type.scale})` : 'decimal'
}

function plainText(name: SampleName, value: unknown): string {
  switch (name) {
    case 'time':
      return formatTime(value as bigint)
    case 'timestamp':
    case 'timestamptz':
      return formatTimestamp(value as bigint, { zone: name === 'timestamptz', unit: 'us' })
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return formatTimestamp(value as bigint, { zone: name === 'timestamptz_ns', unit: 'ns' })
    default:
      return String(value)
  }
}

/** Written anew here, so that a fault in our own comparison shows. */
function order(name: SampleName, a: unknown, b: unknown): number {
  if (name === 'string') return Buffer.compare(Buffer.from(a as string), Buffer.from(b as string))
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array)
  const [x, y] = name.startsWith('decimal') ? [unscaled(a), unscaled(b)] : [a as number, b as number]
  return x < y ? -1 : x > y ? 1 : 0
}

function unscaled(decimal: unknown): bigint {
  return BigInt((decimal as string).replace('.', ''))
}
