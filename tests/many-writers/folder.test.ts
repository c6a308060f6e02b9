import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FileStore } from '../../storage/file-store.ts'
import { expectNoViolation, runManyWriters, SIZE } from './many-writers.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moraine-many-writers-'))
})
afterAll(async () => rm(folder, { recursive: true, force: true }))

it('processes that append to one folder and are killed lose no acknowledged row and double none', async () => {
  const figures = await runManyWriters({
    ...SIZE,
    uri: folder,
    options: { durability: 'os', parallelism: 0 },
    store: new FileStore({ root: folder, durability: 'os' }),
  })
  expectNoViolation('folder', figures, SIZE)
  expect(figures.killed).toBeGreaterThan(0)
}, 3_600_000)
