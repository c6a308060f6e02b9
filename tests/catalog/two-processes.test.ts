import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { FileStore } from '../../storage/file-store.ts'
import { firstMetadata, orders } from '../contracts/catalog.ts'
import { testEnvironment } from '../contracts/test-environment.ts'

const COMMITS = 50

let warehouse = ''
beforeAll(async () => {
  warehouse = await mkdtemp(join(tmpdir(), 'moraine-two-processes-'))
})
afterAll(async () => rm(warehouse, { recursive: true, force: true }))

it('two processes that commit to one folder win each version exactly once', async () => {
  const store = new FileStore({ root: warehouse, durability: 'os' })
  const catalog = objectStoreCatalog({ store, warehouse, environment: testEnvironment() })
  await catalog.createTable({ identifier: orders, metadata: firstMetadata() })

  const acknowledged = await Promise.all(['left', 'right'].map(commitInProcess))

  const locations = acknowledged.flat()
  expect(new Set(locations).size).toBe(2 * COMMITS)
  const { metadata, metadataLocation } = await catalog.loadTable(orders)
  expect(metadataLocation).toMatch(new RegExp(`/v${2 * COMMITS + 1}\\.metadata\\.json$`))
  const keys = ['left', 'right'].flatMap((name) => Array.from({ length: COMMITS }, (_, i) => `${name}-${i}`))
  expect(Object.keys(metadata.properties)).toEqual(expect.arrayContaining(keys))
})

async function commitInProcess(name: string): Promise<string[]> {
  const folder = import.meta.dirname
  const child = fork(join(folder, 'committing-process.mjs'), [
    join(folder, 'committing-process.ts'),
    warehouse,
    name,
    String(COMMITS),
  ])
  const exited = once(child, 'exit')
  const [message] = await Promise.race([
    once(child, 'message'),
    exited.then(([code]) => Promise.reject(new Error(`the process ended with ${code}`))),
  ])
  await exited
  return message as string[]
}
