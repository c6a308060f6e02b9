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

export interface IndexSource {
  readonly metadata: TableMetadata
  readonly store: ObjectStore
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

function readRoot({ metadata, store, signal }: IndexSource, name: string): Promise<IndexRoot | undefined> {
  const location = `${keyIndexFolder(metadata)}${name}`
  return orGone(async () => decodeRoot(await store.get(location, withSignal(signal))))
}

function rootName(metadata: TableMetadata, snapshotId: bigint): string | undefined {
  for (const { summary } of ancestors(metadata, snapshotId)) {
    const name = summary[KEY_INDEX]
    if (name !== undefined) return isIndexFileName(name) ? name : undefined
  }
  return undefined
}

function openRun({ metadata, store, signal }: IndexSource, ref: RunRef): Promise<OpenRun | undefined> {
  return orGone(async () => {
    const location = `${keyIndexFolder(metadata)}${ref.name}`
    const range = { start: ref.sizeInBytes - ref.footerBytes, end: ref.sizeInBytes }
    return {
      ref,
      location,
      footer: decodeRunFooter(await store.get(location, { range, ...withSignal(signal) })),
    }
  })
}

function withSignal(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
