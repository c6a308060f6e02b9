/**
 * A variant value as plain data: what Parquet's variant encoding tells apart is told apart here (Parquet:
 * VariantEncoding.md).
 */
export type Variant =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'int8' | 'int16' | 'int32'; readonly value: number }
  | { readonly kind: 'int64'; readonly value: bigint }
  | { readonly kind: 'float' | 'double'; readonly value: number }
  | {
      readonly kind: 'decimal'
      readonly bytes: 4 | 8 | 16
      readonly unscaled: bigint
      readonly scale: number
    }
  /** Days since the epoch. */
  | { readonly kind: 'date'; readonly value: number }
  /** µs since midnight; µs or ns since the epoch, `tz` when in UTC. */
  | {
      readonly kind: 'time' | 'timestamp' | 'timestamptz' | 'timestamp_ns' | 'timestamptz_ns'
      readonly value: bigint
    }
  | { readonly kind: 'binary'; readonly value: Uint8Array }
  | { readonly kind: 'string'; readonly value: string }
  /** Dashed. */
  | { readonly kind: 'uuid'; readonly value: string }
  | { readonly kind: 'array'; readonly items: readonly Variant[] }
  /** In the order of the names' UTF-8 bytes, each once. */
  | { readonly kind: 'object'; readonly fields: readonly VariantField[] }

export interface VariantField {
  readonly name: string
  readonly value: Variant
}

export const variantNull: Variant = { kind: 'null' }

/** A variant as it is stored. */
export interface VariantBytes {
  /** The names of all objects in the value. */
  readonly metadata: Uint8Array
  readonly value: Uint8Array
}

/** Numbers of the primitive types, by position. */
export const PRIMITIVE_KINDS = [
  'null',
  'true',
  'false',
  'int8',
  'int16',
  'int32',
  'int64',
  'double',
  'decimal4',
  'decimal8',
  'decimal16',
  'date',
  'timestamptz',
  'timestamp',
  'float',
  'binary',
  'string',
  'time',
  'timestamptz_ns',
  'timestamp_ns',
  'uuid',
] as const

/** The two low bits of a value's first byte. */
export const BasicType = { primitive: 0, shortString: 1, object: 2, array: 3 } as const
