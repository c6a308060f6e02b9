import { describe, expect, it } from 'vitest'
import { MoraineError } from '../../../format/errors.ts'
import { retryingApi, waitToRetry } from '../../../storage/s3/retrying-api.ts'
import type { S3Api } from '../../../storage/s3/s3-api.ts'
import { s3Place } from '../../../storage/s3/s3-place.ts'
import { testEnvironment } from '../../contracts/test-environment.ts'

const policy = { numRetries: 5, minWaitMs: 100, maxWaitMs: 1000 }
const place = s3Place('s3://bucket/a')
const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })

/** An api of which every request fails `failures` times. */
function failing(failures: number, error = new MoraineError('UNAVAILABLE', 'no answer')) {
  let calls = 0
  const answer = async () => {
    if (calls++ < failures) throw error
    return 'answer'
  }
  const api = new Proxy({}, { get: () => answer }) as S3Api
  return { api, calls: () => calls }
}

describe('retries', () => {
  it('send again what means the same however often it is sent', async () => {
    const requests: ((api: S3Api) => Promise<unknown>)[] = [
      (api) => api.get(place),
      (api) => api.head(place),
      (api) => api.put(place, new Uint8Array()),
      (api) => api.list(place, {}),
      (api) => api.deleteOne(place),
      (api) => api.createUpload(place, 'token'),
      (api) => api.uploadPart(place, { uploadId: 'u', partNumber: 1, body: new Uint8Array() }),
      (api) => api.abortUpload(place, 'u'),
    ]
    for (const request of requests) {
      const { api, calls } = failing(5)
      expect(await request(retryingApi(api, policy, testEnvironment(1)))).toBe('answer')
      expect(calls()).toBe(6)
      const down = failing(100)
      await expect(request(retryingApi(down.api, policy, testEnvironment(1)))).rejects.toEqual(
        code('UNAVAILABLE'),
      )
      expect(down.calls()).toBe(6)
    }
  })

  it('ask again for the objects that could not be deleted now, and for no others', async () => {
    const asked: (readonly string[])[] = []
    const answers = [
      new MoraineError('UNAVAILABLE', 'no answer'),
      [
        { key: 'b', code: 'SlowDown' },
        { key: 'c', code: 'AccessDenied' },
        { key: 'd', code: 'InternalError' },
      ],
      [{ key: 'd', code: 'InternalError' }],
      [],
    ]
    const deleteMany: S3Api['deleteMany'] = async (_, keys) => {
      const answer = answers[asked.push(keys) - 1]!
      if (answer instanceof MoraineError) throw answer
      return answer
    }
    const api = retryingApi({ deleteMany } as S3Api, policy, testEnvironment(1))
    expect(await api.deleteMany('bucket', ['a', 'b', 'c', 'd'])).toEqual([{ key: 'c', code: 'AccessDenied' }])
    const all = ['a', 'b', 'c', 'd']
    expect(asked).toEqual([all, all, ['b', 'd'], ['d']])
    const down = [{ key: 'a', code: 'SlowDown' }]
    const slow = retryingApi({ deleteMany: async () => down } as unknown as S3Api, policy, testEnvironment(1))
    expect(await slow.deleteMany('bucket', ['a'])).toEqual(down)
  })

  it('leave conditional writes and definite errors alone', async () => {
    const conditional: ((api: S3Api) => Promise<unknown>)[] = [
      (api) => api.put(place, new Uint8Array(), { condition: 'create' }),
      (api) => api.put(place, new Uint8Array(), { condition: { ifMatch: 'e' } }),
      (api) => api.completeUpload(place, { uploadId: 'u', etags: [] }),
    ]
    for (const request of conditional) {
      const { api, calls } = failing(1)
      await expect(request(retryingApi(api, policy, testEnvironment(1)))).rejects.toEqual(code('UNAVAILABLE'))
      expect(calls()).toBe(1)
    }
    const refused = failing(1, new MoraineError('UNAUTHORIZED', 'no'))
    const get = retryingApi(refused.api, policy, testEnvironment(1)).get(place)
    await expect(get).rejects.toEqual(code('UNAUTHORIZED'))
    expect(refused.calls()).toBe(1)
  })

  it('wait for a random time below a bound that doubles up to the greatest', async () => {
    const bounds = [100, 200, 400, 800, 1000]
    for (const [attempt, bound] of bounds.entries()) {
      const waits: number[] = []
      const timing = { ...testEnvironment(attempt), sleep: async (ms: number) => void waits.push(ms) }
      for (let i = 0; i < 200; i++) expect(await waitToRetry({ policy, timing, attempt })).toBe(true)
      expect(Math.max(...waits)).toBeLessThanOrEqual(bound)
      expect(Math.max(...waits)).toBeGreaterThan(bound * 0.9)
      expect(Math.min(...waits)).toBeLessThan(bound * 0.1)
    }
    expect(await waitToRetry({ policy, timing: testEnvironment(1), attempt: 5 })).toBe(false)
  })

  it("end with the caller's signal", async () => {
    const controller = new AbortController()
    const timing = {
      random: () => 1,
      sleep: async (_: number, signal?: AbortSignal) => {
        controller.abort()
        signal?.throwIfAborted()
      },
    }
    const { api } = failing(100)
    const get = retryingApi(api, policy, timing).get(place, { signal: controller.signal })
    await expect(get).rejects.toEqual(code('ABORTED'))
  })
})
