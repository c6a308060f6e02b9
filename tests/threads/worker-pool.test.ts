import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { WorkerPool, type WorkerPoolOptions } from '../../threads/worker-pool.ts'

const url = new URL('./jobs.mjs', import.meta.url)
const errors: WorkerPoolOptions['errors'] = {
  fromMessage: (message) => new Error(`failed: ${JSON.stringify(message)}`),
  ended: (cause) => new Error(`ended: ${cause.message}`),
  aborted: (signal) => new Error(`aborted: ${signal.reason}`),
  closed: () => new Error('closed'),
}

const pools: WorkerPool[] = []
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

function poolOf(size: number, options: Partial<WorkerPoolOptions> = {}): WorkerPool {
  const pool = new WorkerPool({ url, size, errors, ...options })
  pools.push(pool)
  return pool
}

function run<O>(pool: WorkerPool, name: string, value?: unknown, signal?: AbortSignal): Promise<O> {
  return pool.run<O>({ name, input: () => ({ value }), signal })
}

describe('a worker pool', () => {
  test('does jobs, by name, and gives each its own output', async () => {
    const pool = poolOf(2)
    const outputs = await Promise.all([1, 2, 3, 4, 5].map((value) => run(pool, 'double', value)))
    expect(outputs).toEqual([2, 4, 6, 8, 10])
  })

  test('ends the thread of a job that is stopped, and goes on with another', async () => {
    const pool = poolOf(1)
    const stopping = new AbortController()
    const stuck = pool.run({ name: 'forever', input: () => ({ value: undefined }), stop: stopping.signal })
    const after = run(pool, 'double', 4)
    stopping.abort()
    await expect(stuck).rejects.toThrow(/ended: .*it was stopped/)
    expect(await after).toBe(8)
  })

  test('keeps its workers from one job to the next, and starts no more than it may', async () => {
    const pool = poolOf(2)
    const first = await run(pool, 'thread')
    expect(await run(pool, 'thread')).toBe(first)
    const threads = await Promise.all(Array.from({ length: 12 }, () => run<number>(pool, 'thread')))
    expect(new Set(threads).size).toBeLessThanOrEqual(2)
  })

  test('hands its data to every worker as it starts', async () => {
    expect(await run(poolOf(1, { workerData: { answer: 42n } }), 'data')).toEqual({ answer: 42n })
  })

  test('asks for the input of a job when a worker takes it, in the order in which jobs came', async () => {
    const pool = poolOf(1)
    const packed: number[] = []
    const jobs = [0, 1, 2].map((value) =>
      pool.run<number>({
        name: 'double',
        input: () => {
          packed.push(value)
          return { value }
        },
      }),
    )
    expect(packed).toEqual([0])
    await jobs[1]
    expect(packed).toEqual([0, 1, 2])
    expect(await Promise.all(jobs)).toEqual([0, 2, 4])
  })

  test('moves buffers there and back without a copy', async () => {
    const pool = poolOf(1)
    const bytes = new Uint8Array(1000)
    const filled = await pool.run<Uint8Array>({
      name: 'fill',
      input: () => ({ value: bytes, transfer: [bytes.buffer] }),
    })
    expect(bytes.length).toBe(0)
    expect(filled).toEqual(new Uint8Array(1000).fill(7))
  })

  test('brings what a job threw across, in the form that the worker gave it', async () => {
    const pool = poolOf(1)
    await expect(run(pool, 'fail', 'SOME_CODE')).rejects.toThrow(
      'failed: {"code":"SOME_CODE","message":"the job failed"}',
    )
    await expect(run(pool, 'unheard-of')).rejects.toThrow('failed:')
    expect(await run(pool, 'double', 2)).toBe(4)
  })

  test.each(['crash', 'exit', 'exhaust'])(
    'a worker that ends by %s fails its job alone, and is replaced',
    async (how) => {
      const pool = poolOf(1, { resourceLimits: { maxOldGenerationSizeMb: 16 } })
      const before = await run(pool, 'thread')
      const ending = run(pool, how)
      const after = run(pool, 'thread')
      await expect(ending).rejects.toThrow('ended: a worker ended before its job did')
      expect(await after).not.toBe(before)
    },
  )

  test('a module that cannot be loaded fails every job, and none waits for ever', async () => {
    const pool = poolOf(1, { url: new URL('./no-such-module.mjs', import.meta.url) })
    const jobs = [run(pool, 'double', 1), run(pool, 'double', 2)]
    for (const job of jobs) await expect(job).rejects.toThrow('ended:')
  })

  test('an input that cannot be made or cloned fails its job, and the worker goes on', async () => {
    const pool = poolOf(1)
    const broken = pool.run({
      name: 'double',
      input: () => {
        throw new Error('cannot be packed')
      },
    })
    await expect(broken).rejects.toThrow('cannot be packed')
    await expect(run(pool, 'double', () => 1)).rejects.toThrow('could not be cloned')
    expect(await run(pool, 'double', 4)).toBe(8)
  })

  test('an abort takes a job out of the queue, and ends the wait for one that runs', async () => {
    const pool = poolOf(1)
    const controller = new AbortController()
    const running = run(pool, 'wait', { ms: 50, value: 1 }, controller.signal)
    let packed = false
    const queued = pool.run({
      name: 'double',
      input: () => {
        packed = true
        return { value: 1 }
      },
      signal: controller.signal,
    })
    controller.abort('enough')
    await expect(running).rejects.toThrow('aborted: enough')
    await expect(queued).rejects.toThrow('aborted: enough')
    await expect(run(pool, 'double', 1, controller.signal)).rejects.toThrow('aborted: enough')
    expect(await run(pool, 'double', 1)).toBe(2)
    expect(packed).toBe(false)
  })

  test('a worker that asks for it is replaced after its job', async () => {
    const pool = poolOf(1)
    const first = await run(pool, 'thread')
    expect(await run(pool, 'retire')).toBe(first)
    expect(await run(pool, 'thread')).not.toBe(first)
  })

  test('closing ends what runs and what waits, and refuses what comes later', async () => {
    const pool = poolOf(1)
    const jobs = [run(pool, 'wait', { ms: 60_000, value: 1 }), run(pool, 'double', 1)]
    const outcomes = Promise.allSettled(jobs)
    await pool.close()
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: new Error('closed') })
    await expect(run(pool, 'double', 1)).rejects.toThrow('closed')
  })

  test('idle workers keep no process alive; a job does', async () => {
    const program = `
      import { WorkerPool } from '../../dist/threads/worker-pool.js'
      const pool = new WorkerPool({ url: new URL('./jobs.mjs', import.meta.url), size: 1, errors: {} })
      pool.run({ name: 'wait', input: () => ({ value: { ms: 30, value: 'done' } }) }).then(console.log)`
    const running = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
    })
    const [{ stdout }] = await Promise.all([running, once(running.child, 'exit')])
    expect(stdout).toBe('done\n')
  })
})
