/**
 * How a file appears: written under a hidden name in its folder, synced, then given its name at once, and the folder
 * synced. `link` refuses a name that is taken, `rename` replaces it; neither ever shows a partial file.
 */

import { randomUUID } from 'node:crypto'
import { type FileHandle, link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { invalidArgument, unsupported } from '../../format/errors.ts'
import { errnoOf, isMissing } from './file-error.ts'

/** 'full' waits for the disk; 'os' leaves that to the operating system, and a power cut may lose what it acknowledged. */
export type Durability = 'full' | 'os'

export interface TemporaryFile {
  readonly path: string
  readonly handle: FileHandle
}

const MAX_FOLDER_ATTEMPTS = 8
const TEMPORARY = /^\.moraine-[0-9a-f-]{36}\.tmp$/

/** Whether the name is one that only an unfinished or crashed write has. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name)
}

/** Opens a hidden file beside `target`, making the folders above it. Engines skip names that start with '.'. */
export async function openTemporary(target: string, durability: Durability): Promise<TemporaryFile> {
  const folder = dirname(target)
  const path = join(folder, `.moraine-${randomUUID()}.tmp`)
  for (let attempt = 1; ; attempt++) {
    try {
      return { path, handle: await open(path, 'wx') }
    } catch (error) {
      // The folder may also be removed, being empty, between the moment it is made and the next.
      if (errnoOf(error) !== 'ENOENT' || attempt > MAX_FOLDER_ATTEMPTS) throw error
      await makeFolders(folder, durability)
    }
  }
}

export async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, offset, bytes.length - offset, null)
    offset += bytesWritten
  }
}

/** Syncs and closes the file's own bytes; they still have their hidden name. */
export async function settle(file: TemporaryFile, durability: Durability): Promise<void> {
  if (durability === 'full') await file.handle.sync()
  await file.handle.close()
}

/** Gives a settled file the name `target` if it is free. Resolves to false when it is taken. */
export async function publishNew(path: string, target: string): Promise<boolean> {
  await removeStaleChecksum(target)
  try {
    await link(path, target)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'EEXIST') return false
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') {
      throw unsupported(`the file system of ${target} has no hard links, which a create-only put rests on`)
    }
    throw error
  }
  return true
}

/** Gives a settled file the name `target`, replacing what has it. */
export async function publishOver(path: string, target: string): Promise<void> {
  await removeStaleChecksum(target)
  await rename(path, target)
}

/** Makes the names in `folder` durable. */
export async function syncFolder(folder: string, durability: Durability): Promise<void> {
  if (durability === 'os') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes `folder` and every missing one above it, each durable before the next. Resolves to false if it was there. */
export async function makeFolders(folder: string, durability: Durability): Promise<boolean> {
  const parent = dirname(folder)
  let isMade = await tryMakeFolder(folder)
  if (isMade === 'no parent') {
    await makeFolders(parent, durability)
    isMade = await tryMakeFolder(folder)
    // What stands in the parent's place is no folder that can be entered: a link that points nowhere, say.
    if (isMade === 'no parent') {
      throw invalidArgument(
        `${parent} is no folder in which another can be made; is it a link that points nowhere?`,
      )
    }
  }
  if (isMade) await syncFolder(parent, durability)
  return isMade
}

async function tryMakeFolder(folder: string): Promise<boolean | 'no parent'> {
  try {
    await mkdir(folder)
    return true
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'EEXIST') return false
    if (code === 'ENOENT') return 'no parent'
    throw error
  }
}

/** Removes a file, or leaves it when there is none. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/**
 * Hadoop's local file system keeps a checksum of `x` in `.x.crc` and refuses to read an `x` that does not match it,
 * so a file that is written or removed here takes the checksum of its predecessor with it.
 */
export async function removeStaleChecksum(target: string): Promise<void> {
  const name = basename(target)
  if (Buffer.byteLength(name) <= 250) await removeIfThere(join(dirname(target), `.${name}.crc`))
}
