import { expect, test } from 'vitest'
import { connect, eq, MemoryStore, schema, t } from '../../index.ts'

test('a delete that meets a dozen delete files of one data file makes Node warn of nothing', async () => {
  const warnings: string[] = []
  const onWarning = ({ name }: Error) => warnings.push(name)
  process.on('warning', onWarning)
  try {
    const lake = await connect('memory://lake/wh', { store: new MemoryStore(), parallelism: 0 })
    let table = await lake.createTable('a.b', {
      schema: schema({ id: t.long().required(), name: t.string() }),
      identifierFields: ['id'],
      properties: { 'format-version': '2' },
    })
    table = await table.append(Array.from({ length: 20 }, (_, id) => ({ id, name: 'a' })))
    const { signal } = new AbortController()
    for (let id = 0; id < 13; id++) table = await table.delete(eq('id', id), { signal })
    table = await table.upsert([{ id: 1, name: 'b' }], { signal })
    table = await table.upsert([{ id: 14, name: 'b' }], { signal })
    // Warnings are told a turn later.
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(warnings).toEqual([])
  } finally {
    process.off('warning', onWarning)
  }
})
