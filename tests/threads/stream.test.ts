import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { receiveStream } from '../../threads/receive-stream.ts'
import { sendStream } from '../../threads/send-stream.ts'

/** Both sides in one thread, joined by a channel. */
function join(values: Iterable<number>, window: number) {
  const stream = receiveStream<number>()
  const sending = sendStream(stream.port, parcels(values), window)
  return { stream, sending, values: stream.values(sending) }
}

function* parcels(values: Iterable<number>) {
  for (const value of values) yield { value, weight: 1 }
}

const turns = async (count = 20) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}

describe('a stream between threads', () => {
  test('gives all values in order, and ends', async () => {
    const { values, sending } = join(Array(50).keys(), 4)
    expect(await collect(values)).toEqual([...Array(50).keys()])
    await sending
  })

  test('stops at its window, and goes on as values are taken', async () => {
    let made = 0
    const counted = (function* () {
      for (let i = 0; i < 50; i++) {
        made++
        yield i
      }
    })()
    const { values } = join(counted, 4)
    await turns()
    expect(made).toBe(5)
    for (let i = 0; i < 3; i++) await values.next()
    await turns()
    expect(made).toBe(8)
    await values.return(undefined)
  })

  test('ends on the sending side, too, when it is left', async () => {
    let isEnded = false
    const endless = (function* () {
      try {
        for (let i = 0; ; i++) yield i
      } finally {
        isEnded = true
      }
    })()
    const { values, sending } = join(endless, 4)
    for await (const value of values) if (value === 7) break
    await sending
    expect(isEnded).toBe(true)
  })

  test('that is closed while it is waited for ends as its job does', async () => {
    const closed = receiveStream<number>()
    const next = closed.values(Promise.resolve()).next()
    closed.close()
    expect(await next).toEqual({ done: true, value: undefined })
    const aborted = receiveStream<number>()
    let abort = (_: Error) => {}
    const values = aborted.values(
      new Promise((_, reject) => {
        abort = reject
      }),
    )
    const last = values.next()
    aborted.close()
    await turns()
    abort(new Error('aborted'))
    await expect(last).rejects.toThrow('aborted')
  })

  test('keeps the process alive for what has not arrived, also when its job is done', async () => {
    const sender = `
      const { workerData } = require('node:worker_threads')
      setTimeout(() => {
        workerData.postMessage({ value: 'late', weight: 1 })
        workerData.postMessage({ end: true })
      }, 50)`
    const program = `
      import { Worker } from 'node:worker_threads'
      import { receiveStream } from '../../dist/threads/receive-stream.js'
      const { port, values } = receiveStream()
      new Worker(${JSON.stringify(sender)}, { eval: true, execArgv: [], workerData: port, transferList: [port] }).unref()
      for await (const value of values(Promise.resolve())) console.log(value)`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
    })
    expect(stdout).toBe('late\n')
  })

  test('throws the failure of its sender after the values that came before', async () => {
    const failing = (function* () {
      yield 1
      throw new Error('cannot decode')
    })()
    const { stream, sending } = join(failing, 4)
    // Values and outcomes take different ways: either may be first.
    const failed = sending.catch(async (error) => {
      await turns()
      throw error
    })
    const values = stream.values(failed)
    expect((await values.next()).value).toBe(1)
    await expect(values.next()).rejects.toThrow('cannot decode')
  })
})

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}
