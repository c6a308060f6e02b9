import { expect, test } from 'vitest'
import { longType } from '../../format/types.ts'
import { schema, t } from '../../index.ts'
import { FileStore } from '../../storage/file-store.ts'
import { CraftedTable, optional, positionRows } from '../deletes/crafted-table.ts'
import { moraine, scratchFolder } from './shell.ts'

test('delete files, which have no sort order, are listed as JSON that parses', async () => {
  const root = await scratchFolder()
  const place = { store: new FileStore({ root }), warehouse: `file://${root}` }
  const table = await CraftedTable.create({ schema: schema({ id: t.long() }) }, place)
  const file = await table.dataFile([optional(1, 'id', longType)], [[{ id: 1n }, { id: 2n }]])
  await table.commit({ add: [file] })
  await table.commit({ add: [await table.positionDeletes(positionRows(file.filePath, [0]))] })
  const { stdout } = await moraine(['files', 'shop.orders', '-c', root, '--format', 'json'])
  expect(JSON.parse(stdout)).toMatchObject([
    { content: 'data' },
    { content: 'position-deletes', sort_order_id: null },
  ])
})
