/** What is wrong with a type that a caller made. */
import { isNested, type Type, typesEqual, typeToString } from './types.ts'
import { typeFromJson } from './types-json.ts'
import { describeValue } from './values/mismatch.ts'

const LONGEST_FIXED = 999_999_999

/**
 * Why no table may have the type, as the end of a sentence; undefined where one may (spec: "Primitive Types"). Of a
 * nested type only its own kind is judged, not what it holds.
 */
export function typeProblem(type: Type): string | undefined {
  if (typeof type !== 'object' || type === null) return `expected a type, found ${describeValue(type)}`
  if (type.kind === 'decimal') return decimalProblem(type.precision, type.scale)
  if (type.kind === 'fixed') return fixedProblem(type.length)
  if (type.kind === 'struct' && !Array.isArray(type.fields)) return 'a struct has an array of fields'
  if (isNested(type)) return undefined
  return unreadable(type) ? `there is no type ${describeValue(typeToString(type))}` : undefined
}

function decimalProblem(precision: number, scale: number): string | undefined {
  if (isWithin(precision, 1, 38) && isWithin(scale, 0, precision)) return undefined
  const found = `precision ${describeValue(precision)} and scale ${describeValue(scale)}`
  return `a decimal has a precision of 1 to 38 and a scale of 0 to the precision, found ${found}`
}

function fixedProblem(length: number): string | undefined {
  if (isWithin(length, 0, LONGEST_FIXED)) return undefined
  return `a fixed has a length of 0 to ${LONGEST_FIXED} bytes, found ${describeValue(length)}`
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}

function unreadable(type: Type): boolean {
  try {
    return !typesEqual(type, typeFromJson(typeToString(type)))
  } catch {
    return true
  }
}
