/**
 * A snapshot that adds and removes files: what is new goes into new manifests, those that list what goes are written
 * anew without it, and all are merged with those of the branch as `commit.manifest.*` asks for it. What was written
 * for an attempt is kept for the next one, so that a lost race writes a manifest list, and of manifests those whose
 * parts have changed. (spec: "Snapshots", "Manifest Lists"; on v3 row ids are assigned anew at each attempt.)
 */
import type { DataFile, ManifestFile } from '../format/manifest.ts'
import { encodeManifestList, type UnassignedManifest } from '../format/manifest-list-codec.ts'
import type { Snapshot } from '../format/snapshot.ts'
import type { FormatVersion, TableMetadata } from '../format/table-metadata.ts'
import { snapshotById } from '../format/table-metadata-build.ts'
import type { TableUpdate } from '../format/table-update.ts'
import { version } from '../format/version.ts'
import { branchHead, branchUpdates, refRequirements } from './branch.ts'
import type { CommitContext, Operation, StagedCommit } from './commit.ts'
import { type CommitKey, commitKeySummary, findCommit } from './commit-id.ts'
import { withCounts } from './manifest-counts.ts'
import { readManifestList } from './manifests.ts'
import { mergeManifests } from './merge-manifests.ts'
import { type Candidate, type MergeGroup, planMerge } from './merge-plan.ts'
import { metadataFileLocation } from './metadata-location.ts'
import { type NewFiles, newFiles } from './new-files.ts'
import { type NewManifest, newManifests } from './new-manifests.ts'
import { carriedOffsets } from './offsets.ts'
import { removalOf } from './removal.ts'
import { buildSummary, checkExtraSummary } from './summary.ts'

/** What a snapshot does to the files of its branch. */
export interface Change {
  /** Data files that no snapshot has yet. The same array on a later attempt stands for the same manifests. */
  readonly addData: readonly DataFile[]
  /** Delete files that no snapshot has yet; the same holds. */
  readonly addDeletes: readonly DataFile[]
  /** Files that the branch has. */
  readonly remove: readonly DataFile[]
  /** Entries for the snapshot summary, beside those of the request. */
  readonly summary?: Readonly<Record<string, string>>
}

/** Entries of the snapshot's summary, and properties of the table, that are set in the same commit. */
export interface Companions {
  readonly summary: Readonly<Record<string, string>>
  readonly properties: Readonly<Record<string, string>>
}

/** Of a snapshot that is to follow the branch as `metadata` has it. Throws to give up the commit. */
export type CompanionsOf = (metadata: TableMetadata) => Companions

export interface SnapshotRequest {
  /** In the names of the files that are written; unique to this operation. */
  readonly operationId: string
  /** The caller's entries for the snapshot summary. */
  readonly summary: Readonly<Record<string, string>>
  /** Begins at the head of main where it does not exist. */
  readonly branch: string
  /** Of the same branch. A commit that is there already is not made again. */
  readonly commitKey?: CommitKey | undefined
  /** Whether its id was made for this operation, so that nobody has committed it before the first attempt. */
  readonly isNewId?: boolean | undefined
  /** What else goes with the snapshot, asked at every attempt. */
  readonly companionsOf?: CompanionsOf | undefined
  /**
   * The change to the branch as `metadata` has it, asked at every attempt; undefined for none. It answers for whatever
   * came since an earlier attempt.
   */
  changeOf(metadata: TableMetadata, parent: Snapshot | undefined): Promise<Change | undefined>
}

/** Who committed (spec: Appendix F). */
const ENGINE = { 'engine-name': 'moraine', 'engine-version': version }

const NO_COMPANIONS: Companions = { summary: {}, properties: {} }
const NOTHING: StagedCommit = { requirements: [], updates: [], files: [] }

/** An operation that adds one snapshot to a branch. */
export function snapshotOperation(context: CommitContext, request: SnapshotRequest): Operation {
  checkExtraSummary(request.summary)
  const files = newFiles(context)
  let manifestCount = 0
  const nextName = (snapshotId: bigint) => `${request.operationId}-${snapshotId}-m${manifestCount++}.avro`
  let prepared: Prepared | undefined
  /** The first attempt. */
  let before: { readonly head: bigint | undefined } | undefined
  return {
    async stage({ metadata }, attempt) {
      const parent = branchHead(metadata, request.branch)
      const { commitKey, isNewId } = request
      if (isNewId && before === undefined) before = { head: parent?.snapshotId }
      else if (commitKey !== undefined && findCommit(metadata, commitKey, before?.head) !== undefined) {
        return NOTHING
      }
      const change = await request.changeOf(metadata, parent)
      if (change === undefined) return NOTHING
      if (prepared === undefined || !isUsable(prepared, metadata)) {
        await files.deleteAll()
        const { formatVersion } = metadata
        prepared = {
          snapshotId: freshSnapshotId(context, metadata),
          formatVersion,
          added: new Map(),
          filtered: new Map(),
          written: new Map(),
        }
      }
      return stageSnapshot(context, metadata, { request, parent, change, prepared, attempt, files, nextName })
    },
    discard: files.deleteAll,
  }
}

interface Prepared {
  /** The same on every attempt, so that a commit whose answer was lost can be recognised. */
  readonly snapshotId: bigint
  readonly formatVersion: FormatVersion
  /** Manifests by the files that they add. */
  readonly added: Map<readonly DataFile[], readonly NewManifest[]>
  /** Manifests without what is removed, by the path of those with it and what that is. */
  readonly filtered: Map<string, NewManifest>
  /** What is in the store, by the group that it was made of. */
  readonly written: Map<string, UnassignedManifest>
}

/** Manifests of an older format version know no sequence numbers, or no row ids: those of an upgraded table do. */
function isUsable({ snapshotId, formatVersion }: Prepared, metadata: TableMetadata): boolean {
  return snapshotById(metadata, snapshotId) === undefined && formatVersion === metadata.formatVersion
}

function freshSnapshotId(context: CommitContext, metadata: TableMetadata): bigint {
  for (;;) {
    const id = context.environment.snapshotId()
    if (snapshotById(metadata, id) === undefined) return id
  }
}

interface Attempt {
  readonly request: SnapshotRequest
  readonly parent: Snapshot | undefined
  readonly change: Change
  readonly prepared: Prepared
  readonly attempt: number
  readonly files: NewFiles
  readonly nextName: (snapshotId: bigint) => string
}

async function stageSnapshot(
  context: CommitContext,
  metadata: TableMetadata,
  staging: Attempt,
): Promise<StagedCommit> {
  const { request, parent, change, prepared, attempt, files } = staging
  const companions = request.companionsOf?.(metadata) ?? NO_COMPANIONS
  const { formatVersion } = metadata
  const { snapshotId } = prepared
  const sequenceNumber = formatVersion === 1 ? 0n : metadata.lastSequenceNumber + 1n
  const source = { metadata, store: context.store }
  const before = parent === undefined ? [] : (await readManifestList(source, parent, context)).filter(isAlive)
  const groups = planMerge(metadata, [
    ...addedManifests(metadata, staging).map(candidateOf),
    ...(await withoutRemoved(context, metadata, staging, before)),
  ])
  const list = encodeManifestList({
    formatVersion,
    snapshotId,
    parentSnapshotId: parent?.snapshotId,
    sequenceNumber,
    firstRowId: formatVersion === 3 ? metadata.nextRowId : undefined,
    manifests: await writeGroups(context, metadata, staging, groups),
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
    operation: operationOf(change),
    summary: buildSummary({
      metadata,
      added: [...change.addData, ...change.addDeletes],
      removed: change.remove,
      manifests: countManifests(snapshotId, list.manifests, before),
      parent: parent?.summary,
      extra: {
        ...ENGINE,
        ...request.summary,
        ...carriedOffsets(metadata, request.branch),
        ...companions.summary,
        ...change.summary,
        ...(request.commitKey === undefined ? {} : commitKeySummary(request.commitKey)),
      },
    }),
    schemaId: metadata.currentSchemaId,
    ...(formatVersion === 3 ? { firstRowId: metadata.nextRowId, addedRows: list.assignedRows } : {}),
  }
  return {
    requirements: refRequirements(metadata, [request.branch]),
    updates: [...propertyUpdates(companions), ...branchUpdates(metadata, request.branch, snapshot)],
    files: [manifestList],
  }
}

function propertyUpdates({ properties }: Companions): readonly TableUpdate[] {
  return Object.keys(properties).length === 0 ? [] : [{ action: 'set-properties', updates: properties }]
}

/** As Iceberg Java names it: what removes rows and adds none is a delete. */
function operationOf({ addData, addDeletes, remove }: Change): Snapshot['operation'] {
  if (addDeletes.length === 0 && remove.length === 0) return 'append'
  return addData.length === 0 ? 'delete' : 'overwrite'
}

function addedManifests(metadata: TableMetadata, { change, prepared }: Attempt): readonly NewManifest[] {
  const { snapshotId, added } = prepared
  const contents = [
    ['data', change.addData],
    ['deletes', change.addDeletes],
  ] as const
  return contents.flatMap(([content, files]) => {
    const known = added.get(files)
    if (known !== undefined) return known
    const manifests = newManifests(metadata, snapshotId, { content, files, number: added.size })
    added.set(files, manifests)
    return manifests
  })
}

const candidateOf = (source: NewManifest): Candidate => ({ kind: 'new', manifest: source.manifest, source })

/** The manifests of the branch, those that list what is removed made anew. */
async function withoutRemoved(
  { store, manifests, signal }: CommitContext,
  metadata: TableMetadata,
  { change, prepared }: Attempt,
  before: readonly ManifestFile[],
): Promise<readonly Candidate[]> {
  const removal = removalOf(change.remove)
  const candidates: Candidate[] = []
  for (const manifest of before) {
    const source = await removal.filter({ metadata, store, manifests, signal }, manifest, prepared)
    candidates.push(source === undefined ? { kind: 'existing', manifest } : candidateOf(source))
  }
  removal.requireAll()
  return candidates
}

/** A manifest of removals alone has told them to the snapshot that made it; the next one goes without. */
function isAlive({ addedFilesCount, existingFilesCount }: ManifestFile): boolean {
  return addedFilesCount !== 0 || existingFilesCount !== 0
}

/**
 * The manifests of the snapshot. What an earlier attempt wrote is taken where its group is still the same, and is
 * deleted where it is not: that attempt has lost.
 */
async function writeGroups(
  context: CommitContext,
  metadata: TableMetadata,
  { prepared, files, nextName }: Attempt,
  groups: readonly MergeGroup[],
): Promise<(ManifestFile | UnassignedManifest)[]> {
  const { snapshotId, formatVersion, written } = prepared
  const { store, manifests: cache, signal } = context
  const request = { metadata, store, manifests: cache, signal, snapshotId }
  const manifests: (ManifestFile | UnassignedManifest)[] = []
  const used = new Set<string>()
  for (const group of groups) {
    const only = group.length === 1 ? group[0] : undefined
    if (only?.kind === 'existing') {
      manifests.push(formatVersion === 1 ? only.manifest : await withCounts(request, only.manifest))
      continue
    }
    const key = group.map((candidate) => candidateKey(candidate)).join('\n')
    used.add(key)
    let manifest = written.get(key)
    if (manifest === undefined) {
      const encoded = only === undefined ? await mergeManifests(request, group) : only.source
      const manifestPath = metadataFileLocation(metadata, nextName(snapshotId))
      await files.put(manifestPath, encoded.bytes)
      manifest = { ...encoded.manifest, manifestPath }
      written.set(key, manifest)
    }
    manifests.push(manifest)
  }
  const stale = [...written].filter(([key]) => !used.has(key))
  await files.delete(stale.map(([, { manifestPath }]) => manifestPath))
  for (const [key] of stale) written.delete(key)
  return manifests
}

/** Row ids of files without their own depend on those of their manifest, which a commit in between may have set. */
function candidateKey(candidate: Candidate): string {
  return candidate.kind === 'new'
    ? candidate.source.key
    : `${candidate.manifest.manifestPath} ${candidate.manifest.firstRowId}`
}

/** What the summary tells of manifests, as Iceberg Java counts. */
function countManifests(snapshotId: bigint, after: readonly ManifestFile[], before: readonly ManifestFile[]) {
  const created = after.filter((manifest) => manifest.addedSnapshotId === snapshotId).length
  const paths = new Set(after.map(({ manifestPath }) => manifestPath))
  const replaced = before.filter(({ manifestPath }) => !paths.has(manifestPath)).length
  return { created, kept: after.length - created, replaced }
}

/** A clock that went backwards must not put a snapshot before its parent. */
function snapshotTime(context: CommitContext, metadata: TableMetadata): number {
  const last = metadata.snapshotLog.at(-1)?.timestampMs ?? 0
  return Math.max(context.environment.now(), last, metadata.lastUpdatedMs)
}
