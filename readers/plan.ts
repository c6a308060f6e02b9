/** Planning: from a snapshot and a filter to the files that may hold matching rows (spec: "Scan Planning"). */
import { unsupported } from '../format/errors.ts'
import { bind } from '../format/expressions/bind.ts'
import { boundFieldIds } from '../format/expressions/bound.ts'
import { alwaysTrue } from '../format/expressions/build.ts'
import type { Expression } from '../format/expressions/expression.ts'
import { manifestEvaluator } from '../format/expressions/manifest-evaluator.ts'
import { inclusiveMetricsEvaluator } from '../format/expressions/metrics-evaluator.ts'
import { partitionEvaluator, projectInclusive } from '../format/expressions/project.ts'
import { residualEvaluator } from '../format/expressions/residual.ts'
import type { ManifestFile, PartitionTuple } from '../format/manifest.ts'
import type { MetricsProjection } from '../format/manifest-columns.ts'
import type { Schema } from '../format/schema.ts'
import type { Snapshot } from '../format/snapshot.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { specById } from '../format/table-metadata-build.ts'
import { readManifestEntries, readManifestList } from '../snapshot/manifests.ts'
import { throwIfAborted } from '../storage/abort.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { ScanTask } from './scan-task.ts'

/** What planning has seen so far; grows as tasks are pulled. */
export interface PlanReport {
  /** Data manifests of the snapshot, and those that had to be read. */
  manifests: number
  manifestsRead: number
  /** Live data files in the manifests that were read, and those that may hold matching rows. */
  files: number
  filesPlanned: number
}

export interface PlanRequest {
  readonly metadata: TableMetadata
  readonly store: ObjectStore
  /** Undefined for a table without a snapshot: nothing is planned. */
  readonly snapshot: Snapshot | undefined
  /** The schema that `where` speaks of. */
  readonly schema: Schema
  readonly where?: Expression
  readonly signal?: AbortSignal
  readonly report: PlanReport
}

/**
 * The tasks of a scan, one data file each; manifests are read one by one as tasks are pulled, and skipped where
 * their partition summaries rule them out. Throws UNSUPPORTED when the snapshot has a live delete file, before any
 * task is yielded: rows would come back that are deleted.
 */
export async function* planTasks(request: PlanRequest): AsyncGenerator<ScanTask> {
  const { metadata, snapshot, schema, report } = request
  const where = request.where ?? alwaysTrue
  const bound = bind(where, schema)
  if (snapshot === undefined || bound.op === 'false') return
  const manifests = await readManifestList(request, snapshot, request)
  await refuseDeletes(request, manifests)
  const metrics = bound.op === 'true' ? 'none' : boundFieldIds(bound)
  const mayMatchMetrics = inclusiveMetricsEvaluator(where, schema)
  const filters = new Map<number, SpecFilter>()
  for (const manifest of manifests) {
    if (manifest.content !== 'data') continue
    report.manifests++
    const filter = filterOf(filters, metadata, schema, where, manifest.partitionSpecId)
    if (hasNoLiveFile(manifest) || !filter.manifest(manifest)) continue
    report.manifestsRead++
    yield* planManifest(request, manifest, { metrics, filter, mayMatchMetrics })
  }
}

interface ManifestPlan {
  readonly metrics: MetricsProjection
  readonly filter: SpecFilter
  readonly mayMatchMetrics: ReturnType<typeof inclusiveMetricsEvaluator>
}

async function* planManifest(
  { report, signal, ...source }: PlanRequest,
  manifest: ManifestFile,
  { metrics, filter, mayMatchMetrics }: ManifestPlan,
): AsyncGenerator<ScanTask> {
  for (const entry of await readManifestEntries(source, manifest, { metrics, signal })) {
    throwIfAborted(signal)
    if (entry.status === 'deleted') continue
    report.files++
    const { dataFile } = entry
    if (!filter.partition(dataFile.partition) || !mayMatchMetrics(dataFile)) continue
    report.filesPlanned++
    const residual = filter.residual(dataFile.partition)
    yield { dataFile, sequenceNumber: entry.sequenceNumber, deletes: [], residual }
  }
}

/** The filter as one partition spec sees it. */
interface SpecFilter {
  readonly manifest: (manifest: ManifestFile) => boolean
  readonly partition: (tuple: PartitionTuple) => boolean
  readonly residual: (tuple: PartitionTuple) => Expression
}

function filterOf(
  known: Map<number, SpecFilter>,
  metadata: TableMetadata,
  schema: Schema,
  where: Expression,
  specId: number,
): SpecFilter {
  const existing = known.get(specId)
  if (existing !== undefined) return existing
  const spec = specById(metadata, specId)
  const filter: SpecFilter = {
    manifest: manifestEvaluator(where, schema, spec),
    partition: partitionEvaluator(projectInclusive(where, schema, spec), spec),
    residual: residualEvaluator(where, schema, spec),
  }
  known.set(specId, filter)
  return filter
}

function hasNoLiveFile(manifest: ManifestFile): boolean {
  return manifest.addedFilesCount === 0 && manifest.existingFilesCount === 0
}

async function refuseDeletes(request: PlanRequest, manifests: readonly ManifestFile[]): Promise<void> {
  for (const manifest of manifests) {
    if (manifest.content !== 'deletes' || hasNoLiveFile(manifest)) continue
    for (const entry of await readManifestEntries(request, manifest, {
      metrics: 'none',
      signal: request.signal,
    })) {
      if (entry.status === 'deleted') continue
      const { filePath, content } = entry.dataFile
      throw unsupported(
        `snapshot ${request.snapshot?.snapshotId} has the delete file ${filePath} (${content}); tables with deletes ` +
          'are not read by this version. Compact the table with the engine that wrote the deletes',
        { file: filePath },
      )
    }
  }
}
