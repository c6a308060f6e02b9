import { randomUUID } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MoraineError } from '../format/errors.ts'
import { fileError } from './file/file-error.ts'
import { writeFully } from './file/publish.ts'

/** Room on the local disk for what does not fit into memory: written first, then read. */
export interface ScratchFile {
  /** Appends. */
  write(bytes: Uint8Array): Promise<void>
  /** `length` bytes from `position` on, which were written; in a buffer of its own. */
  read(position: number, length: number): Promise<Uint8Array>
  /** Gives the room back. */
  close(): Promise<void>
}

/**
 * A scratch file in the system's folder for temporary files (`TMPDIR`), readable by its owner only. It has no name
 * from the start, so that nothing of it is left when the process ends, however it ends.
 *
 * A disk that is full or fails is UNAVAILABLE, a folder that cannot be written to UNAUTHORIZED or NOT_FOUND.
 */
export async function openScratchFile(): Promise<ScratchFile> {
  const folder = tmpdir()
  const handle = await named(folder, 'make', async () => {
    const path = join(folder, `moraine-${randomUUID()}.tmp`)
    const opened = await open(path, 'wx+', 0o600)
    await unlink(path).catch(async (error: unknown) => {
      await opened.close()
      throw error
    })
    return opened
  })
  return {
    write: (bytes) => named(folder, 'write', () => writeFully(handle, bytes)),
    read: (position, length) => named(folder, 'read', () => readFully(handle, position, length)),
    close: () => handle.close(),
  }
}

async function readFully(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(bytes, at, length - at, position + at)
    if (bytesRead === 0) throw new Error('the file ends early')
    at += bytesRead
  }
  return bytes
}

async function named<T>(folder: string, action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, message, context, cause } = fileError(error, `a temporary file in ${folder}`, action)
    throw new MoraineError(code, `${message}; TMPDIR names another folder`, { context, cause })
  }
}
