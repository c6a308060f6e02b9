/** A store over S3, or a service that speaks its protocol. */
import { setTimeout as delay } from 'node:timers/promises'
import { invalidArgument, MoraineError } from '../format/errors.ts'
import { throwIfAborted } from './abort.ts'
import { resolveRange } from './byte-range.ts'
import { newCounters } from './counters.ts'
import { createOnce } from './create-once.ts'
import { isFolderMarker } from './location.ts'
import type {
  GetOptions,
  ObjectInfo,
  ObjectStore,
  ObjectWriter,
  PutOptions,
  PutResult,
  RequestOptions,
  StoreCounters,
  StoreDescription,
} from './object-store.ts'
import { type RetryTiming, retryingApi, waitToRetry } from './s3/retrying-api.ts'
import type { S3Api, S3PageOptions } from './s3/s3-api.ts'
import { type S3Place, s3Place, s3Prefix, s3WritePlace } from './s3/s3-place.ts'
import { type S3Options, type S3Settings, s3PropertiesOf, s3Settings } from './s3/s3-settings.ts'
import { s3Writer } from './s3/s3-writer.ts'
import { sdkApi } from './s3/sdk-api.ts'
import { type Slots, slots } from './slots.ts'

export interface S3StoreOptions extends S3Options {
  /** Randomness and timer of retries. Default: the system's. */
  readonly timing?: RetryTiming
}

const systemTiming: RetryTiming = {
  random: Math.random,
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal })
  },
}

/**
 * Locations are `s3://bucket/key`; `s3a:` and `s3n:` are understood and answered as `s3:`. The SDK is loaded by the
 * first request. Throws INVALID_ARGUMENT or UNSUPPORTED for options that are wrong.
 */
export class S3Store implements ObjectStore {
  readonly capabilities = { ifMatch: true }
  readonly #counters = newCounters()
  readonly #options: S3Options
  readonly #settings: S3Settings
  readonly #timing: RetryTiming
  readonly #api: S3Api
  readonly #uploads: Slots

  constructor(options: S3StoreOptions = {}) {
    this.#options = options
    this.#settings = s3Settings(options)
    this.#timing = options.timing ?? systemTiming
    this.#api = retryingApi(sdkApi(this.#settings, this.#counters), this.#settings.retry, this.#timing)
    this.#uploads = slots(this.#settings.partsAtOnce)
  }

  get counters(): StoreCounters {
    return this.#counters
  }

  async get(location: string, options: GetOptions = {}): Promise<Uint8Array> {
    const place = s3Place(location)
    throwIfAborted(options.signal)
    const { range, signal } = options
    // Refuses what is wrong whatever the object's size.
    const { start, end } = resolveRange(range, Number.MAX_SAFE_INTEGER, location)
    if (range !== undefined && start === end) return this.#getNothing(place, options)
    const found = await this.#api.get(place, {
      ...(range === undefined ? {} : { range: rangeHeader(range) }),
      ...(signal === undefined ? {} : { signal }),
    })
    if (found === 'unsatisfiable') return this.#getNothing(place, options)
    const wanted = resolveRange(range, found.size, location)
    const bytes = found.isWhole ? found.bytes.subarray(wanted.start, wanted.end) : found.bytes
    if (bytes.length === wanted.end - wanted.start) return bytes
    throw new MoraineError(
      'UNAVAILABLE',
      `${location}: asked for ${wanted.end - wanted.start} bytes, the server sent ${bytes.length}`,
      { context: { location } },
    )
  }

  async put(location: string, body: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    const place = s3WritePlace(location)
    throwIfAborted(options.signal)
    if (isFolderMarker(location) && body.length > 0) {
      throw invalidArgument(
        `${location} names a folder: its body must be empty, found ${body.length} bytes`,
        { location },
      )
    }
    // The caller may change its bytes while a request is sent again.
    const copy = new Uint8Array(body)
    const mode = options.mode ?? 'overwrite'
    if (mode === 'create') return this.#create(place, copy, options.signal)
    return this.#api.put(place, copy, { ...options, ...(mode === 'overwrite' ? {} : { condition: mode }) })
  }

  async openWrite(location: string, options: RequestOptions = {}): Promise<ObjectWriter> {
    const place = s3WritePlace(location)
    throwIfAborted(options.signal)
    if (isFolderMarker(location)) throw invalidArgument(`${location} names a folder`, { location })
    return s3Writer(place, {
      api: this.#api,
      partSizeBytes: this.#settings.partSizeBytes,
      uploads: this.#uploads,
      again: (attempt) => this.#again(attempt),
      signal: options.signal,
    })
  }

  async head(location: string, options: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    const place = s3Place(location)
    throwIfAborted(options.signal)
    const found = await this.#api.head(place, options)
    if (found === undefined) return undefined
    const { size, etag, lastModifiedMs } = found
    return { location: place.location, size, etag, lastModifiedMs }
  }

  async *list(prefix: string, options: RequestOptions = {}): AsyncGenerator<ObjectInfo> {
    for await (const { objects } of this.#pages(prefix, options)) {
      for (const object of objects) {
        throwIfAborted(options.signal)
        if (!isFolderMarker(object.location)) yield object
      }
    }
  }

  async *listFolders(prefix: string, options: RequestOptions = {}): AsyncGenerator<string> {
    if (!isFolderMarker(prefix)) throw invalidArgument(`expected a folder that ends in '/', found ${prefix}`)
    const { key } = s3Prefix(prefix)
    for await (const { folders } of this.#pages(prefix, { ...options, delimiter: '/' })) {
      for (const folder of folders) {
        throwIfAborted(options.signal)
        const name = folder.slice(key.length, -1)
        if (name !== '') yield name
      }
    }
  }

  /** Tries to delete all, and then throws for the first that could not be. */
  async delete(locations: readonly string[], options: RequestOptions = {}): Promise<void> {
    const places = locations.map(s3Place)
    throwIfAborted(options.signal)
    const failed: { readonly location: string; readonly code: string }[] = []
    for (const [bucket, keys] of keysByBucket(places)) {
      for (let i = 0; i < keys.length; i += this.#settings.deleteBatchSize) {
        const batch = keys.slice(i, i + this.#settings.deleteBatchSize)
        const failures = await this.#deleteBatch(bucket, batch, options)
        failed.push(...failures.map(({ key, code }) => ({ location: `s3://${bucket}/${key}`, code })))
      }
    }
    if (failed.length > 0) throw notDeleted(failed)
  }

  /** Static credentials are in it; of others the worker finds its own, as the SDK does. */
  describe(): StoreDescription {
    return { kind: 's3', options: { ...s3PropertiesOf(this.#options) } }
  }

  async close(): Promise<void> {
    this.#api.close()
  }

  /** A range without bytes, which HTTP cannot ask for: only whether it lies within the object is of interest. */
  async #getNothing(place: S3Place, { range, signal }: GetOptions): Promise<Uint8Array> {
    const found = await this.#api.head(place, signal === undefined ? {} : { signal })
    if (found === undefined) {
      const { location } = place
      throw new MoraineError('NOT_FOUND', `no object at ${location}`, { context: { location } })
    }
    const { start, end } = resolveRange(range, found.size, place.location)
    if (start === end) return new Uint8Array(0)
    throw new MoraineError('UNAVAILABLE', `${place.location} changed while it was read`)
  }

  async #create(place: S3Place, body: Uint8Array, signal: AbortSignal | undefined): Promise<PutResult> {
    const options = signal === undefined ? {} : { signal }
    const result = await createOnce({
      location: place.location,
      send: () => this.#api.put(place, body, { ...options, condition: 'create' }),
      look: () => this.#objectIfThere(place, options),
      isOurs: (found) => Buffer.compare(found.bytes, body) === 0,
      isUnique: false,
      again: (attempt) => this.#again(attempt, signal),
    })
    return result.status === 'found' ? { status: 'written', etag: result.seen.etag } : result
  }

  async #objectIfThere(
    place: S3Place,
    options: RequestOptions,
  ): Promise<{ readonly bytes: Uint8Array; readonly etag: string } | undefined> {
    try {
      const found = await this.#api.get(place, options)
      return found === 'unsatisfiable' ? undefined : found
    } catch (error) {
      if (error instanceof MoraineError && error.code === 'NOT_FOUND') return undefined
      throw error
    }
  }

  #again(attempt: number, signal?: AbortSignal): Promise<boolean> {
    return waitToRetry({ policy: this.#settings.retry, timing: this.#timing, attempt, signal })
  }

  async *#pages(prefix: string, options: S3PageOptions) {
    const place = s3Prefix(prefix)
    let page = options
    for (;;) {
      throwIfAborted(options.signal)
      const result = await this.#api.list(place, page)
      yield result
      if (result.continuationToken === undefined) return
      page = { ...options, continuationToken: result.continuationToken }
    }
  }

  /** One object is deleted without the batch request, which some services lack. */
  async #deleteBatch(bucket: string, keys: readonly string[], options: RequestOptions) {
    if (keys.length > 1) return this.#api.deleteMany(bucket, keys, options)
    await this.#api.deleteOne({ bucket, key: keys[0]!, location: `s3://${bucket}/${keys[0]!}` }, options)
    return []
  }
}

function rangeHeader(range: NonNullable<GetOptions['range']>): string {
  return 'suffixLength' in range ? `bytes=-${range.suffixLength}` : `bytes=${range.start}-${range.end - 1}`
}

function keysByBucket(places: readonly S3Place[]): Map<string, string[]> {
  const byBucket = new Map<string, string[]>()
  for (const { bucket, key } of places) {
    const keys = byBucket.get(bucket)
    if (keys === undefined) byBucket.set(bucket, [key])
    else keys.push(key)
  }
  return byBucket
}

function notDeleted(failed: readonly { readonly location: string; readonly code: string }[]): MoraineError {
  const { location, code } = failed[0]!
  const more = failed.length === 1 ? '' : `, and ${failed.length - 1} more objects`
  return new MoraineError(
    code === 'AccessDenied' ? 'UNAUTHORIZED' : 'UNAVAILABLE',
    `cannot delete ${location} (${code})${more}`,
    { context: { location, s3Code: code, failed: failed.length } },
  )
}
