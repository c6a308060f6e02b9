/**
 * Fast append: new data files go into new manifests, written once; each attempt writes only a manifest list.
 * (spec: "Snapshots", "Manifest Lists"; on v3 row ids are assigned anew at each attempt.)
 */
import type { LoadedTable } from '../catalog/catalog.ts'
import { invalidArgument } from '../format/errors.ts'
import { resolveLocation } from '../format/location.ts'
import type { DataFile, ManifestFile } from '../format/manifest.ts'
import { encodeManifest } from '../format/manifest-codec.ts'
import { encodeManifestList, type UnassignedManifest } from '../format/manifest-list-codec.ts'
import { MAIN_BRANCH, type Snapshot } from '../format/snapshot.ts'
import type { FormatVersion, TableMetadata } from '../format/table-metadata.ts'
import { currentSnapshot, snapshotById } from '../format/table-metadata-build.ts'
import type { TableRequirement } from '../format/table-requirement.ts'
import { version } from '../format/version.ts'
import { type CommitContext, deleteQuietly, type Operation, type StagedCommit } from './commit.ts'
import { readManifestList, specInSchema } from './manifests.ts'
import { metadataFileLocation } from './metadata-location.ts'
import { buildSummary, checkExtraSummary } from './summary.ts'

export interface FastAppend {
  /** Data files that no snapshot has yet. */
  readonly files: readonly DataFile[]
  /** In the names of the files that are written; unique to this operation. */
  readonly operationId: string
  /** The caller's entries for the snapshot summary. */
  readonly summary: Readonly<Record<string, string>>
}

/** Who committed (spec: Appendix F). */
const ENGINE = { 'engine-name': 'moraine', 'engine-version': version }

/** Files in a manifest: near 8 MiB, Iceberg's `commit.manifest.target-size-bytes`, for a table of some 20 columns. */
const FILES_PER_MANIFEST = 10_000

/** An operation that appends `files` to the main branch. */
export function fastAppend(context: CommitContext, request: FastAppend): Operation {
  checkExtraSummary(request.summary)
  const files = newFiles(context)
  let prepared: Prepared | undefined
  return {
    async stage(base, attempt) {
      if (prepared === undefined || !isUsable(prepared, base.metadata)) {
        await files.deleteAll()
        prepared = await prepare(context, base.metadata, request, files)
      }
      return stageAppend(context, base, { request, prepared, attempt, files })
    },
    discard: files.deleteAll,
  }
}

interface Prepared {
  /** The same on every attempt, so that a commit whose answer was lost can be recognised. */
  readonly snapshotId: bigint
  readonly formatVersion: FormatVersion
  readonly manifests: readonly UnassignedManifest[]
}

/** Manifests of an older format version know no sequence numbers, or no row ids: those of an upgraded table do. */
function isUsable({ snapshotId, formatVersion }: Prepared, metadata: TableMetadata): boolean {
  return snapshotById(metadata, snapshotId) === undefined && formatVersion === metadata.formatVersion
}

async function prepare(
  context: CommitContext,
  metadata: TableMetadata,
  request: FastAppend,
  newFiles: NewFiles,
): Promise<Prepared> {
  const { formatVersion } = metadata
  const snapshotId = freshSnapshotId(context, metadata)
  const manifests: UnassignedManifest[] = []
  for (const files of chunksBySpec(request.files)) {
    const partition = specInSchema(metadata, files[0]!.specId)
    if (partition === undefined) throw invalidArgument(`the table has no partition spec ${files[0]!.specId}`)
    const { bytes, manifest } = encodeManifest({
      ...partition,
      formatVersion,
      content: 'data',
      snapshotId,
      entries: files.map((dataFile) => ({ status: 'added' as const, snapshotId, dataFile })),
    })
    const name = `${request.operationId}-${snapshotId}-m${manifests.length}.avro`
    const manifestPath = metadataFileLocation(metadata, name)
    await newFiles.put(manifestPath, bytes)
    manifests.push({ ...manifest, manifestPath })
  }
  return { snapshotId, formatVersion, manifests }
}

function freshSnapshotId(context: CommitContext, metadata: TableMetadata): bigint {
  for (;;) {
    const id = context.environment.snapshotId()
    if (snapshotById(metadata, id) === undefined) return id
  }
}

function* chunksBySpec(files: readonly DataFile[]): Generator<readonly DataFile[]> {
  const bySpec = new Map<number, DataFile[]>()
  for (const file of files) {
    const group = bySpec.get(file.specId)
    if (group === undefined) bySpec.set(file.specId, [file])
    else group.push(file)
  }
  for (const group of bySpec.values()) {
    for (let i = 0; i < group.length; i += FILES_PER_MANIFEST) yield group.slice(i, i + FILES_PER_MANIFEST)
  }
}

interface AppendAttempt {
  readonly request: FastAppend
  readonly prepared: Prepared
  readonly attempt: number
  readonly files: NewFiles
}

async function stageAppend(
  context: CommitContext,
  base: LoadedTable,
  { request, prepared, attempt, files }: AppendAttempt,
): Promise<StagedCommit> {
  const { metadata } = base
  const { snapshotId } = prepared
  const parent = currentSnapshot(metadata)
  const sequenceNumber = metadata.formatVersion === 1 ? 0n : metadata.lastSequenceNumber + 1n
  const before: readonly ManifestFile[] =
    parent === undefined ? [] : await readManifestList({ metadata, store: context.store }, parent, context)
  const list = encodeManifestList({
    formatVersion: metadata.formatVersion,
    snapshotId,
    parentSnapshotId: parent?.snapshotId,
    sequenceNumber,
    firstRowId: metadata.formatVersion === 3 ? metadata.nextRowId : undefined,
    manifests: [...prepared.manifests, ...before],
  })
  const manifestList = metadataFileLocation(
    metadata,
    `snap-${snapshotId}-${attempt}-${request.operationId}.avro`,
  )
  await files.put(manifestList, list.bytes)
  const snapshot: Snapshot = {
    snapshotId,
    ...(parent === undefined ? {} : { parentSnapshotId: parent.snapshotId }),
    sequenceNumber,
    timestampMs: snapshotTime(context, metadata),
    manifestList,
    operation: 'append',
    summary: buildSummary({
      added: request.files,
      parent: parent?.summary,
      extra: { ...ENGINE, ...request.summary },
    }),
    schemaId: metadata.currentSchemaId,
    ...(metadata.formatVersion === 3 ? { firstRowId: metadata.nextRowId, addedRows: list.assignedRows } : {}),
  }
  return {
    requirements: requirementsOf(metadata),
    updates: [
      { action: 'add-snapshot', snapshot },
      {
        action: 'set-snapshot-ref',
        refName: MAIN_BRANCH,
        ref: { ...metadata.refs.get(MAIN_BRANCH), type: 'branch', snapshotId },
      },
    ],
    files: [manifestList],
  }
}

/** A clock that went backwards must not put a snapshot before its parent. */
function snapshotTime(context: CommitContext, metadata: TableMetadata): number {
  const last = metadata.snapshotLog.at(-1)?.timestampMs ?? 0
  return Math.max(context.environment.now(), last, metadata.lastUpdatedMs)
}

function requirementsOf(metadata: TableMetadata): TableRequirement[] {
  const head: TableRequirement = {
    type: 'assert-ref-snapshot-id',
    ref: MAIN_BRANCH,
    snapshotId: metadata.currentSnapshotId,
  }
  return metadata.tableUuid === undefined
    ? [head]
    : [{ type: 'assert-table-uuid', uuid: metadata.tableUuid }, head]
}

/** The manifests and manifest lists of one operation. */
interface NewFiles {
  put(path: string, bytes: Uint8Array): Promise<void>
  /** Deletes every file that was written, or may have been: an answer can be lost. */
  deleteAll(): Promise<void>
}

function newFiles({ store, signal }: CommitContext): NewFiles {
  const locations = new Set<string>()
  return {
    async put(path, bytes) {
      const location = resolveLocation(path)
      locations.add(location)
      const result = await store.put(location, bytes, { mode: 'create', signal })
      if (result.status === 'written') return
      // A store that sent the request again meets its own object.
      if (Buffer.compare(await store.get(location, { signal }), bytes) === 0) return
      locations.delete(location)
      throw invalidArgument(`${location} is there already; ids must be unique to one operation`, {
        file: location,
      })
    },
    async deleteAll() {
      await deleteQuietly(store, [...locations])
      locations.clear()
    },
  }
}
