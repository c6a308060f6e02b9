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

/** A store to fill, and what gives it back as it was when `copied` was called. */
export interface WorldFiles {
  readonly warehouse: string
  readonly store: ObjectStore
  copied(): Promise<() => Promise<ObjectStore>>
}

export function contextOver(warehouse: string, store: ObjectStore, seed: number): WritableContext {
  const environment = testEnvironment(seed)
  return {
    store,
    environment,
    codec: sharedCodec,
    catalog: objectStoreCatalog({ store, warehouse, environment }),
  }
}

export function memoryFiles(): WorldFiles {
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
  return { warehouse: 'memory://lake/wh', store, copied }
}

/** A folder of this machine, for one world at a time. */
export class StrikeFolder {
  readonly #path = mkdtempSync(join(tmpdir(), 'moraine-strikes-'))

  files(): WorldFiles {
    const live = join(this.#path, 'live')
    const kept = join(this.#path, 'kept')
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
    return { warehouse: `file://${live}`, store: open(), copied }
  }

  /** Of all files of a world. */
  async digest(store: ObjectStore): Promise<string> {
    const hash = createHash('sha1')
    const all = store instanceof MemoryStore ? 'memory://' : `file://${this.#path}/live/`
    for await (const { location } of store.list(all)) hash.update(location).update(await store.get(location))
    return hash.digest('hex')
  }

  remove(): void {
    rmSync(this.#path, { recursive: true, force: true })
  }
}
