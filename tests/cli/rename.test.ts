import { expect, test } from 'vitest'
import { connect, schema, t } from '../../index.ts'
import { moraine, scratchFolder } from './shell.ts'

test('rename says that a folder cannot, and what to do, and changes nothing', async () => {
  const folder = await scratchFolder()
  const lake = await connect(folder, { durability: 'os' })
  await lake.createTable('shop.orders', { schema: schema({ id: t.long() }) })
  const { code, stderr } = await moraine(['rename', 'shop.orders', 'shop.old', '--catalog', folder])
  expect(code).toBe(1)
  expect(stderr).toMatch(/cannot rename shop\.orders to shop\.old: .*register/)
  expect(await lake.listTables('shop')).toEqual(['orders'])
})
