import { describe, expect, test } from 'vitest'
import { intType, longType, stringType } from '../../format/types.ts'
import { projectSchema } from '../../readers/projection.ts'
import { listOf, mapOf, optional, required, structOf } from './support.ts'

const address = structOf(optional(4, 'city', stringType), optional(5, 'zip', stringType))
const item = structOf(optional(8, 'sku', stringType), optional(9, 'quantity', intType))
const key = structOf(required(13, 'k1', intType), required(14, 'k2', intType))
const value = structOf(optional(15, 'v1', intType), optional(16, 'v2', intType))
const fields = [
  required(1, 'id', longType),
  optional(2, 'customer', structOf(optional(3, 'address', address), optional(17, 'name', stringType))),
  optional(6, 'items', listOf(7, item)),
  optional(10, 'attributes', mapOf(11, key, 12, value)),
  optional(18, 'a.b', intType),
]
const schema = { schemaId: 0, fields, identifierFieldIds: [] }

describe('projectSchema', () => {
  test('selects every column, and no metadata column, when nothing is selected', () => {
    expect(projectSchema(schema, undefined)).toBe(fields)
  })

  test('keeps the nested shape, pruned, with the ids of the schema', () => {
    expect(projectSchema(schema, ['customer.address.city'])).toEqual([
      optional(2, 'customer', structOf(optional(3, 'address', structOf(optional(4, 'city', stringType))))),
    ])
  })

  test('reaches through lists by element and through maps by value', () => {
    expect(projectSchema(schema, ['items.element.sku', 'attributes.value.v2'])).toEqual([
      optional(6, 'items', listOf(7, structOf(optional(8, 'sku', stringType)))),
      optional(10, 'attributes', mapOf(11, key, 12, structOf(optional(16, 'v2', intType)))),
    ])
  })

  test('a map keeps its whole key, and selecting in the key takes the whole map', () => {
    expect(projectSchema(schema, ['attributes.key.k1'])).toEqual([fields[3]])
    expect(projectSchema(schema, ['attributes.key'])).toEqual([fields[3]])
  })

  test('selecting a parent selects all of it, whatever else is selected in it', () => {
    expect(projectSchema(schema, ['customer.name', 'customer'])).toEqual([fields[1]])
    expect(projectSchema(schema, ['items.element', 'items.element.sku'])).toEqual([fields[2]])
  })

  test('columns stand in schema order, metadata columns after them', () => {
    const names = projectSchema(schema, ['_pos', 'a.b', '_file', 'id', 'id']).map((field) => field.name)
    expect(names).toEqual(['id', 'a.b', '_file', '_pos'])
  })

  test('a path as an array of names reaches names with dots', () => {
    expect(projectSchema(schema, [['a.b']])).toEqual([fields[4]])
    expect(projectSchema(schema, [['customer', 'name'], ['_pos']]).map((field) => field.name)).toEqual([
      'customer',
      '_pos',
    ])
    expect(() => projectSchema(schema, [['a', 'b']])).toThrow(/no column 'a.b'/)
  })

  test('a column of the table hides the metadata column of its name', () => {
    const own = { ...schema, fields: [optional(1, '_pos', stringType)] }
    expect(projectSchema(own, ['_pos'])).toEqual(own.fields)
  })

  test('_partition has the type that it is given', () => {
    const partitionType = structOf(optional(1000, 'day', intType))
    expect(projectSchema(schema, ['_partition'], partitionType)[0]).toMatchObject({
      name: '_partition',
      type: partitionType,
    })
  })

  test('an unknown name is refused with the nearest ones', () => {
    expect(() => projectSchema(schema, ['custmer.name'])).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching("did you mean 'customer.name'"),
      }),
    )
    expect(() => projectSchema(schema, ['city'])).toThrow(/customer\.address\.city/)
    expect(() => projectSchema(schema, ['items.sku'])).toThrow(/'items' is a list of 'element'/)
    expect(() => projectSchema(schema, ['id.x'])).toThrow(/'id' is long and has no fields/)
    expect(() => projectSchema(schema, [[]])).toThrow(/there is no column ''/)
  })

  test('names of the object prototype are no columns', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(() => projectSchema(schema, [name])).toThrow(/there is no column/)
    }
  })
})
