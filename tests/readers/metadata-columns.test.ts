import { expect, test } from 'vitest'
import type { PartitionField, PartitionSpec } from '../../format/partition-spec.ts'
import type { Transform } from '../../format/transforms/transform.ts'
import { dateType, intType, longType, stringType, timestampType } from '../../format/types.ts'
import { partitionFieldsOf } from '../../readers/metadata-columns.ts'
import { optional } from './support.ts'

const identity: Transform = { kind: 'identity' }
const old = {
  schemaId: 0,
  fields: [optional(1, 'a', intType), optional(2, 'gone', stringType)],
  identifierFieldIds: [],
}
const now = {
  schemaId: 1,
  fields: [optional(1, 'a', longType), optional(3, 't', timestampType)],
  identifierFieldIds: [],
}

function field(fieldId: number, name: string, sourceId: number, transform: Transform): PartitionField {
  return { fieldId, name, sourceIds: [sourceId], transform }
}
function unionOf(...specs: (readonly PartitionField[])[]) {
  const partitionSpecs: PartitionSpec[] = specs.map((fields, specId) => ({ specId, fields }))
  return partitionFieldsOf({ partitionSpecs, schemas: [old, now], currentSchemaId: 1 }).fields
}

test('the fields of all specs, by id, with the newest names and the current types', () => {
  const day = field(1001, 't_day', 3, { kind: 'day' })
  expect(unionOf([field(1000, 'a', 1, identity)], [day, field(1000, 'renamed', 1, identity)])).toEqual([
    optional(1000, 'renamed', longType),
    optional(1001, 't_day', dateType),
  ])
})

test('a void field has the type that it had before', () => {
  const bucket: Transform = { kind: 'bucket', numBuckets: 4 }
  expect(unionOf([field(1000, 'a_bucket', 1, bucket)], [field(1000, 'a_void', 1, { kind: 'void' })])).toEqual(
    [optional(1000, 'a_void', intType)],
  )
})

test('a field of a dropped column has the type that the column had', () => {
  expect(unionOf([field(1000, 'gone', 2, identity)])).toEqual([optional(1000, 'gone', stringType)])
})

test('a field whose type cannot be known, or whose id meant two things, is left out', () => {
  const unknown = field(1000, 'u', 1, { kind: 'unknown', text: 'zorder' })
  expect(unionOf([unknown, field(1001, 'nowhere', 99, identity)])).toEqual([])
  expect(unionOf([field(1000, 'a', 1, identity)], [field(1000, 't', 3, identity)])).toEqual([])
  expect(unionOf([])).toEqual([])
})
