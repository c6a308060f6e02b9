/** Stores that can be brought back to what they were, for one strike after the other. */
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { MemoryStore } from '../../index.ts'
import { FileStore } from '../../storage/file-store.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { sharedCodec } from '../../table/connect.ts'
import type { WritableContext } from '../../table/context.ts'
import { testEnvironment } from '../contracts/test-environment.ts'

/** Where struck tables live, one at a time. */
export interface StruckPlace {
  /** Read after `in`. */
  readonly name: string
  /** What a strike takes, of what it takes in memory: a quick run makes so many fewer. */
  readonly cost: number
  /** An empty store; what the place gave before is gone. */
  files(): Promise<WorldFiles>
  remove(): Promise<void>
}

/** A store to fill, and what gives it back as it was when `copied` was called. */
export interface WorldFiles {
  readonly warehouse: string
  readonly store: ObjectStore
  copied(): Promise<() => Promise<ObjectStore>>
  /** Of all that a store given back holds. */
  digest(store: ObjectStore): Promise<string>
}

export function contextOver(warehouse: string, store: ObjectStore, seed: number): WritableContext {
  const environment = testEnvironment(seed)
  return {
    store,
    environment,
    codec: sharedCodec,
    // A probe is no part of a write, and is tested by itself.
    catalog: objectStoreCatalog({ store, warehouse, environment, probe: false }),
  }
}

export function struckMemory(): StruckPlace {
  return { name: 'memory', cost: 1, files: async () => memoryFiles(), remove: async () => undefined }
}

/** A folder of this machine. */
export function struckFolder(): StruckPlace {
  const path = mkdtempSync(join(tmpdir(), 'moraine-strikes-'))
  return {
    name: 'a folder',
    cost: 2,
    files: async () => folderFiles(path),
    remove: async () => rmSync(path, { recursive: true, force: true }),
  }
}

function memoryFiles(): WorldFiles {
  const store = new MemoryStore()
  const copied = async () => {
    const files: [string, Uint8Array][] = []
    for await (const { location } of store.list('memory://'))
      files.push([location, await store.get(location)])
    return async () => {
      const copy = new MemoryStore()
      for (const [location, body] of files) await copy.put(location, body)
      return copy
    }
  }
  const digest = (of: ObjectStore) => digestOf(of, 'memory://')
  return { warehouse: 'memory://lake/wh', store, copied, digest }
}

function folderFiles(path: string): WorldFiles {
  const live = join(path, 'live')
  const kept = join(path, 'kept')
  rmSync(live, { recursive: true, force: true })
  const open = () => new FileStore({ root: live, durability: 'os' })
  const copied = async () => {
    rmSync(kept, { recursive: true, force: true })
    cpSync(live, kept, { recursive: true })
    return async () => {
      rmSync(live, { recursive: true, force: true })
      cpSync(kept, live, { recursive: true })
      return open()
    }
  }
  const digest = (of: ObjectStore) => digestOf(of, `file://${live}/`)
  return { warehouse: `file://${live}`, store: open(), copied, digest }
}

async function digestOf(store: ObjectStore, prefix: string): Promise<string> {
  const hash = createHash('sha1')
  for await (const { location } of store.list(prefix)) hash.update(location).update(await store.get(location))
  return hash.digest('hex')
}
