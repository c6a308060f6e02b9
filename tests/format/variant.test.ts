import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isMoraineError } from '../../format/errors.ts'
import { compareUtf8 } from '../../format/values/compare.ts'
import { decodeVariantMetadata, decodeVariantValue } from '../../format/variant/decode-variant.ts'
import { encodeVariant } from '../../format/variant/encode-variant.ts'
import type { Variant } from '../../format/variant/variant.ts'
import { exactVariant, plainVariant } from '../../format/variant/variant-json.ts'
import { runs } from '../runs.ts'

const scalar: fc.Arbitrary<Variant> = fc.oneof(
  fc.constant<Variant>({ kind: 'null' }),
  fc.boolean().map((value): Variant => ({ kind: 'boolean', value })),
  fc.integer({ min: -128, max: 127 }).map((value): Variant => ({ kind: 'int8', value })),
  fc.integer({ min: -32768, max: 32767 }).map((value): Variant => ({ kind: 'int16', value })),
  fc.integer().map((value): Variant => ({ kind: 'int32', value })),
  fc.integer().map((value): Variant => ({ kind: 'date', value })),
  fc
    .tuple(
      fc.constantFrom('int64', 'time', 'timestamp', 'timestamptz', 'timestamp_ns', 'timestamptz_ns'),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    )
    .map(([kind, value]) => ({ kind, value }) as Variant),
  fc.float().map((value): Variant => ({ kind: 'float', value })),
  fc.double().map((value): Variant => ({ kind: 'double', value })),
  fc
    .tuple(fc.constantFrom(4, 8, 16), fc.integer(), fc.integer({ min: 0, max: 38 }))
    .map(
      ([bytes, unscaled, scale]): Variant => ({ kind: 'decimal', bytes, unscaled: BigInt(unscaled), scale }),
    ),
  fc.uint8Array({ maxLength: 300 }).map((value): Variant => ({ kind: 'binary', value })),
  fc.string({ unit: 'binary', maxLength: 100 }).map((value): Variant => ({ kind: 'string', value })),
  fc.uuid().map((value): Variant => ({ kind: 'uuid', value })),
)

const variants = fc.letrec<{ tree: Variant }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc
      .array(tie('tree'), { maxLength: 300, size: 'small' })
      .map((items): Variant => ({ kind: 'array', items })),
    fc
      .uniqueArray(fc.tuple(fc.string({ unit: 'binary', maxLength: 20 }), tie('tree')), {
        selector: ([name]) => name,
        maxLength: 300,
        size: 'small',
      })
      .map((members): Variant => {
        const fields = members.map(([name, value]) => ({ name, value }))
        return { kind: 'object', fields: fields.sort((a, b) => compareUtf8(a.name, b.name)) }
      }),
  ),
})).tree

function decoded({ metadata, value }: { metadata: Uint8Array; value: Uint8Array }): Variant {
  return decodeVariantValue(value, decodeVariantMetadata(metadata))
}

describe('a variant', () => {
  test('decodes to what was encoded', () => {
    fc.assert(
      fc.property(variants, (variant) => {
        expect(decoded(encodeVariant(variant))).toEqual(variant)
      }),
      runs(91, 300),
    )
  })

  test('of many names and items takes wider counts, ids and offsets', () => {
    const fields = Array.from({ length: 70_000 }, (_, i) => ({
      name: `name${String(i).padStart(6, '0')}`,
      value: { kind: 'int32', value: i } as Variant,
    }))
    const variant: Variant = { kind: 'object', fields }
    expect(decoded(encodeVariant(variant))).toEqual(variant)
    const items: Variant = { kind: 'array', items: fields.map(({ value }) => value) }
    expect(decoded(encodeVariant(items))).toEqual(items)
  })

  test('that is broken at any byte is read or refused, and nothing else', () => {
    const byte = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) })
    fc.assert(
      fc.property(
        variants,
        fc.array(byte, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (variant, edits, inNames) => {
          const stored = encodeVariant(variant)
          const part = inNames ? stored.metadata : stored.value
          for (const { at, value } of edits) part[at % part.length] = value
          try {
            decoded(stored)
          } catch (error) {
            expect(isMoraineError(error, 'INVALID_DATA'), String(error)).toBe(true)
          }
        },
      ),
      runs(91, 300),
    )
  })

  test('whose offsets all point to one place does not unfold without end', () => {
    // Arrays of two items that are both the rest of the bytes: 2^60 values if each were read.
    const nested = Array.from({ length: 60 }, () => [0b0000_0011, 2, 0, 0, 0]).flat()
    const value = Uint8Array.from([...nested, 0])
    expect(() => decodeVariantValue(value, [])).toThrow(expect.objectContaining({ code: 'INVALID_DATA' }))
  })

  test('nested deeper than 128 levels is refused', () => {
    const value = Uint8Array.from([...Array.from({ length: 200 }, () => [0b0000_0011, 1, 0, 0]).flat(), 0])
    expect(() => decodeVariantValue(value, [])).toThrow(/128 levels/)
  })

  test('reads as plain values, and as JSON that tells its types apart', () => {
    const variant: Variant = {
      kind: 'object',
      fields: [
        { name: '$date', value: { kind: 'string', value: 'not a date' } },
        { name: '__proto__', value: { kind: 'decimal', bytes: 4, unscaled: -125n, scale: 2 } },
        { name: 'big', value: { kind: 'int64', value: 2n ** 60n } },
        { name: 'day', value: { kind: 'date', value: -1 } },
        { name: 'n', value: { kind: 'int8', value: 7 } },
        { name: 'nan', value: { kind: 'double', value: Number.NaN } },
        { name: 'when', value: { kind: 'timestamptz', value: 0n } },
      ],
    }
    const plain = plainVariant(variant) as Record<string, unknown>
    expect(Object.entries(plain)).toEqual([
      ['$date', 'not a date'],
      ['__proto__', '-1.25'],
      ['big', 2n ** 60n],
      ['day', '1969-12-31'],
      ['n', 7],
      ['nan', Number.NaN],
      ['when', 0n],
    ])
    expect(Object.getPrototypeOf(plain)).toBe(Object.prototype)
    expect(JSON.stringify(exactVariant(variant))).toBe(
      '{"$object":{"$date":"not a date","__proto__":{"$exact":"-1.25"},"big":{"$exact":"1152921504606846976"},' +
        '"day":{"$date":"1969-12-31"},"n":{"$exact":"7"},"nan":{"$double":"NaN"},' +
        '"when":{"$timestamptz":"1970-01-01T00:00:00.000000+00:00"}}}',
    )
  })
})
