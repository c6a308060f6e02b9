import { getEventListeners } from 'node:events'
import type { MessagePort } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { decodingWorkers } from '../../table/decoding-workers.ts'
import type { Workers } from '../../table/workers.ts'
import type { Job } from '../../threads/worker-pool.ts'

/** A thread that does a job as it is told to. */
function thread(work: (port: MessagePort) => Promise<void>): Workers {
  const run = async ({ input }: Job) => {
    const { port } = input().value as { readonly port: MessagePort }
    await work(port)
    return new ArrayBuffer(0) as never
  }
  return { parallelism: 1, started: true, run, close: async () => {} }
}

const request = { schema: [], numRows: 1, chunks: [] }
const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate)
}

describe('rows that another thread decodes', () => {
  test('are not taken for complete when the signal fires after the thread has sent them', async () => {
    const controller = new AbortController()
    const workers = thread(async () => {})
    const next = decodingWorkers(workers).decode(request, controller.signal).next()
    await turns()
    // What the thread has sent is still on its way.
    controller.abort()
    await expect(next).rejects.toMatchObject({ code: 'ABORTED' })
  })

  test('are refused, and their thread is ended, when it does not come to an end', async () => {
    let ended = false
    const hanging: Workers = {
      ...thread(async () => {}),
      run: ({ input, stop }) => {
        input()
        return new Promise((_, reject) => {
          stop!.addEventListener('abort', () => {
            ended = true
            reject(new Error('the worker ended'))
          })
        })
      },
    }
    const { signal } = new AbortController()
    await expect(decodingWorkers(hanging, 40).decode(request, signal).next()).rejects.toMatchObject({
      code: 'INVALID_DATA',
      message: expect.stringContaining('not decoded within'),
    })
    expect(ended).toBe(true)
  })

  test('may wait for a thread as long as it takes', async () => {
    let start = () => {}
    const busy: Workers = {
      ...thread(async () => {}),
      run: async ({ input }) => {
        await new Promise<void>((resolve) => {
          start = resolve
        })
        const { port } = input().value as { readonly port: MessagePort }
        port.postMessage({ end: true })
        return new ArrayBuffer(0) as never
      },
    }
    const next = decodingWorkers(busy, 8).decode(request, new AbortController().signal).next()
    await new Promise((resolve) => setTimeout(resolve, 60))
    start()
    expect(await next).toEqual({ done: true, value: undefined })
  })

  test('leave nothing with the signal once they are there', async () => {
    const { signal } = new AbortController()
    const workers = thread(async (port) => port.postMessage({ end: true }))
    for await (const _ of decodingWorkers(workers).decode(request, signal))
      throw new Error('no rows were sent')
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})
