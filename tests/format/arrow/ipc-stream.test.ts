import { Table, tableFromIPC, tableToIPC } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { arrowSchemaOf } from '../../../format/arrow/arrow-schema.ts'
import { ipcStream } from '../../../format/arrow/ipc-stream.ts'
import { storedColumns } from '../../../format/parquet/stored-columns.ts'
import { batchRows } from '../../arrow-values.ts'
import { batchOf } from '../parquet/sample-batch.ts'
import { sampleFields, sampleRows } from '../parquet/sample-schema.ts'

const rows = sampleRows(0, 300)
const batch = storedColumns(batchOf(sampleFields, rows))

describe('an IPC stream', () => {
  test('of one batch reads as the batch, as that of apache-arrow does', () => {
    const ours = tableFromIPC(ipcStream(batch.schema, [batch]))
    const theirs = tableFromIPC(tableToIPC(new Table([batch]), 'stream'))
    expect(ours.schema.toString()).toBe(theirs.schema.toString())
    expect(ours.batches.flatMap(batchRows)).toEqual(theirs.batches.flatMap(batchRows))
  })

  test('joins slices at any place into one batch, in memory that is not clean', () => {
    const cuts = [0, 1, 9, 40, 41, 107, 108, 250, 300]
    const slices = cuts.slice(1).map((end, i) => batch.slice(cuts[i]!, end))
    const dirty = new Uint8Array(1_000_000).fill(0xa5)
    const stream = ipcStream(batch.schema, slices, (byteLength) => dirty.subarray(8, 8 + byteLength))
    const { batches } = tableFromIPC(stream)
    expect(batches).toHaveLength(1)
    expect(batchRows(batches[0]!)).toEqual(batchRows(batch))
    expect(Buffer.from(stream).equals(ipcStream(batch.schema, [batch]))).toBe(true)
  })

  test('of no rows has a batch of none', () => {
    const { batches, numRows } = tableFromIPC(ipcStream(batch.schema, []))
    expect([batches.length, numRows]).toEqual([1, 0])
  })

  test('refuses a column that no table has', () => {
    const { schema } = batchOf(
      [{ id: 1, name: 'a', required: false, type: { kind: 'unknown' } }],
      [{ a: null }],
    )
    expect(() => ipcStream(schema, [])).toThrow('cannot stream')
    expect(arrowSchemaOf([]).fields).toEqual([])
  })
})
