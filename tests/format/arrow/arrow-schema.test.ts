import { type DataType, Table, tableFromIPC, tableToIPC } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { arrowSchemaOf, arrowTypeOf, FIELD_ID_KEY } from '../../../format/arrow/arrow-schema.ts'
import { decimalType, fixedType, type Type } from '../../../format/types.ts'
import { batchOf } from '../parquet/sample-batch.ts'
import { mapOf, sampleFields, sampleRows } from '../parquet/sample-schema.ts'

describe('the Arrow schema of a table', () => {
  test.each<[Type, string]>([
    [{ kind: 'boolean' }, 'Bool'],
    [{ kind: 'int' }, 'Int32'],
    [{ kind: 'long' }, 'Int64'],
    [{ kind: 'float' }, 'Float32'],
    [{ kind: 'double' }, 'Float64'],
    [{ kind: 'date' }, 'Date32<DAY>'],
    [{ kind: 'time' }, 'Time64<MICROSECOND>'],
    [{ kind: 'timestamp' }, 'Timestamp<MICROSECOND>'],
    [{ kind: 'timestamptz' }, 'Timestamp<MICROSECOND, UTC>'],
    [{ kind: 'timestamp_ns' }, 'Timestamp<NANOSECOND>'],
    [{ kind: 'timestamptz_ns' }, 'Timestamp<NANOSECOND, UTC>'],
    [{ kind: 'string' }, 'Utf8'],
    [{ kind: 'uuid' }, 'FixedSizeBinary[16]'],
    [fixedType(3), 'FixedSizeBinary[3]'],
    [{ kind: 'binary' }, 'Binary'],
    [{ kind: 'geometry' }, 'Binary'],
    [{ kind: 'unknown' }, 'Null'],
    [decimalType(38, 10), 'Decimal[38e+10]'],
  ])('%j is %s', (type, text) => {
    expect(String(arrowTypeOf(type))).toBe(text)
  })

  test('names every field id and nullability at every level, also after a round trip through IPC', () => {
    const expected = describeFields(arrowSchemaOf(sampleFields).fields)
    expect(expected).toContain('l.element:41!')
    expect(expected).toContain('m.key_value.value.element:53?')
    expect(expected).toContain('st.in.z:34?')
    const ipc = tableToIPC(new Table([batchOf(sampleFields, sampleRows(0, 3))]), 'stream')
    // apache-arrow itself calls the child 'entries' when it reads.
    const read = describeFields(tableFromIPC(ipc).schema.fields)
    expect(read.map((text) => text.replace('entries', 'key_value'))).toEqual(expected)
  })

  test('names the parts of a map as the Parquet specification does', () => {
    const map = arrowTypeOf(mapOf(1, { kind: 'string' }, 2, { kind: 'int' }))
    const [entries] = map.children
    expect(entries!.name).toBe('key_value')
    expect((entries!.type as DataType).children.map((field) => field.name)).toEqual(['key', 'value'])
  })
})

function describeFields(fields: DataType['children'], path = ''): string[] {
  return fields.flatMap((field) => {
    const name = path + field.name
    const id = field.metadata.get(FIELD_ID_KEY) ?? ''
    return [
      `${name}:${id}${field.nullable ? '?' : '!'}`,
      ...describeFields(field.type.children ?? [], `${name}.`),
    ]
  })
}
