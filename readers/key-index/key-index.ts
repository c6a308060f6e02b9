/**
 * Looks up where rows with a key stand, without reading data files. The index is a cache beside the table: where it says
 * nothing of a data file, whoever asks reads that file. (docs/decisions/key-index.md)
 */

import { fileRanges, type RowRange } from '../../format/key-index/file-ranges.ts'
import {
  decodeRoot,
  type IndexRoot,
  isIndexFileName,
  KEY_INDEX,
  type OpenRun,
  type RunRef,
} from '../../format/key-index/index-root.ts'
import { decodeRunFooter } from '../../format/key-index/run-file.ts'
import { joinLocation, resolveLocation } from '../../format/location.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { ancestors } from '../../snapshot/timeline.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { orGone } from '../../storage/or-gone.ts'
import { type CachedPart, type KeyIndexCache, rootKey, runKey } from './key-index-cache.ts'

export interface IndexSource {
  readonly metadata: TableMetadata
  readonly store: ObjectStore
  /** Default: all is read anew. */
  readonly cache?: KeyIndexCache | undefined
  readonly signal?: AbortSignal | undefined
}

export interface KeyIndex {
  readonly root: IndexRoot
  /** Those that are there and whole. */
  readonly runs: readonly OpenRun[]
  /** Whether all rows of the data file are in the runs. */
  covers(file: DataFile): boolean
  /** See `FileRanges.rangeOf`. */
  rangeOf(run: number, file: number): RowRange | undefined
}

/** Where the files of a table's key index are. Engines that remove orphan files leave such a folder alone. */
export function keyIndexFolder(metadata: Pick<TableMetadata, 'location'>): string {
  return resolveLocation(`${joinLocation(metadata.location, '_moraine')}/`)
}

/**
 * The index that the snapshot, or the nearest of its ancestors that names one, was written with; undefined where there
 * is none, or its root is gone or damaged. Runs that are gone or damaged are left out.
 */
export async function openKeyIndex(source: IndexSource, snapshot: Snapshot): Promise<KeyIndex | undefined> {
  const name = rootName(source.metadata, snapshot.snapshotId)
  const root = name === undefined ? undefined : await readRoot(source, name)
  if (root === undefined || root.tableUuid !== source.metadata.tableUuid) return undefined
  const opened = await Promise.all(root.runs.map((ref) => openRun(source, ref)))
  return keyIndex(
    root,
    opened.filter((run) => run !== undefined),
  )
}

export function keyIndex(root: IndexRoot, runs: readonly OpenRun[]): KeyIndex {
  const ranges = fileRanges(runs.map(({ footer }) => footer.files))
  return {
    root,
    runs,
    covers: ({ filePath, fileSizeInBytes, recordCount }) =>
      ranges.covers(filePath, Number(fileSizeInBytes), Number(recordCount)),
    rangeOf: ranges.rangeOf,
  }
}

/** The names of all files of the indexes that the branches of a version have. */
export async function keyIndexFiles(source: IndexSource): Promise<ReadonlySet<string>> {
  const { refs } = source.metadata
  const heads = [...refs.values()].filter(({ type }) => type === 'branch')
  const names = new Set(heads.map(({ snapshotId }) => rootName(source.metadata, snapshotId)))
  const files = new Set<string>()
  for (const name of names) {
    if (name === undefined) continue
    files.add(name)
    const root = await readRoot(source, name)
    for (const run of root?.runs ?? []) files.add(run.name)
  }
  return files
}

function readRoot(source: IndexSource, name: string): Promise<IndexRoot | undefined> {
  const location = `${keyIndexFolder(source.metadata)}${name}`
  return cached(source, rootKey(location), async () => {
    const bytes = await source.store.get(location, withSignal(source.signal))
    return { content: decodeRoot(bytes), byteLength: bytes.length }
  })
}

/** What is kept of a file, or is read and kept; undefined where it is gone or damaged. */
function cached<T extends IndexRoot | OpenRun>(
  { cache }: IndexSource,
  key: string,
  read: () => Promise<CachedPart & { readonly content: T }>,
): Promise<T | undefined> {
  return orGone(async () => {
    const kept = cache?.get(key)
    if (kept !== undefined) return kept.content as T
    const file = await read()
    cache?.keep(key, file)
    return file.content
  })
}

/** Keeps an index that was just written: the next to ask need not read it. */
export function keepKeyIndex(
  cache: KeyIndexCache,
  folder: string,
  name: string,
  root: IndexRoot,
  runs: readonly OpenRun[],
): void {
  cache.keep(rootKey(`${folder}${name}`), { content: root, byteLength: ROOT_OVERHEAD * (1 + runs.length) })
  for (const run of runs) cache.keep(runKey(run.location), { content: run, byteLength: footerBytes(run) })
}

/** Of a root, and of each run in it; an estimate. */
const ROOT_OVERHEAD = 300

/** Numbers take more room than in the file, text takes twice as much. */
function footerBytes({ ref }: OpenRun): number {
  return 2 * ref.footerBytes
}

function rootName(metadata: TableMetadata, snapshotId: bigint): string | undefined {
  for (const { summary } of ancestors(metadata, snapshotId)) {
    const name = summary[KEY_INDEX]
    if (name !== undefined) return isIndexFileName(name) ? name : undefined
  }
  return undefined
}

function openRun(source: IndexSource, ref: RunRef): Promise<OpenRun | undefined> {
  const location = `${keyIndexFolder(source.metadata)}${ref.name}`
  return cached(source, runKey(location), async () => {
    const range = { start: ref.sizeInBytes - ref.footerBytes, end: ref.sizeInBytes }
    const bytes = await source.store.get(location, { range, ...withSignal(source.signal) })
    const content = { ref, location, footer: decodeRunFooter(bytes) }
    return { content, byteLength: footerBytes(content) }
  })
}

function withSignal(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
