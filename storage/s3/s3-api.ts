/**
 * What an S3 store asks of a client: one method, one request, sent once. Errors are MoraineErrors; UNAVAILABLE where
 * the outcome of the request is not known, or the same request may succeed later.
 */
import type { ObjectInfo, PutResult, RequestOptions } from '../object-store.ts'
import type { S3Place } from './s3-place.ts'

export interface S3Api {
  /** Throws NOT_FOUND. 'unsatisfiable' when the range holds no byte of the object. */
  get(place: S3Place, options?: S3GetOptions): Promise<S3Object | 'unsatisfiable'>
  head(place: S3Place, options?: RequestOptions): Promise<S3Head | undefined>
  put(place: S3Place, body: Uint8Array, options?: S3PutOptions): Promise<PutResult>
  list(prefix: S3Place, page: S3PageOptions): Promise<S3Page>
  deleteOne(place: S3Place, options?: RequestOptions): Promise<void>
  /** At most 1,000 keys of one bucket. Resolves to what could not be deleted. */
  deleteMany(
    bucket: string,
    keys: readonly string[],
    options?: RequestOptions,
  ): Promise<readonly S3DeleteFailure[]>
  /** Resolves to the id of the upload. `token` is kept with the object, as `S3Head` has it. */
  createUpload(place: S3Place, token: string, options?: RequestOptions): Promise<string>
  /** Resolves to the part's etag. `partNumber` counts from 1. */
  uploadPart(
    place: S3Place,
    part: { readonly uploadId: string; readonly partNumber: number; readonly body: Uint8Array },
    options?: RequestOptions,
  ): Promise<string>
  /** Creates the object from its parts if the name is free. 'gone': there is no such upload (any more). */
  completeUpload(
    place: S3Place,
    upload: { readonly uploadId: string; readonly etags: readonly string[] },
    options?: RequestOptions,
  ): Promise<PutResult | { readonly status: 'gone' }>
  /** Not there is no error. */
  abortUpload(place: S3Place, uploadId: string): Promise<void>
  close(): void
}

export interface S3GetOptions extends RequestOptions {
  /** The value of the Range header. */
  readonly range?: string
}

export interface S3PutOptions extends RequestOptions {
  readonly condition?: 'create' | { readonly ifMatch: string }
  /** Kept with the object, as `S3Head` has it. */
  readonly token?: string
}

export interface S3Object {
  readonly bytes: Uint8Array
  readonly etag: string
  /** Of the whole object, in bytes. */
  readonly size: number
  /** The server may ignore a range. */
  readonly isWhole: boolean
}

export interface S3Head extends ObjectInfo {
  readonly token: string | undefined
}

export interface S3PageOptions extends RequestOptions {
  /** Keys with it after the prefix are answered as `folders`. */
  readonly delimiter?: '/'
  readonly continuationToken?: string
}

export interface S3Page {
  readonly objects: readonly ObjectInfo[]
  /** Full prefixes that end in the delimiter. */
  readonly folders: readonly string[]
  /** Undefined on the last page. */
  readonly continuationToken: string | undefined
}

export interface S3DeleteFailure {
  readonly key: string
  readonly code: string
}
