/** A snapshot's files, manifests and partitions as plain rows, for people and for the command line. */

import type {
  DataFile,
  FileContent,
  ManifestContent,
  ManifestFile,
  PartitionTuple,
} from '../format/manifest.ts'
import { partitionPath } from '../format/partition-path.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import {
  type ManifestSource,
  readManifestEntries,
  readManifestList,
  specInSchema,
} from '../snapshot/manifests.ts'
import { pointInTime, type SnapshotSelector } from '../snapshot/timeline.ts'

export interface FileRow {
  readonly content: FileContent
  readonly filePath: string
  readonly fileFormat: string
  readonly specId: number
  /** As in a path: `day=2026-11-21/id_bucket=3`; '' when unpartitioned. */
  readonly partition: string
  readonly recordCount: bigint
  readonly fileSizeInBytes: bigint
  readonly sequenceNumber: bigint
  readonly firstRowId: bigint | undefined
  /** Of the order in which the file's rows are; 0 or undefined when they are in none. */
  readonly sortOrderId: number | undefined
}

export interface ManifestRow {
  readonly content: ManifestContent
  readonly path: string
  readonly length: bigint
  readonly specId: number
  readonly sequenceNumber: bigint
  readonly addedSnapshotId: bigint
  readonly addedFiles: number | undefined
  readonly existingFiles: number | undefined
  readonly deletedFiles: number | undefined
  readonly addedRows: bigint | undefined
  readonly existingRows: bigint | undefined
}

export interface PartitionRow {
  readonly specId: number
  readonly partition: string
  readonly dataFiles: number
  readonly records: bigint
  readonly bytes: bigint
  readonly deleteFiles: number
}

export interface TableInspector {
  /** Live files, data and deletes, pulled manifest by manifest. */
  files(at?: SnapshotSelector): AsyncGenerator<FileRow>
  manifests(at?: SnapshotSelector): Promise<ManifestRow[]>
  /** Totals by partition; memory grows with the number of partitions, not of files. */
  partitions(at?: SnapshotSelector): Promise<PartitionRow[]>
}

export function inspector(source: ManifestSource): TableInspector {
  return {
    files: (at) => liveFiles(source, at),
    manifests: async (at) => (await manifestsOf(source, at)).map(manifestRow),
    partitions: (at) => partitionTotals(source, at),
  }
}

async function manifestsOf(source: ManifestSource, at?: SnapshotSelector): Promise<readonly ManifestFile[]> {
  const { snapshot } = pointInTime(source.metadata, at)
  return snapshot === undefined ? [] : readManifestList(source, snapshot)
}

/** A listing shows none of a file's column metrics. */
const NO_METRICS = { metrics: 'none' } as const

async function* liveFiles(source: ManifestSource, at?: SnapshotSelector): AsyncGenerator<FileRow> {
  for (const manifest of await manifestsOf(source, at)) {
    const nameOf = partitionNames(source.metadata, manifest.partitionSpecId)
    for (const entry of await readManifestEntries(source, manifest, NO_METRICS)) {
      if (entry.status === 'deleted') continue
      yield fileRow(entry.dataFile, nameOf(entry.dataFile.partition), entry.sequenceNumber)
    }
  }
}

function fileRow(file: DataFile, partition: string, sequenceNumber: bigint): FileRow {
  return {
    content: file.content,
    filePath: file.filePath,
    fileFormat: file.fileFormat,
    specId: file.specId,
    partition,
    recordCount: file.recordCount,
    fileSizeInBytes: file.fileSizeInBytes,
    sequenceNumber,
    firstRowId: file.firstRowId,
    sortOrderId: file.sortOrderId,
  }
}

/** With the names of the spec that a manifest's files were written by, of a column dropped since, too. */
function partitionNames(metadata: TableMetadata, specId: number): (tuple: PartitionTuple) => string {
  const known = specInSchema(metadata, specId)
  return (tuple) => (known === undefined ? '' : partitionPath(known.spec, known.schema, tuple))
}

function manifestRow(manifest: ManifestFile): ManifestRow {
  return {
    content: manifest.content,
    path: manifest.manifestPath,
    length: manifest.manifestLength,
    specId: manifest.partitionSpecId,
    sequenceNumber: manifest.sequenceNumber,
    addedSnapshotId: manifest.addedSnapshotId,
    addedFiles: manifest.addedFilesCount,
    existingFiles: manifest.existingFilesCount,
    deletedFiles: manifest.deletedFilesCount,
    addedRows: manifest.addedRowsCount,
    existingRows: manifest.existingRowsCount,
  }
}

async function partitionTotals(source: ManifestSource, at?: SnapshotSelector): Promise<PartitionRow[]> {
  const totals = new Map<string, PartitionRow>()
  for await (const file of liveFiles(source, at)) {
    const key = `${file.specId}/${file.partition}`
    const before = totals.get(key)
    totals.set(key, addTo(before, file))
  }
  return [...totals.values()]
}

function addTo(before: PartitionRow | undefined, file: FileRow): PartitionRow {
  const isData = file.content === 'data'
  return {
    specId: file.specId,
    partition: file.partition,
    dataFiles: (before?.dataFiles ?? 0) + (isData ? 1 : 0),
    records: (before?.records ?? 0n) + (isData ? file.recordCount : 0n),
    bytes: (before?.bytes ?? 0n) + (isData ? file.fileSizeInBytes : 0n),
    deleteFiles: (before?.deleteFiles ?? 0) + (isData ? 0 : 1),
  }
}
