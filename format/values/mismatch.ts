import { invalidArgument, type MoraineError } from '../errors.ts'

const LONGEST_SHOWN = 60

/** The error for a value that is not what it should be: "expected …, found …", both also in the context. */
export function mismatch(expected: string, found: unknown): MoraineError {
  const shown = describeValue(found)
  return invalidArgument(`expected ${expected}, found ${shown}`, { expected, found: shown })
}

/** A value for a message: its kind and at most 60 characters of it. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'string') return `string ${JSON.stringify(shorten(value))}`
  if (typeof value === 'number') return `number ${Object.is(value, -0) ? '-0' : value}`
  if (typeof value === 'bigint') return `bigint ${shorten(shortBigint(value))}`
  if (typeof value === 'boolean') return `boolean ${value}`
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'an invalid Date' : `Date ${value.toISOString()}`
  }
  if (value instanceof Uint8Array) return `Uint8Array of ${value.length} bytes`
  if (Array.isArray(value)) return `an array of ${value.length}`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** A value's kind alone, for a message about what may be a secret. */
export function describeKind(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function shorten(text: string): string {
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`
}

/** Decimal digits cost quadratic time, so a giant is shown by its low digits only. */
function shortBigint(value: bigint): string {
  const low = BigInt.asIntN(512, value)
  return low === value ? value.toString() : 'of more than 512 bits'
}
