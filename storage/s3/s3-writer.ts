import { randomUUID } from 'node:crypto'
import { invalidArgument, MoraineError } from '../../format/errors.ts'
import { manyListeners, throwIfAborted } from '../abort.ts'
import { createOnce } from '../create-once.ts'
import type { ObjectWriter, PutResult, WrittenObject } from '../object-store.ts'
import type { Slots } from '../slots.ts'
import { PartBuffer } from './part-buffer.ts'
import type { S3Api } from './s3-api.ts'
import type { S3Place } from './s3-place.ts'

export interface S3WriterContext {
  readonly api: S3Api
  readonly partSizeBytes: number
  /** Of all uploads of the store. */
  readonly uploads: Slots
  /** Waits before a write without known outcome is sent again; false when it shall not be. */
  readonly again: (attempt: number) => Promise<boolean>
  readonly signal: AbortSignal | undefined
}

/**
 * Streams into an object: one put where all fits in a part, else a multipart upload. Holds at most one part, besides
 * those that are under way.
 */
export function s3Writer(place: S3Place, context: S3WriterContext): ObjectWriter {
  return new S3Writer(place, context)
}

class S3Writer implements ObjectWriter {
  bytesWritten = 0
  readonly #place: S3Place
  readonly #context: S3WriterContext
  readonly #buffer: PartBuffer
  /** Kept with the object, so that it can be told from another writer's. */
  readonly #token = randomUUID()
  readonly #cancel = new AbortController()
  readonly #signal: AbortSignal
  readonly #parts: Promise<string>[] = []
  #uploadId: string | undefined
  /** Whether the upload was asked to be completed. */
  #wasSent = false
  #failure: unknown
  #state: 'open' | 'closing' | 'closed' | 'lost' | 'aborted' = 'open'

  constructor(place: S3Place, context: S3WriterContext) {
    this.#place = place
    this.#context = context
    this.#buffer = new PartBuffer(context.partSizeBytes)
    this.#signal = manyListeners(context.signal, this.#cancel.signal)
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#requireOpen()
    for (let offset = 0; offset < chunk.length; ) {
      // A full part goes only when more follows: what fits in one part is one put.
      if (this.#buffer.isFull) await this.#startPart()
      offset += this.#buffer.fill(chunk.subarray(offset))
    }
    this.bytesWritten += chunk.length
  }

  async close(): Promise<WrittenObject> {
    this.#requireOpen()
    const { location } = this.#place
    if (this.#uploadId !== undefined) await this.#endParts()
    this.#state = 'closing'
    const result = await this.#create()
    if (result.status === 'written') {
      this.#state = 'closed'
      return { location, size: this.bytesWritten, etag: result.etag }
    }
    this.#state = 'lost'
    throw new MoraineError('ALREADY_EXISTS', `an object exists at ${location}`, { context: { location } })
  }

  /** What a close without known outcome has made is deleted, if it is there and ours. */
  async abort(): Promise<void> {
    const state = this.#state
    if (state === 'closed' || state === 'aborted') return
    this.#state = 'aborted'
    this.#cancel.abort()
    this.#buffer.take()
    await Promise.allSettled(this.#parts)
    const { api } = this.#context
    if (this.#uploadId !== undefined) await api.abortUpload(this.#place, this.#uploadId)
    if (state !== 'closing') return
    const found = await api.head(this.#place)
    if (found?.token === this.#token) await api.deleteOne(this.#place)
  }

  /** Waits for a slot to upload in, not for the upload: that is the back-pressure. */
  async #startPart(): Promise<void> {
    const { api, uploads } = this.#context
    const signal = this.#signal
    this.#uploadId ??= await api.createUpload(this.#place, this.#token, { signal })
    const release = await uploads.take()
    if (this.#state === 'aborted') return release()
    const part = { uploadId: this.#uploadId, partNumber: this.#parts.length + 1, body: this.#buffer.take() }
    const upload = api.uploadPart(this.#place, part, { signal }).finally(release)
    upload.catch((error: unknown) => {
      this.#failure ??= error
    })
    this.#parts.push(upload)
    this.#requireOpen()
  }

  async #endParts(): Promise<void> {
    await this.#startPart()
    await Promise.all(this.#parts)
  }

  /** No signal interrupts this: ABORTED would not say whether the object is there. */
  async #create(): Promise<PutResult> {
    const { api, again } = this.#context
    const place = this.#place
    const token = this.#token
    const uploadId = this.#uploadId
    const etags = await Promise.all(this.#parts)
    const body = uploadId === undefined ? this.#buffer.take() : undefined
    const result = await createOnce({
      location: place.location,
      send: () =>
        body === undefined
          ? this.#complete(uploadId!, etags)
          : api.put(place, body, { condition: 'create', token }),
      look: () => api.head(place),
      isOurs: (found) => found.token === token,
      isUnique: true,
      again,
    })
    return result.status === 'found' ? { status: 'written', etag: result.seen.etag } : result
  }

  /**
   * An upload that is gone was completed by an earlier request of ours, or was aborted by someone else. What answers
   * a repeated request proves nothing: versitygw says "written" while the first one is still at work, and may fail.
   */
  async #complete(uploadId: string, etags: readonly string[]): Promise<PutResult> {
    const { api } = this.#context
    const place = this.#place
    const isRepeated = this.#wasSent
    this.#wasSent = true
    const result = await api.completeUpload(place, { uploadId, etags })
    if (result.status !== 'gone' && !(isRepeated && result.status === 'written')) return result
    if ((await api.head(place)) !== undefined) return { status: 'precondition-failed' }
    throw new MoraineError(
      'UNAVAILABLE',
      `the upload of ${place.location} is not complete yet, or was aborted by someone else`,
      { context: { location: place.location } },
    )
  }

  #requireOpen(): void {
    const { location } = this.#place
    if (this.#state !== 'open') {
      throw invalidArgument(`the writer of ${location} is ${this.#state}`, { location })
    }
    throwIfAborted(this.#context.signal)
    if (this.#failure !== undefined) throw this.#failure
  }
}
