import { describe, expect, it } from 'vitest'
import { bucket, day, schema, type Table, t } from '../../index.ts'
import { readManifestEntries, readManifestList } from '../../snapshot/manifests.ts'
import { code, type MemoryLake, memoryLake, rowsOf } from './support.ts'

async function orders(version = '2') {
  const world = await memoryLake()
  const table = await world.lake.createTable('shop.orders', {
    schema: schema({ id: t.long().required(), amount: t.int(), at: t.timestamptz() }),
    partitionBy: [day('at')],
    properties: { 'format-version': version, 'write.metadata.metrics.column.amount': 'counts' },
  })
  return { ...world, table: (await table.append([{ id: 1, amount: 1 }])) as unknown as Table }
}

async function filesOf({ store }: MemoryLake, { metadata, currentSnapshot }: Table) {
  const manifests = await readManifestList({ metadata, store }, currentSnapshot!)
  const entries = await Promise.all(
    manifests.map((manifest) => readManifestEntries({ metadata, store }, manifest)),
  )
  return entries.flatMap((found) => [...found].map(({ dataFile }) => dataFile))
}

describe('an append that an evolution overtakes', () => {
  it('still commits, with the schema and the spec that it began with', async () => {
    const world = await orders()
    const evolved = await world.table
      .update()
      .renameColumn('amount', 'total')
      .widenColumn('total', t.long())
      .addColumn('coupon', t.string())
      .removePartitionField('at_day')
      .addPartitionField(bucket('id', 4))
      .commit()
    const after = (await world.table.append([{ id: 2, amount: 2, at: '2026-11-25T00:00:00Z' }])) as Table
    expect(after.metadata.currentSchemaId).toBe(evolved.metadata.currentSchemaId)
    expect(after.metadata.defaultSpecId).toBe(evolved.metadata.defaultSpecId)
    expect((await filesOf(world, after)).map(({ specId }) => specId)).toEqual([0, 0])
    const later = await after.append([{ id: 3, total: 3n, coupon: 'X' }])
    expect((await filesOf(world, later)).map(({ specId }) => specId)).toEqual([1, 0, 0])
    expect(await rowsOf(later.scan({ select: ['id', 'total', 'coupon'] }))).toEqual([
      { id: 3n, total: 3n, coupon: 'X' },
      { id: 2n, total: 2n, coupon: null },
      { id: 1n, total: 1n, coupon: null },
    ])
  })

  it.each(['1', '2'])(
    'gets row ids when that was an upgrade from version %s to 3, once for all',
    async (version) => {
      const { table } = await orders(version)
      await table.update().upgradeFormatVersion(3).commit()
      const after = await table.append([{ id: 2 }, { id: 3 }])
      expect([after.metadata.formatVersion, after.metadata.nextRowId]).toEqual([3, 3n])
      const rows = await rowsOf(after.scan({ select: ['id', '_row_id'] }))
      const later = await after.append([{ id: 4 }])
      const laterRows = await rowsOf(later.scan({ select: ['id', '_row_id'] }))
      expect(new Set(rows.map((row) => row['_row_id']))).toEqual(new Set([0n, 1n, 2n]))
      expect(laterRows).toEqual(expect.arrayContaining(rows))
      expect(laterRows).toContainEqual({ id: 4n, _row_id: 3n })
    },
  )
})

describe('an evolution that is overtaken', () => {
  it('by an append is made of what the append left', async () => {
    const { table } = await orders()
    await table.append([{ id: 2, amount: 2 }])
    const evolved = await table.update().addColumn('x', t.int()).setProperties({ a: 'b' }).commit()
    expect(evolved.snapshots).toHaveLength(2)
    expect(await rowsOf(evolved.scan({ select: ['id'] }))).toHaveLength(2)
  })

  it('by one of the same part fails, says what has changed, and commits nothing', async () => {
    const { table } = await orders()
    const won = await table.update().addColumn('x', t.int()).addPartitionField(bucket('id', 2)).commit()
    const schemaLost = table.update().addColumn('y', t.int()).setProperties({ a: 'b' }).commit()
    await expect(schemaLost).rejects.toThrow(code('COMMIT_CONFLICT'))
    await expect(schemaLost).rejects.toThrow(/another commit has evolved \w+\.orders meanwhile/)
    await expect(schemaLost).rejects.toThrow('the current schema has changed: expected 0, found 1')
    await expect(schemaLost).rejects.toMatchObject({ retryable: false })
    const specLost = table.update().addPartitionField(bucket('id', 4)).commit()
    await expect(specLost).rejects.toThrow('the default partition spec has changed: expected 0, found 1')
    const fresh = await table.refresh()
    expect(fresh.metadataLocation).toBe(won.metadataLocation)
    const again = await fresh.update().addColumn('y', t.int()).commit()
    expect(again.schema.fields.map(({ id, name }) => `${id} ${name}`).slice(-2)).toEqual(['4 x', '5 y'])
  })

  it('by one of another part is made of what that left', async () => {
    const { table } = await orders()
    await table.update().addColumn('x', t.int()).commit()
    await table.update().addPartitionField(bucket('id', 2)).commit()
    await table.update().replaceSortOrder(['amount']).commit()
    const last = await table.update().replaceSortOrder(['id']).setProperties({ a: 'b' }).commit()
    expect(last.schema.fields.at(-1)?.name).toBe('x')
    expect(last.partitionSpec.fields).toHaveLength(2)
    expect(last.sortOrder.fields).toMatchObject([{ sourceIds: [1] }])
    expect(last.sortOrder.orderId).toBe(2)
  })

  it('partitions and sorts by the columns that its caller saw, whatever they are called now', async () => {
    const { table } = await orders()
    await table.update().renameColumn('amount', 'was').renameColumn('id', 'amount').commit()
    const evolved = await table
      .update()
      .addPartitionField(bucket('amount', 4))
      .replaceSortOrder(['amount'])
      .commit()
    expect(evolved.partitionSpec.fields.at(-1)).toMatchObject({ name: 'amount_bucket_4', sourceIds: [2] })
    expect(evolved.sortOrder.fields).toMatchObject([{ sourceIds: [2] }])
  })

  it('sets what it says, also where that was so before someone else changed it', async () => {
    const { table } = await orders()
    const before = await table.update().setProperties({ owner: 'ada' }).commit()
    await before.update().setProperties({ owner: 'bo', team: 'x' }).commit()
    const after = await before.update().setProperties({ owner: 'ada' }).commit()
    expect([after.properties['owner'], after.properties['team']]).toEqual(['ada', 'x'])
  })
})
