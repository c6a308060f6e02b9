import type { BigIntStats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { compareUtf8 } from '../../format/values/compare.ts'
import { throwIfAborted } from '../abort.ts'
import { isMissing } from './file-error.ts'
import { isTemporaryName } from './publish.ts'

export interface FoundFile {
  readonly path: string
  readonly stats: BigIntStats
}

const STATS_AT_ONCE = 64

/**
 * Every file whose path starts with `prefix`, in UTF-8 byte order, one folder in memory at a time. Unfinished
 * writes are hidden. Symbolic links are not followed: what they name is not this store's to list.
 */
export async function* walkFiles(prefix: string, signal: AbortSignal | undefined): AsyncGenerator<FoundFile> {
  const slash = prefix.lastIndexOf('/')
  yield* walkFolder(prefix.slice(0, slash + 1), prefix.slice(slash + 1), signal)
}

/** The names of the folders in `folder`, sorted. */
export async function childFolders(folder: string): Promise<string[]> {
  return (await readSorted(folder)).filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1))
}

async function* walkFolder(
  folder: string,
  namePrefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<FoundFile> {
  const names = (await readSorted(folder)).filter((name) => name.startsWith(namePrefix))
  for (let start = 0; start < names.length; start += STATS_AT_ONCE) {
    throwIfAborted(signal)
    const page = names.slice(start, start + STATS_AT_ONCE)
    const files = await Promise.all(
      page.map((name) => (name.endsWith('/') ? undefined : foundFile(folder + name))),
    )
    for (const [i, name] of page.entries()) {
      throwIfAborted(signal)
      const file = files[i]
      if (name.endsWith('/')) yield* walkFolder(folder + name, '', signal)
      else if (file !== undefined) yield file
    }
  }
}

/** Names in a folder, those of folders with a trailing '/', so that they sort as the locations below them do. */
async function readSorted(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => (entry.isFile() && !isTemporaryName(entry.name)) || entry.isDirectory())
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort(compareUtf8)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** Undefined for a file that went away since its folder was read. */
async function foundFile(path: string): Promise<FoundFile | undefined> {
  try {
    return { path, stats: await lstat(path, { bigint: true }) }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
