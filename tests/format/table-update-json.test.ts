import { describe, expect, it } from 'vitest'
import { parseJson, stringifyJson } from '../../format/lossless-json.ts'
import { checkRequirements } from '../../format/table-requirement-check.ts'
import { tableRequirementFromJson, tableRequirementToJson } from '../../format/table-requirement-json.ts'
import { tableUpdateFromJson, tableUpdateToJson } from '../../format/table-update-json.ts'
import { decode, oldV1, v2 } from './metadata-fixtures.ts'

const updates = [
  '{"action":"assign-uuid","uuid":"u"}',
  '{"action":"upgrade-format-version","format-version":3}',
  '{"action":"add-schema","schema":{"type":"struct","schema-id":1,"fields":[]},"last-column-id":3}',
  '{"action":"set-current-schema","schema-id":-1}',
  '{"action":"add-spec","spec":{"spec-id":1,"fields":[{"name":"a","transform":"day","source-id":1,"field-id":1000}]}}',
  '{"action":"add-spec","spec":{"spec-id":0,"fields":[{"name":"a","transform":"day","source-id":1}]}}',
  '{"action":"set-default-spec","spec-id":-1}',
  '{"action":"add-sort-order","sort-order":{"order-id":1,"fields":[{"transform":"identity","source-id":1,"direction":"asc","null-order":"nulls-first"}]}}',
  '{"action":"set-default-sort-order","sort-order-id":-1}',
  '{"action":"add-snapshot","snapshot":{"sequence-number":9,"snapshot-id":9007199254740993,"timestamp-ms":1,"summary":{"operation":"append"},"manifest-list":"s"}}',
  '{"action":"set-snapshot-ref","ref-name":"main","snapshot-id":9007199254740993,"type":"branch","max-ref-age-ms":9223372036854775807}',
  '{"action":"remove-snapshots","snapshot-ids":[1,9007199254740993]}',
  '{"action":"remove-snapshot-ref","ref-name":"a"}',
  '{"action":"set-location","location":"s3://b/t"}',
  '{"action":"set-properties","updates":{"a":"b"}}',
  '{"action":"remove-properties","removals":["a"]}',
  '{"action":"set-statistics","snapshot-id":1,"statistics":{"snapshot-id":1,"statistics-path":"p"}}',
  '{"action":"remove-statistics","snapshot-id":1}',
  '{"action":"set-partition-statistics","partition-statistics":{"snapshot-id":1,"statistics-path":"p"}}',
  '{"action":"remove-partition-statistics","snapshot-id":1}',
  '{"action":"remove-partition-specs","spec-ids":[1]}',
  '{"action":"remove-schemas","schema-ids":[1]}',
  '{"action":"add-encryption-key","encryption-key":{"key-id":"k","encrypted-key-metadata":"x"}}',
  '{"action":"remove-encryption-key","key-id":"k"}',
]

const requirements = [
  '{"type":"assert-create"}',
  '{"type":"assert-table-uuid","uuid":"u"}',
  '{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":9007199254740993}',
  '{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":null}',
  '{"type":"assert-last-assigned-field-id","last-assigned-field-id":1}',
  '{"type":"assert-current-schema-id","current-schema-id":1}',
  '{"type":"assert-last-assigned-partition-id","last-assigned-partition-id":999}',
  '{"type":"assert-default-spec-id","default-spec-id":0}',
  '{"type":"assert-default-sort-order-id","default-sort-order-id":0}',
]

describe('a table update', () => {
  it.each(updates)('%s is written as it was read', (text) => {
    expect(stringifyJson(tableUpdateToJson(tableUpdateFromJson(parseJson(text))))).toBe(text)
  })

  it('covers every action of the REST spec', () => {
    const actions = updates.map((text) => (JSON.parse(text) as { action: string }).action)
    expect(new Set(actions).size).toBe(23)
  })

  it('may use the names that Iceberg Java once wrote', () => {
    expect(tableUpdateFromJson(parseJson('{"action":"set-properties","updated":{"a":"b"}}'))).toMatchObject({
      updates: { a: 'b' },
    })
    expect(tableUpdateFromJson(parseJson('{"action":"remove-properties","removed":["a"]}'))).toMatchObject({
      removals: ['a'],
    })
  })

  it.each([
    ['{"action":"add-view-version"}', 'INVALID_ARGUMENT', /unknown table update 'add-view-version'/],
    ['{"action":"constructor"}', 'INVALID_ARGUMENT', /unknown table update/],
    ['{}', 'INVALID_DATA', /'action' must be a string/],
    ['{"action":"set-location"}', 'INVALID_DATA', /update set-location: 'location' must be a string/],
    [
      '{"action":"remove-snapshots","snapshot-ids":["1"]}',
      'INVALID_DATA',
      /'snapshot-ids'\[0\] must be a 64-bit integer/,
    ],
  ])('%s is refused', (text, code, message) => {
    expect(() => tableUpdateFromJson(parseJson(text))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    )
  })
})

describe('a table requirement', () => {
  it.each(requirements)('%s is written as it was read', (text) => {
    expect(stringifyJson(tableRequirementToJson(tableRequirementFromJson(parseJson(text))))).toBe(text)
  })

  it('of an unknown type is refused', () => {
    expect(() => tableRequirementFromJson(parseJson('{"type":"assert-view-uuid"}'))).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
  })
})

describe('checkRequirements', () => {
  const metadata = decode(v2)
  const check = (text: string, of = metadata as typeof metadata | undefined) =>
    checkRequirements(of, [tableRequirementFromJson(parseJson(text))])

  it.each([
    '{"type":"assert-table-uuid","uuid":"9C12D441-03fe-4693-9a96-a0705ddf69c1"}',
    '{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":9007199254740993}',
    '{"type":"assert-ref-snapshot-id","ref":"new","snapshot-id":null}',
    '{"type":"assert-last-assigned-field-id","last-assigned-field-id":12}',
    '{"type":"assert-current-schema-id","current-schema-id":1}',
    '{"type":"assert-last-assigned-partition-id","last-assigned-partition-id":1001}',
    '{"type":"assert-default-spec-id","default-spec-id":0}',
    '{"type":"assert-default-sort-order-id","default-sort-order-id":3}',
  ])('%s holds', (text) => {
    expect(check(text)).toBeUndefined()
  })

  it.each([
    ['{"type":"assert-create"}', 'the table exists already'],
    ['{"type":"assert-table-uuid","uuid":"u"}', 'expected u, found 9c12d441'],
    [
      '{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":9007199254740992}',
      'expected 9007199254740992, found 9007199254740993',
    ],
    [
      '{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":null}',
      "snapshot of 'main' has changed: expected none",
    ],
    ['{"type":"assert-ref-snapshot-id","ref":"new","snapshot-id":5}', 'expected 5, found none'],
    ['{"type":"assert-last-assigned-field-id","last-assigned-field-id":11}', 'expected 11, found 12'],
    ['{"type":"assert-current-schema-id","current-schema-id":0}', 'current schema has changed'],
    [
      '{"type":"assert-last-assigned-partition-id","last-assigned-partition-id":1}',
      'last assigned partition id',
    ],
    ['{"type":"assert-default-spec-id","default-spec-id":1}', 'default partition spec'],
    ['{"type":"assert-default-sort-order-id","default-sort-order-id":0}', 'default sort order'],
  ])('%s fails in words', (text, words) => {
    expect(check(text)).toContain(words)
  })

  it('of a table that does not exist holds for assert-create alone', () => {
    expect(checkRequirements(undefined, [{ type: 'assert-create' }])).toBeUndefined()
    expect(checkRequirements(undefined, [])).toBeUndefined()
    for (const text of requirements.slice(1)) {
      expect(checkRequirements(undefined, [tableRequirementFromJson(parseJson(text))])).toBe(
        'the table does not exist',
      )
    }
  })

  it('names the first failure, and a v1 table without UUID has none to assert', () => {
    const first = checkRequirements(decode(oldV1), [
      { type: 'assert-table-uuid', uuid: 'u' },
      { type: 'assert-create' },
    ])
    expect(first).toBe('the table UUID has changed: expected u, found none')
  })
})
