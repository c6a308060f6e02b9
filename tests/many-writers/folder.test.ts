import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FileStore } from '../../storage/file-store.ts'
import { appendWork } from './append-work.ts'
import { expectNoViolation, runManyWriters, SIZE, type Work } from './many-writers.ts'
import { sinkWork } from './sink-work.ts'
import { upsertWork } from './upsert-work.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moraine-many-writers-'))
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

async function expectRight(kind: string, work: Work): Promise<void> {
  const figures = await runManyWriters({
    ...SIZE,
    work,
    uri: folder,
    options: { durability: 'os', parallelism: 0 },
    store: new FileStore({ root: folder, durability: 'os' }),
  })
  expectNoViolation(kind, figures, SIZE)
  expect(figures.killed).toBeGreaterThan(0)
}

it('processes that append to one folder and are killed lose no acknowledged row and double none', async () => {
  await expectRight('folder', appendWork)
}, 3_600_000)

it('sources whose processes are killed go on where the table says, with every row once', async () => {
  await expectRight('folder, sinks', sinkWork)
}, 3_600_000)

// The quick run leaves version 2 to the long one.
for (const version of SIZE.killEveryMs === undefined ? ([3] as const) : ([2, 3] as const)) {
  it(`processes that upsert the same keys in version ${version} and are killed end as one after the other`, async () => {
    await expectRight(`folder, upserts of version ${version}`, upsertWork(version))
  }, 3_600_000)
}
