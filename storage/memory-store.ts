/** A store in this process's memory, for tests and for tables that need not outlive it. */
import { invalidArgument, MoraineError, unsupported } from '../format/errors.ts'
import { compareUtf8 } from '../format/values/compare.ts'
import { throwIfAborted } from './abort.ts'
import { resolveRange } from './byte-range.ts'
import { newCounters } from './counters.ts'
import { checkPath, isFolderMarker } from './location.ts'
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

interface StoredObject extends ObjectInfo {
  readonly body: Uint8Array
}

export interface MemoryStoreOptions {
  /** The clock of `lastModifiedMs`. Default: the system's. */
  readonly now?: () => number
}

const MAX_SEGMENT_BYTES = 1024

/** Locations are `memory://authority/path`. Bodies are copied in and out. */
export class MemoryStore implements ObjectStore {
  readonly capabilities = { ifMatch: true, exclusiveCreate: true } as const
  readonly #counters = newCounters()
  readonly #objects = new Map<string, StoredObject>()
  readonly #now: () => number
  #version = 0

  constructor(options: MemoryStoreOptions = {}) {
    this.#now = options.now ?? Date.now
  }

  get counters(): StoreCounters {
    return this.#counters
  }

  async get(location: string, options: GetOptions = {}): Promise<Uint8Array> {
    await this.#request(location, options)
    this.#counters.gets++
    const object = this.#objects.get(location)
    if (object === undefined)
      throw new MoraineError('NOT_FOUND', `no object at ${location}`, { context: { location } })
    const { start, end } = resolveRange(options.range, object.size, location)
    this.#counters.bytesRead += end - start
    return object.body.slice(start, end)
  }

  async put(location: string, body: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    const copy = new Uint8Array(body)
    await this.#request(location, options)
    this.#counters.puts++
    if (isFolderMarker(location) && copy.length > 0) {
      throw invalidArgument(
        `${location} names a folder: its body must be empty, found ${copy.length} bytes`,
        { location },
      )
    }
    const mode = options.mode ?? 'overwrite'
    const existing = this.#objects.get(location)
    if (mode === 'create' && existing !== undefined) return { status: 'precondition-failed' }
    if (typeof mode === 'object' && existing?.etag !== mode.ifMatch) return { status: 'precondition-failed' }
    return { status: 'written', etag: this.#store(location, copy).etag }
  }

  async openWrite(location: string, options: RequestOptions = {}): Promise<ObjectWriter> {
    await this.#request(location, options)
    this.#counters.puts++
    return memoryWriter(location, options.signal, (body) => {
      if (this.#objects.has(location)) {
        throw new MoraineError('ALREADY_EXISTS', `an object exists at ${location}`, { context: { location } })
      }
      return infoOf(this.#store(location, body))
    })
  }

  async head(location: string, options: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    await this.#request(location, options)
    this.#counters.heads++
    const object = this.#objects.get(location)
    return object && infoOf(object)
  }

  async *list(prefix: string, options: RequestOptions = {}): AsyncGenerator<ObjectInfo> {
    await turn(options.signal)
    this.#counters.lists++
    const locations = [...this.#objects.keys()].filter(
      (key) => key.startsWith(prefix) && !isFolderMarker(key),
    )
    for (const location of locations.sort(compareUtf8)) {
      throwIfAborted(options.signal)
      const object = this.#objects.get(location)
      if (object !== undefined) yield infoOf(object)
    }
  }

  async *listFolders(prefix: string, options: RequestOptions = {}): AsyncGenerator<string> {
    await this.#request(requireFolder(prefix), options)
    this.#counters.lists++
    const names = new Set<string>()
    for (const key of this.#objects.keys()) {
      const slash = key.startsWith(prefix) ? key.indexOf('/', prefix.length) : -1
      if (slash > prefix.length) names.add(key.slice(prefix.length, slash))
    }
    for (const name of [...names].sort(compareUtf8)) {
      throwIfAborted(options.signal)
      yield name
    }
  }

  async delete(locations: readonly string[], options: RequestOptions = {}): Promise<void> {
    for (const location of locations) checkLocation(location)
    await turn(options.signal)
    this.#counters.deletes += locations.length
    for (const location of locations) this.#objects.delete(location)
  }

  describe(): StoreDescription {
    throw unsupported('a memory store lives in one thread: use a file store to share tables between threads')
  }

  async close(): Promise<void> {}

  #store(location: string, body: Uint8Array): StoredObject {
    this.#counters.bytesWritten += body.length
    const etag = String(++this.#version)
    const object = { location, body, size: body.length, etag, lastModifiedMs: this.#now() }
    this.#objects.set(location, object)
    return object
  }

  async #request(location: string, options: RequestOptions): Promise<void> {
    checkLocation(location)
    await turn(options.signal)
  }
}

function memoryWriter(
  location: string,
  signal: AbortSignal | undefined,
  publish: (body: Uint8Array) => ObjectInfo,
): ObjectWriter {
  let chunks: Uint8Array[] | undefined = []
  let bytesWritten = 0
  const open = (): Uint8Array[] => {
    if (chunks === undefined) throw invalidArgument(`the writer of ${location} is closed`, { location })
    return chunks
  }
  return {
    get bytesWritten() {
      return bytesWritten
    },
    async write(chunk) {
      open().push(new Uint8Array(chunk))
      bytesWritten += chunk.length
      await turn(signal)
    },
    async close() {
      const body = new Uint8Array(Buffer.concat(open()))
      await turn(signal)
      const info = publish(body)
      chunks = undefined
      return info
    },
    async abort() {
      chunks = undefined
    },
  }
}

/** Lets other work go first, as a real store would, and notices an abort before and after. */
async function turn(signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal)
  await null
  throwIfAborted(signal)
}

function checkLocation(location: string): void {
  const match = /^memory:\/\/[^/]*(\/.*)?$/s.exec(location)
  if (match === null) {
    throw invalidArgument(`expected a location memory://…, found ${JSON.stringify(location)}`, { location })
  }
  checkPath(match[1] ?? '/', location, MAX_SEGMENT_BYTES)
}

function requireFolder(prefix: string): string {
  if (!prefix.endsWith('/'))
    throw invalidArgument(`expected a folder that ends in '/', found ${prefix}`, { prefix })
  return prefix
}

function infoOf({ location, size, etag, lastModifiedMs }: StoredObject): ObjectInfo {
  return { location, size, etag, lastModifiedMs }
}
