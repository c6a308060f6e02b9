import { isMoraineError } from '../../format/errors.ts'
import { throwIfAborted } from '../abort.ts'
import type { S3Api, S3DeleteFailure } from './s3-api.ts'
import { isPassingCode } from './s3-error.ts'
import type { RetryPolicy } from './s3-settings.ts'

/** The randomness and the timer of retries; `Environment` has both. */
export interface RetryTiming {
  /** In [0, 1). */
  random(): number
  /** Resolves after `ms`; rejects when the signal fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/**
 * Sends again, after UNAVAILABLE, each request that does the same however often it is sent. Conditional writes pass
 * through: `createOnce` settles those.
 */
export function retryingApi(api: S3Api, policy: RetryPolicy, timing: RetryTiming): S3Api {
  const retry = async <T>(signal: AbortSignal | undefined, send: () => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await send()
      } catch (error) {
        const isPassing = isMoraineError(error, 'UNAVAILABLE')
        if (!isPassing || !(await waitToRetry({ policy, timing, attempt, signal }))) throw error
      }
    }
  }
  /** An answer may say of single objects that they could not be deleted now. */
  const deleteMany: S3Api['deleteMany'] = async (bucket, keys, options) => {
    const refused: S3DeleteFailure[] = []
    let left = keys
    for (let attempt = 0; ; attempt++) {
      const failures = await retry(options?.signal, () => api.deleteMany(bucket, left, options))
      const passing = failures.filter(({ code }) => isPassingCode(code))
      refused.push(...failures.filter(({ code }) => !isPassingCode(code)))
      const signal = options?.signal
      if (passing.length === 0 || !(await waitToRetry({ policy, timing, attempt, signal }))) {
        return [...refused, ...passing]
      }
      left = passing.map(({ key }) => key)
    }
  }
  return {
    get: (place, options) => retry(options?.signal, () => api.get(place, options)),
    head: (place, options) => retry(options?.signal, () => api.head(place, options)),
    put: (place, body, options) =>
      options?.condition === undefined
        ? retry(options?.signal, () => api.put(place, body, options))
        : api.put(place, body, options),
    list: (prefix, page) => retry(page.signal, () => api.list(prefix, page)),
    deleteOne: (place, options) => retry(options?.signal, () => api.deleteOne(place, options)),
    deleteMany,
    // An upload whose answer was lost stays, invisible, until the bucket's lifecycle rule removes it.
    createUpload: (place, token, options) =>
      retry(options?.signal, () => api.createUpload(place, token, options)),
    uploadPart: (place, part, options) => retry(options?.signal, () => api.uploadPart(place, part, options)),
    completeUpload: (place, upload, options) => api.completeUpload(place, upload, options),
    abortUpload: (place, uploadId) => retry(undefined, () => api.abortUpload(place, uploadId)),
    close: () => api.close(),
  }
}

export interface RetryWait {
  readonly policy: RetryPolicy
  readonly timing: RetryTiming
  /** From 0. */
  readonly attempt: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Waits before the `attempt`-th retry, for anything up to a bound that doubles each time, so that clients that failed
 * together part. Resolves to false, at once, when the retries are spent. Throws ABORTED.
 */
export async function waitToRetry({ policy, timing, attempt, signal }: RetryWait): Promise<boolean> {
  if (attempt >= policy.numRetries) return false
  const longest = Math.min(policy.minWaitMs * 2 ** attempt, policy.maxWaitMs)
  try {
    await timing.sleep(Math.round(timing.random() * longest), signal)
  } catch (error) {
    throwIfAborted(signal)
    throw error
  }
  return true
}
