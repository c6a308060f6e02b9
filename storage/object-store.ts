/**
 * Objects at locations. The contract that every store keeps, and that `tests/contracts/object-store.ts` checks.
 *
 * A location is an absolute URI (`file:///…`, `memory://…`, `s3://…`) and is taken literally: no percent-decoding,
 * no `.` or `..`. A name with an empty segment (`a//b`) is never written; where other writers left one, it can be
 * read. Objects appear whole or not at all.
 *
 * An empty object whose location ends in '/' is a folder marker: it keeps a folder that holds nothing else. `head`
 * and `listFolders` see it, `list` leaves it out. On a file store it is the folder itself, and deleting it removes
 * the folder only when that is empty.
 */
export interface ObjectStore {
  /** What this store can do beyond the minimum. */
  readonly capabilities: StoreCapabilities
  /** Requests and bytes since creation. */
  readonly counters: StoreCounters

  /** The object's bytes, or those of `range`. Throws NOT_FOUND; a range past the end is INVALID_ARGUMENT. */
  get(location: string, options?: GetOptions): Promise<Uint8Array>
  /**
   * Writes a whole object. `create` never replaces; `ifMatch` replaces only the version with this etag. A lost
   * condition is a value, not an error. A thrown UNAVAILABLE leaves the outcome unknown, and so may an ABORTED while
   * the request is under way.
   */
  put(location: string, body: Uint8Array, options?: PutOptions): Promise<PutResult>
  /** Opens a new object for streaming. Nothing is visible before `close()`; `abort()` leaves nothing behind. */
  openWrite(location: string, options?: RequestOptions): Promise<ObjectWriter>
  /** Size and etag, or undefined when there is no such object. */
  head(location: string, options?: RequestOptions): Promise<ObjectInfo | undefined>
  /** Every object whose location starts with `prefix`, in UTF-8 order of location, pulled page by page. */
  list(prefix: string, options?: RequestOptions): AsyncIterable<ObjectInfo>
  /** The next path segments below `prefix` (which ends in '/'), without their trailing '/': child folders only. */
  listFolders(prefix: string, options?: RequestOptions): AsyncIterable<string>
  /** Deletes; objects that are not there are no error. */
  delete(locations: readonly string[], options?: RequestOptions): Promise<void>
  /** Plain data from which another thread rebuilds an equal store. Holds no secret that is not needed to do so. */
  describe(): StoreDescription
  /** Releases sockets and handles. */
  close(): Promise<void>
}

export interface StoreCapabilities {
  /** `put` with `{ ifMatch }` is honoured. No commit rests on it. */
  readonly ifMatch: boolean
  /**
   * A create-only put has one winner by the way the store is built, whoever else is writing. Absent where that rests
   * on a server's word, which a catalog then probes before it writes.
   */
  readonly exclusiveCreate?: true
}

export interface RequestOptions {
  readonly signal?: AbortSignal
}
export interface GetOptions extends RequestOptions {
  /** Byte range: `start` inclusive, `end` exclusive; or the last `suffixLength` bytes (fewer if the object is shorter). */
  readonly range?: { readonly start: number; readonly end: number } | { readonly suffixLength: number }
}
export interface PutOptions extends RequestOptions {
  /** Default: 'overwrite'. */
  readonly mode?: 'overwrite' | 'create' | { readonly ifMatch: string }
}
export type PutResult =
  | { readonly status: 'written'; readonly etag: string }
  | { readonly status: 'precondition-failed' }

export interface ObjectWriter {
  /** Bytes accepted so far. */
  readonly bytesWritten: number
  /** Appends; the caller may reuse `chunk` once the promise resolves. Awaiting it is the back-pressure. */
  write(chunk: Uint8Array): Promise<void>
  /** Makes the object visible and durable. Throws ALREADY_EXISTS; UNAVAILABLE leaves the outcome unknown. */
  close(): Promise<WrittenObject>
  /** Drops everything written. Safe to call twice, and after a failed close. */
  abort(): Promise<void>
}

export interface WrittenObject {
  readonly location: string
  readonly size: number
  readonly etag: string
}

export interface ObjectInfo extends WrittenObject {
  /** Milliseconds since the epoch. */
  readonly lastModifiedMs: number
}

/** Counts since the store was made. A range request counts the bytes it returned. */
export interface StoreCounters {
  readonly gets: number
  readonly puts: number
  readonly heads: number
  readonly lists: number
  readonly deletes: number
  readonly bytesRead: number
  readonly bytesWritten: number
}

export interface StoreDescription {
  readonly kind: string
  readonly options: Readonly<Record<string, string | number | boolean>>
}
