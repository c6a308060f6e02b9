import { describe, expect, it } from 'vitest'
import { stringifyJson } from '../../format/lossless-json.ts'
import {
  mappedFieldId,
  nameMappingFromSchema,
  nameMappingToJson,
  parseNameMapping,
} from '../../format/name-mapping.ts'
import { intType, structType } from '../../format/types.ts'

const text = `[ { "field-id": 1, "names": ["id", "record_id"] },
  { "field-id": 2, "names": ["a.b"] },
  { "names": ["extra"], "fields": [ { "field-id": 6, "names": ["known"] } ] },
  { "field-id": 3, "names": ["location"], "fields": [
    { "field-id": 4, "names": ["latitude", "lat"] }, { "field-id": 5, "names": [] } ] } ]`

describe('a name mapping', () => {
  it('gives field ids for paths of names, each name literal', () => {
    const mapping = parseNameMapping(text)
    expect(mappedFieldId(mapping, ['record_id'])).toBe(1)
    expect(mappedFieldId(mapping, ['location', 'lat'])).toBe(4)
    expect(mappedFieldId(mapping, ['a.b'])).toBe(2)
    expect(mappedFieldId(mapping, ['a', 'b'])).toBeUndefined()
    expect(mappedFieldId(mapping, ['extra'])).toBeUndefined()
    expect(mappedFieldId(mapping, ['extra', 'known'])).toBe(6)
    expect(mappedFieldId(mapping, ['lat'])).toBeUndefined()
    expect(mappedFieldId(mapping, [])).toBeUndefined()
  })

  it('is written as it was read', () => {
    const json = stringifyJson(nameMappingToJson(parseNameMapping(text)))
    expect(parseNameMapping(json)).toEqual(parseNameMapping(text))
  })

  it('maps every field of a schema under its own name, with element, key and value', () => {
    const fields = [
      {
        id: 1,
        name: 'm',
        required: false,
        type: {
          kind: 'map',
          keyId: 2,
          key: intType,
          valueId: 3,
          valueRequired: false,
          value: { kind: 'list', elementId: 4, elementRequired: false, element: structType([]) },
        },
      },
    ] as const
    const mapping = nameMappingFromSchema({ fields })
    expect(mappedFieldId(mapping, ['m', 'key'])).toBe(2)
    expect(mappedFieldId(mapping, ['m', 'value', 'element'])).toBe(4)
  })

  it.each([
    ['{}', /must be an array/],
    ['[{"field-id":"1","names":["a"]}]', /32-bit integer/],
    ['[{"field-id":1,"names":["a"]},{"field-id":2,"names":["a"]}]', /'a' is mapped twice/],
    [
      '[{"field-id":1,"names":["a"]},{"names":["b"],"fields":[{"field-id":1,"names":["c"]}]}]',
      /id 1 is mapped twice/,
    ],
  ])('refuses %s', (bad, message) => {
    expect(() => parseNameMapping(bad)).toThrow(message)
  })
})
