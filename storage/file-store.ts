/** A store over a POSIX file system with hard links. */
import type { BigIntStats } from 'node:fs'
import { type FileHandle, lstat, open, rmdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { invalidArgument, MoraineError, unsupported } from '../format/errors.ts'
import { throwIfAborted } from './abort.ts'
import { type ByteRange, resolveRange } from './byte-range.ts'
import { newCounters } from './counters.ts'
import { errnoOf, fileError, isMissing } from './file/file-error.ts'
import { type FilePlace, filePlace, RootFolder } from './file/file-path.ts'
import { fileWriter } from './file/file-writer.ts'
import {
  type Durability,
  makeFolders,
  openTemporary,
  publishNew,
  publishOver,
  removeIfThere,
  removeStaleChecksum,
  settle,
  syncFolder,
  type TemporaryFile,
  writeFully,
} from './file/publish.ts'
import { childFolders, walkFiles } from './file/walk.ts'
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

export interface FileStoreOptions {
  /** A folder, as location or absolute path, that no location may leave, by name or by symbolic link. */
  readonly root?: string
  /** Default: 'full': what was acknowledged survives a power cut. */
  readonly durability?: Durability
}

const READ_CHUNK_BYTES = 64 * 1024 * 1024

/**
 * Locations are `file:///abs/path`; `file:/abs/path` and `/abs/path` are understood and answered as the first form.
 * A location that ends in '/' is a folder: an empty put makes it, a delete removes it if nothing is in it.
 */
export class FileStore implements ObjectStore {
  readonly capabilities = { ifMatch: false, exclusiveCreate: true } as const
  readonly #counters = newCounters()
  readonly #root: RootFolder | undefined
  readonly #durability: Durability

  constructor(options: FileStoreOptions = {}) {
    const { root } = options
    this.#root = root === undefined ? undefined : new RootFolder(filePlace(root, undefined).path)
    this.#durability = options.durability ?? 'full'
  }

  get counters(): StoreCounters {
    return this.#counters
  }

  async get(location: string, options: GetOptions = {}): Promise<Uint8Array> {
    const { path, location: name } = await this.#place(location, options)
    this.#counters.gets++
    return named(name, 'read', async () => {
      const handle = await open(path, 'r')
      try {
        const stats = await handle.stat()
        if (stats.isDirectory() && !isFolderMarker(name)) throw notFound(name)
        const range = resolveRange(options.range, stats.isDirectory() ? 0 : stats.size, name)
        const bytes = await readRange(handle, range, name, options.signal)
        this.#counters.bytesRead += bytes.length
        return bytes
      } finally {
        await handle.close()
      }
    })
  }

  async put(location: string, body: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    const place = await this.#place(location, options)
    this.#counters.puts++
    const mode = options.mode ?? 'overwrite'
    if (typeof mode === 'object') throw unsupported('a file store cannot replace one version only (ifMatch)')
    return named(place.location, 'write', async () => {
      if (isFolderMarker(place.location)) return this.#putFolder(place, body, mode)
      if (mode === 'create' && (await exists(place.path))) return { status: 'precondition-failed' }
      return this.#putFile(place, body, mode, options.signal)
    })
  }

  async openWrite(location: string, options: RequestOptions = {}): Promise<ObjectWriter> {
    const place = await this.#place(location, options)
    if (isFolderMarker(place.location)) throw invalidArgument(`${place.location} names a folder`)
    this.#counters.puts++
    return named(place.location, 'write', async () =>
      fileWriter(place, await openTemporary(place.path, this.#durability), {
        durability: this.#durability,
        counters: this.#counters,
        signal: options.signal,
        infoOf,
      }),
    )
  }

  async head(location: string, options: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    const place = await this.#place(location, options)
    this.#counters.heads++
    return named(place.location, 'look up', async () => {
      const stats = await statIfThere(place.path)
      return stats?.isDirectory() === isFolderMarker(place.location) ? infoOf(place, stats) : undefined
    })
  }

  async *list(prefix: string, options: RequestOptions = {}): AsyncGenerator<ObjectInfo> {
    const { path, location } = await this.#place(prefix, options)
    this.#counters.lists++
    try {
      for await (const file of walkFiles(path, options.signal)) {
        yield infoOf({ location: `file://${file.path}`, path: file.path }, file.stats)
      }
    } catch (error) {
      throw fileError(error, location, 'list')
    }
  }

  async *listFolders(prefix: string, options: RequestOptions = {}): AsyncGenerator<string> {
    const { path, location } = await this.#place(prefix, options)
    if (!isFolderMarker(location))
      throw invalidArgument(`expected a folder that ends in '/', found ${location}`)
    this.#counters.lists++
    for (const name of await named(location, 'list', () => childFolders(path))) {
      throwIfAborted(options.signal)
      yield name
    }
  }

  /** Not synced: after a power cut a deleted object may be back. */
  async delete(locations: readonly string[], options: RequestOptions = {}): Promise<void> {
    const places = locations.map((location) => filePlace(location, this.#root?.path))
    for (const place of places) {
      await this.#place(place.location, options)
      this.#counters.deletes++
      await named(place.location, 'delete', async () => {
        if (isFolderMarker(place.location)) return removeEmptyFolder(place.path)
        if ((await lstatIfThere(place.path))?.isDirectory()) return
        await removeIfThere(place.path)
        await removeStaleChecksum(place.path)
      })
    }
  }

  describe(): StoreDescription {
    const durability = this.#durability
    return {
      kind: 'file',
      options: this.#root === undefined ? { durability } : { root: this.#root.path, durability },
    }
  }

  async close(): Promise<void> {}

  async #place(location: string, options: RequestOptions): Promise<FilePlace> {
    const root = this.#root
    const place = filePlace(location, root?.path)
    throwIfAborted(options.signal)
    if (root !== undefined) await named(place.location, 'look up', () => root.requireInside(place))
    return place
  }

  async #putFolder(place: FilePlace, body: Uint8Array, mode: 'overwrite' | 'create'): Promise<PutResult> {
    if (body.length > 0) {
      throw invalidArgument(
        `${place.location} names a folder: its body must be empty, found ${body.length} bytes`,
      )
    }
    const path = place.path === '/' ? '/' : place.path.slice(0, -1)
    const made = await makeFolders(path, this.#durability)
    const stats = await stat(path, { bigint: true })
    if (!stats.isDirectory()) throw invalidArgument(`${place.location} is a file, not a folder`)
    return made || mode === 'overwrite'
      ? { status: 'written', etag: etagOf(stats) }
      : { status: 'precondition-failed' }
  }

  /** The signal is obeyed up to the moment when the file gets its name, so that ABORTED means "not written". */
  async #putFile(
    { location, path }: FilePlace,
    body: Uint8Array,
    mode: 'overwrite' | 'create',
    signal: AbortSignal | undefined,
  ): Promise<PutResult> {
    const file = await openTemporary(path, this.#durability)
    try {
      const stats = await this.#fill(file, body)
      throwIfAborted(signal)
      if (mode === 'overwrite') await publishOver(file.path, path)
      else if (!(await publishNew(file.path, path))) return { status: 'precondition-failed' }
      this.#counters.bytesWritten += body.length
      await this.#afterPublishing(location, path)
      return { status: 'written', etag: etagOf(stats) }
    } finally {
      // A hidden name that cannot be removed is litter, and no reason to doubt what was written.
      await removeIfThere(file.path).catch(() => undefined)
    }
  }

  /** From here on the object is visible, so whatever goes wrong leaves the outcome unknown. */
  async #afterPublishing(location: string, path: string): Promise<void> {
    try {
      await syncFolder(dirname(path), this.#durability)
    } catch (cause) {
      throw new MoraineError('UNAVAILABLE', `${location} was written, but may not survive a power cut`, {
        context: { location, errno: errnoOf(cause) },
        cause,
      })
    }
  }

  async #fill(file: TemporaryFile, body: Uint8Array): Promise<BigIntStats> {
    try {
      await writeFully(file.handle, body)
      const stats = await file.handle.stat({ bigint: true })
      await settle(file, this.#durability)
      return stats
    } catch (error) {
      await file.handle.close().catch(() => undefined)
      throw error
    }
  }
}

async function named<T>(location: string, action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isMissing(error) && action === 'read'
      ? notFound(location, error)
      : fileError(error, location, action)
  }
}

function notFound(location: string, cause?: unknown): MoraineError {
  return new MoraineError('NOT_FOUND', `no object at ${location}`, { context: { location }, cause })
}

async function readRange(
  handle: FileHandle,
  { start, end }: ByteRange,
  location: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start)
  for (let offset = 0; offset < bytes.length; ) {
    throwIfAborted(signal)
    const length = Math.min(READ_CHUNK_BYTES, bytes.length - offset)
    const { bytesRead } = await handle.read(bytes, offset, length, start + offset)
    if (bytesRead === 0) {
      throw new MoraineError('UNAVAILABLE', `${location} shrank while it was read`, { context: { location } })
    }
    offset += bytesRead
  }
  throwIfAborted(signal)
  return bytes
}

async function exists(path: string): Promise<boolean> {
  return (await lstatIfThere(path)) !== undefined
}

async function statIfThere(path: string): Promise<BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch(undefinedIfMissing)
}

async function lstatIfThere(path: string): Promise<BigIntStats | undefined> {
  return lstat(path, { bigint: true }).catch(undefinedIfMissing)
}

function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error
}

async function removeEmptyFolder(path: string): Promise<void> {
  try {
    await rmdir(path)
  } catch (error) {
    const code = errnoOf(error)
    if (!isMissing(error) && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
  }
}

function infoOf({ location }: FilePlace, stats: BigIntStats): ObjectInfo {
  const size = stats.isDirectory() ? 0 : Number(stats.size)
  return { location, size, etag: etagOf(stats), lastModifiedMs: Number(stats.mtimeMs) }
}

function etagOf(stats: BigIntStats): string {
  return `${stats.size}-${stats.mtimeNs}-${stats.ino}`
}
