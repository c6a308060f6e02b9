/**
 * A field name as Iceberg Java stores it in Avro: characters that Avro does not allow become `_x` and their UTF-16
 * code in hex, a leading digit gets `_` in front. Unicode letters stay, since Java allows them.
 */
export function avroName(name: string): string {
  return Array.from({ length: name.length }, (_, i) => sanitised(name[i]!, i === 0)).join('')
}

function sanitised(unit: string, first: boolean): string {
  if (unit === '_' || LETTER.test(unit)) return unit
  if (DIGIT.test(unit)) return first ? `_${unit}` : unit
  return `_x${unit.charCodeAt(0).toString(16).toUpperCase()}`
}

// Java's Character.isLetter and isDigit look at one UTF-16 unit, so surrogates are neither.
const LETTER = /^[\p{Lu}\p{Ll}\p{Lt}\p{Lm}\p{Lo}]$/u
const DIGIT = /^\p{Nd}$/u
