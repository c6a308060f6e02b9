import { describe, expect, it } from 'vitest'
import { parseJson, stringifyJson } from '../../format/lossless-json.ts'
import { schemaFromJson, schemaToJson } from '../../format/schema-json.ts'
import { typeFromJson, typeToJson } from '../../format/types-json.ts'

describe('a type', () => {
  it.each([
    'boolean',
    'int',
    'long',
    'float',
    'double',
    'date',
    'time',
    'timestamp',
    'timestamptz',
    'timestamp_ns',
    'timestamptz_ns',
    'string',
    'uuid',
    'binary',
    'unknown',
    'variant',
    'fixed[16]',
    'decimal(9, 2)',
    'geometry',
    'geometry(srid:4326)',
    'geography',
    'geography(srid:4326)',
    'geography(srid:4326, karney)',
  ])('%s is written as it was read', (text) => {
    expect(typeToJson(typeFromJson(text))).toBe(text)
  })

  it.each([
    ['decimal(9,2)', 'decimal(9, 2)'],
    ['Decimal ( 38 , 0 )', 'decimal(38, 0)'],
    ['FIXED[ 4 ]', 'fixed[4]'],
    ['INT', 'int'],
    ['geometry( OGC:CRS84 )', 'geometry(OGC:CRS84)'],
    ['geography( OGC:CRS84 ,Vincenty )', 'geography(OGC:CRS84, vincenty)'],
  ])('%s is read as %s', (text, canonical) => {
    expect(typeToJson(typeFromJson(text))).toBe(canonical)
  })

  it.each([
    '',
    'money',
    'decimal(9)',
    'decimal(0,0)',
    'decimal(5,6)',
    'fixed[]',
    'fixed[-1]',
    'list<int>',
    'geometry()',
  ])('%j is refused', (text) => {
    expect(() => typeFromJson(text)).toThrow(expect.objectContaining({ code: 'INVALID_DATA' }))
  })

  it('nests structs, lists and maps', () => {
    const text = stringifyJson(
      parseJson(`{"type":"map","key-id":1,"key":{"type":"list","element-id":2,"element":"int",
        "element-required":true},"value-id":3,"value":{"type":"struct","fields":[
        {"id":4,"name":"a","required":true,"type":"long","doc":"d"}]},"value-required":false}`),
    )
    expect(stringifyJson(typeToJson(typeFromJson(parseJson(text))))).toBe(text)
  })
})

describe('a schema', () => {
  it('has id 0 and no identifier fields when JSON leaves them out', () => {
    const schema = schemaFromJson(parseJson('{"type":"struct","fields":[]}'))
    expect(schema).toEqual({ schemaId: 0, fields: [], identifierFieldIds: [] })
    expect(stringifyJson(schemaToJson(schema))).toBe('{"type":"struct","schema-id":0,"fields":[]}')
  })

  it('is refused when an identifier field is missing, or when it is no struct', () => {
    expect(() =>
      schemaFromJson(parseJson('{"type":"struct","identifier-field-ids":[1],"fields":[]}')),
    ).toThrow(/identifier field 1/)
    expect(() => schemaFromJson(parseJson('{"type":"list"}'))).toThrow(/'struct'/)
  })
})
