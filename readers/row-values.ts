import type { Data } from 'apache-arrow'
import { bitAt } from '../format/arrow/bitmap.ts'
import { decimalReader } from '../format/arrow/decimal-reader.ts'
import { literalReader } from '../format/arrow/literal-reader.ts'
import { checkOptions } from '../format/check-options.ts'
import { invalidArgument } from '../format/errors.ts'
import { binaryType, type NestedField, type Type } from '../format/types.ts'
import { describeValue } from '../format/values/mismatch.ts'
import { bytesToUuid, formatDate, formatDecimal } from '../format/values/text.ts'
import { decodeVariantMetadata, decodeVariantValue } from '../format/variant/decode-variant.ts'
import { exactVariant, plainVariant } from '../format/variant/variant-json.ts'
import { textReader } from './text-reader.ts'

export interface RowOptions {
  /** How timestamps come out: exact µs or ns since the epoch, or a Date (whole milliseconds, floored). Default: 'bigint'. */
  readonly timestamps?: 'bigint' | 'date'
  /**
   * How variants come out: as values that columns of their types have (int8 to int32, float and double a number, int64,
   * time and timestamps a bigint, decimal, date and uuid a string); as JSON that tells all types apart, such as
   * `{ $exact: '1.25' }` and `{ $date: '2026-11-21' }`; or as they are stored. Default: 'plain'.
   */
  readonly variants?: 'plain' | 'exact' | 'bytes'
}

/** Throws INVALID_ARGUMENT: what is mistyped would otherwise read as the default. */
export function checkRowOptions(options: RowOptions): void {
  checkOptions('rows', options, Object.keys(CHOICES))
  for (const [option, choices] of Object.entries(CHOICES)) {
    const value = options[option as keyof RowOptions]
    if (value === undefined || (choices as readonly unknown[]).includes(value)) continue
    const expected = choices.map((choice) => `'${choice}'`).join(' or ')
    throw invalidArgument(`rows: expected ${option} to be ${expected}, found ${describeValue(value)}`, {
      option,
    })
  }
}

const CHOICES = {
  timestamps: ['bigint', 'date'],
  variants: ['plain', 'exact', 'bytes'],
} as const satisfies { readonly [K in keyof RowOptions]-?: readonly RowOptions[K][] }

/** Reads the value of slot `index`, which is below the column's length. */
export type ValueReader = (index: number) => unknown

/** Compiles the reading of one column, over its buffers: closures are made once per batch, not per value. */
export function valueReader(type: Type, data: Data, options: RowOptions): ValueReader {
  const read = presentReader(type, data, options)
  // An Arrow column of type null has no bitmap.
  if (data.nullCount === 0 || type.kind === 'unknown') return read
  const { nullBitmap, offset } = data
  return (index) => (bitAt(nullBitmap as Uint8Array, offset + index) ? read(index) : null)
}

/**
 * An object with every name as an own property. Spreading it and assigning is fast, keeps one hidden class for all
 * rows, and never reaches the setter of `Object.prototype.__proto__`.
 */
export function blankRow(names: readonly string[]): Record<string, unknown> {
  const blank: Record<string, unknown> = {}
  for (const name of names) {
    Object.defineProperty(blank, name, { value: null, writable: true, enumerable: true, configurable: true })
  }
  return blank
}

function presentReader(type: Type, data: Data, options: RowOptions): ValueReader {
  switch (type.kind) {
    case 'unknown':
      return () => null
    case 'boolean': {
      const { offset } = data
      const bits: Uint8Array = data.values
      return (index) => bitAt(bits, offset + index)
    }
    case 'int':
    case 'long':
    case 'float':
    case 'double':
    case 'time':
      return plainReader(data)
    case 'timestamp':
    case 'timestamptz':
      return options.timestamps === 'date' ? dateReader(data, 1000n) : plainReader(data)
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return options.timestamps === 'date' ? dateReader(data, 1_000_000n) : plainReader(data)
    case 'date':
      return dayReader(data)
    case 'decimal': {
      const unscaledAt = decimalReader(data)
      return (index) => formatDecimal(unscaledAt(index), type.scale)
    }
    case 'string':
      return textReader(data)
    case 'uuid':
      return fixedReader(data, 16, bytesToUuid)
    case 'fixed':
      return fixedReader(data, type.length, (bytes) => new Uint8Array(bytes))
    case 'binary':
    case 'geometry':
    case 'geography': {
      const offsets: Int32Array = data.valueOffsets
      const bytes: Uint8Array = data.values
      return (index) => new Uint8Array(bytes.subarray(offsets[index]!, offsets[index + 1]!))
    }
    case 'struct':
      return structReader(type.fields, data, options)
    case 'list': {
      const offsets: Int32Array = data.valueOffsets
      const element = valueReader(type.element, data.children[0]!, options)
      return (index) => {
        const list: unknown[] = []
        for (let at = offsets[index]!; at < offsets[index + 1]!; at++) list.push(element(at))
        return list
      }
    }
    case 'map':
      return mapReader(type.key, type.value, data, options)
    case 'variant':
      return variantReader(data, options)
  }
}

function variantReader(data: Data, { variants = 'plain' }: RowOptions): ValueReader {
  const [metadataAt, valueAt] = data.children.map((child) => literalReader(binaryType, child))
  return (index) => {
    const metadata = metadataAt!(index) as Uint8Array
    const value = valueAt!(index) as Uint8Array
    if (variants === 'bytes') return { metadata: new Uint8Array(metadata), value: new Uint8Array(value) }
    const variant = decodeVariantValue(value, decodeVariantMetadata(metadata))
    return variants === 'plain' ? plainVariant(variant) : exactVariant(variant)
  }
}

function plainReader(data: Data): ValueReader {
  const values: ArrayLike<number | bigint> = data.values
  return (index) => values[index]
}

function dateReader(data: Data, unitsPerMs: bigint): ValueReader {
  const values: BigInt64Array = data.values
  return (index) => {
    const value = values[index]!
    const ms = value / unitsPerMs
    return new Date(Number(value < 0n && ms * unitsPerMs !== value ? ms - 1n : ms))
  }
}

/** Days repeat in most tables: their texts are kept while the batch is read. */
function dayReader(data: Data): ValueReader {
  const values: Int32Array = data.values
  const texts = new Map<number, string>()
  return (index) => {
    const day = values[index]!
    let text = texts.get(day)
    if (text === undefined) {
      text = formatDate(day)
      texts.set(day, text)
    }
    return text
  }
}

function fixedReader(data: Data, width: number, convert: (bytes: Uint8Array) => unknown): ValueReader {
  const bytes: Uint8Array = data.values
  return (index) => convert(bytes.subarray(index * width, (index + 1) * width))
}

function structReader(fields: readonly NestedField[], data: Data, options: RowOptions): ValueReader {
  const names = fields.map((field) => field.name)
  const blank = blankRow(names)
  const readers = fields.map((field, k) => valueReader(field.type, data.children[k]!, options))
  return (index) => {
    const struct = { ...blank }
    for (let k = 0; k < readers.length; k++) struct[names[k]!] = readers[k]!(index)
    return struct
  }
}

function mapReader(key: Type, value: Type, data: Data, options: RowOptions): ValueReader {
  const offsets: Int32Array = data.valueOffsets
  const [keys, values] = data.children[0]!.children
  const keyAt = valueReader(key, keys!, options)
  const valueAt = valueReader(value, values!, options)
  return (index) => {
    const map = new Map<unknown, unknown>()
    for (let at = offsets[index]!; at < offsets[index + 1]!; at++) map.set(keyAt(at), valueAt(at))
    return map
  }
}
