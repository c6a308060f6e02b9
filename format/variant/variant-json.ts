/** Variants as JavaScript values: a comfortable form, and one that loses nothing. */
import { bytesToHex, formatDate, formatDecimal, formatTime, formatTimestamp } from '../values/text.ts'
import type { Variant, VariantField } from './variant.ts'

/**
 * As columns of the same types read: int8 to int32, float and double a number; int64, time and timestamps a bigint;
 * decimal, date and uuid a string; binary a Uint8Array; array an array; object an object with own properties only.
 */
export function plainVariant(variant: Variant): unknown {
  switch (variant.kind) {
    case 'null':
      return null
    case 'decimal':
      return formatDecimal(variant.unscaled, variant.scale)
    case 'date':
      return formatDate(variant.value)
    case 'array':
      return variant.items.map(plainVariant)
    case 'object':
      return objectOf(variant.fields, plainVariant)
    default:
      return variant.value
  }
}

/**
 * As JSON that tells every type: boolean, string, double (and float, widened) as they are; integers and decimals as
 * `{"$exact": digits}`; the rest as `{"$date": …}`, `{"$time"}`, `{"$timestamp"}`, `{"$timestamptz"}` (with `_ns` where
 * in nanoseconds), `{"$binary": hex}`, `{"$uuid"}`, `{"$double": "NaN"}`. An object with a name that begins with `$` is
 * `{"$object": object}`.
 */
export function exactVariant(variant: Variant): unknown {
  switch (variant.kind) {
    case 'null':
      return null
    case 'boolean':
    case 'string':
      return variant.value
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return { $exact: String(variant.value) }
    case 'decimal':
      return { $exact: formatDecimal(variant.unscaled, variant.scale) }
    case 'float':
    case 'double':
      return Number.isFinite(variant.value) && !Object.is(variant.value, -0)
        ? variant.value
        : { $double: Object.is(variant.value, -0) ? '-0.0' : String(variant.value) }
    case 'date':
      return { $date: formatDate(variant.value) }
    case 'time':
      return { $time: formatTime(variant.value) }
    case 'timestamp':
    case 'timestamptz':
      return {
        [`$${variant.kind}`]: formatTimestamp(variant.value, {
          zone: variant.kind === 'timestamptz',
          unit: 'us',
        }),
      }
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return {
        [`$${variant.kind}`]: formatTimestamp(variant.value, {
          zone: variant.kind === 'timestamptz_ns',
          unit: 'ns',
        }),
      }
    case 'binary':
      return { $binary: bytesToHex(variant.value) }
    case 'uuid':
      return { $uuid: variant.value }
    case 'array':
      return variant.items.map(exactVariant)
    case 'object': {
      const object = objectOf(variant.fields, exactVariant)
      return variant.fields.some(({ name }) => name.startsWith('$')) ? { $object: object } : object
    }
  }
}

function objectOf(
  fields: readonly VariantField[],
  convert: (variant: Variant) => unknown,
): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const { name, value } of fields) {
    Object.defineProperty(object, name, {
      value: convert(value),
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  return object
}
