import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Sorted } from './sorting-process.ts'
import type { Streamed } from './streaming-process.ts'

/** Set it higher to see that memory does not grow with the rows. */
const ROWS = Number(process.env['MORAINE_STREAM_ROWS'] ?? 200_000)
/** They are wide, and each is written twice. */
const SORTED_ROWS = Math.max(300_000, ROWS / 4)
const MIB = 1024 * 1024

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moraine-streaming-'))
})
afterAll(async () => rm(folder, { recursive: true, force: true }))

it.each([
  // What it levels off at, after some millions of rows, and a quarter.
  { parallelism: 1, limit: 375 },
  // A thread more, with the memory that encoding takes.
  { parallelism: 2, limit: 600 },
])(
  'a long stream of rows is appended and read in bounded memory: %o',
  async ({ parallelism, limit }) => {
    const streamed = await inProcess<Streamed>('streaming-process.ts', ROWS, parallelism)
    if (process.env['MORAINE_STREAM_ROWS'] !== undefined) console.info(streamed)
    expect(streamed.records).toBe(String(ROWS))
    expect(streamed.appendGrowth).toBeLessThan(limit * MIB)
    expect(streamed.scanGrowth).toBeLessThan(300 * MIB)
  },
  600_000,
)

it('rows of a table with a sort order are sorted in bounded memory', async () => {
  const sorted = await inProcess<Sorted>('sorting-process.ts', SORTED_ROWS)
  if (process.env['MORAINE_STREAM_ROWS'] !== undefined) console.info(sorted)
  expect(sorted).toMatchObject({ records: String(SORTED_ROWS), inOrder: true })
  // The sorted rows in memory come on top of what an append takes.
  expect(sorted.appendGrowth).toBeLessThan(500 * MIB)
}, 600_000)

async function inProcess<R>(module: string, rows: number, parallelism = 2): Promise<R> {
  const here = import.meta.dirname
  const child = fork(
    join(here, 'streaming-process.mjs'),
    [join(here, module), join(folder, `${module}-${parallelism}`), String(rows), String(parallelism)],
    { execArgv: ['--expose-gc'] },
  )
  const exited = once(child, 'exit')
  const [message] = await Promise.race([
    once(child, 'message'),
    exited.then(([code]) => Promise.reject(new Error(`the process ended with ${code}`))),
  ])
  await exited
  return message as R
}
