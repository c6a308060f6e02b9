/** Planning: from a snapshot and a filter to the files that may hold matching rows (spec: "Scan Planning"). */
import { inFile } from '../format/errors.ts'
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
import type { LiveEntry } from '../format/manifest-inheritance.ts'
import { findFieldById, type Schema } from '../format/schema.ts'
import type { Snapshot } from '../format/snapshot.ts'
import { specById } from '../format/table-metadata-build.ts'
import { isPrimitive, type PrimitiveType } from '../format/types.ts'
import { type ManifestSource, readManifestEntries, readManifestList } from '../snapshot/manifests.ts'
import { manyListeners, throwIfAborted } from '../storage/abort.ts'
import { type DeleteIndex, indexDeletes } from './deletes/delete-index.ts'
import type { KeyTypes } from './deletes/key-ranges.ts'
import { newestFirst } from './metadata-columns.ts'
import { aheadControl, readAhead } from './read-ahead.ts'
import type { ScanTask } from './scan-task.ts'

/** What planning has seen so far; grows as tasks are pulled. */
export interface PlanReport {
  /** Data manifests of the snapshot, and those that had to be read. */
  manifests: number
  manifestsRead: number
  /** Live data files in the manifests that were read, and those that may hold matching rows. */
  files: number
  filesPlanned: number
  /** Live delete files that may matter to the filter, by its partitions. */
  deleteFiles: number
}

export interface PlanRequest extends ManifestSource {
  /** Undefined for a table without a snapshot: nothing is planned. */
  readonly snapshot: Snapshot | undefined
  /** The schema that `where` speaks of. */
  readonly schema: Schema
  readonly where?: Expression
  readonly signal?: AbortSignal
  readonly report: PlanReport
}

/** Manifests are small: so many at once keep a bucket busy, and no more memory than a few row groups take. */
const AHEAD = { maxItems: 8, maxWeight: 32 * 1024 * 1024 } as const

/**
 * The tasks of a scan, one data file each, in the order of the manifests. Manifests are read as tasks are pulled, a
 * few ahead, and skipped where their partition summaries rule them out. Delete manifests are read first, all that may
 * matter: their files are held while tasks are pulled.
 */
export async function* planTasks(request: PlanRequest): AsyncGenerator<ScanTask> {
  const { snapshot, schema, report, signal } = request
  const where = request.where ?? alwaysTrue
  const bound = bind(where, schema)
  if (snapshot === undefined || bound.op === 'false') return
  const manifests = await readManifestList(request, snapshot, request)
  const filters = specFilters(request, where)
  const deletes = await readDeletes(request, manifests, filters)
  const metrics = metricsFor(bound.op === 'true' ? NO_IDS : boundFieldIds(bound), deletes.equalityIds)
  const file = inclusiveMetricsEvaluator(where, schema)
  const onLive = () => {
    report.files++
  }
  const leaving = new AbortController()
  const stop = manyListeners(signal, leaving.signal)
  const read = async (manifest: ManifestFile) => {
    const { partition } = filters(manifest)
    const tests = { partition, file, onLive }
    return {
      manifest,
      entries: await readManifestEntries(request, manifest, { metrics, tests, signal: stop }),
    }
  }
  const control = aheadControl()
  const reads = readAhead(wantedManifests(manifests, filters, report), read, control, {
    ...AHEAD,
    weightOf: ({ manifestLength }) => Number(manifestLength),
    onLeave: () => leaving.abort(),
  })
  for await (const { manifest, entries } of reads) {
    report.manifestsRead++
    const residualOf = residualsOf(filters(manifest))
    for (const { dataFile, sequenceNumber } of entries as Iterable<LiveEntry>) {
      throwIfAborted(signal)
      report.filesPlanned++
      const applying = inFile(manifest.manifestPath, () => deletes.deletesOf(dataFile, sequenceNumber))
      yield { dataFile, sequenceNumber, deletes: applying, residual: residualOf(dataFile.partition) }
    }
    // A scan with a limit may have enough with the first.
    control.begin()
  }
}

async function* wantedManifests(
  manifests: readonly ManifestFile[],
  filters: (manifest: ManifestFile) => SpecFilter,
  report: PlanReport,
): AsyncGenerator<ManifestFile> {
  for (const manifest of manifests) {
    if (manifest.content !== 'data') continue
    report.manifests++
    if (!hasNoLiveFile(manifest) && filters(manifest).manifest(manifest)) yield manifest
  }
}

/** Files of one partition share its tuple, and so their residual. */
function residualsOf({ residual }: SpecFilter): (tuple: PartitionTuple) => Expression {
  const known = new Map<PartitionTuple, Expression>()
  return (tuple) => {
    let expression = known.get(tuple)
    if (expression === undefined) {
      expression = residual(tuple)
      known.set(tuple, expression)
    }
    return expression
  }
}

/** The filter as one partition spec sees it. */
interface SpecFilter {
  readonly manifest: (manifest: ManifestFile) => boolean
  readonly partition: (tuple: PartitionTuple) => boolean
  readonly residual: (tuple: PartitionTuple) => Expression
}

/** The filter by the spec of a manifest, made at its first use. */
function specFilters(
  { metadata, schema }: PlanRequest,
  where: Expression,
): (manifest: ManifestFile) => SpecFilter {
  const known = new Map<number, SpecFilter>()
  return ({ partitionSpecId: specId, manifestPath }) => {
    const existing = known.get(specId)
    if (existing !== undefined) return existing
    const spec = inFile(manifestPath, () => specById(metadata, specId))
    const filter: SpecFilter = {
      manifest: manifestEvaluator(where, schema, spec),
      partition: partitionEvaluator(projectInclusive(where, schema, spec), spec),
      residual: residualEvaluator(where, schema, spec),
    }
    known.set(specId, filter)
    return filter
  }
}

function hasNoLiveFile(manifest: ManifestFile): boolean {
  return manifest.addedFilesCount === 0 && manifest.existingFilesCount === 0
}

const NO_IDS: ReadonlySet<number> = new Set()

function metricsFor(filterIds: ReadonlySet<number>, equalityIds: ReadonlySet<number>): MetricsProjection {
  const ids = new Set([...filterIds, ...equalityIds])
  return ids.size === 0 ? 'none' : ids
}

async function readDeletes(
  request: PlanRequest,
  manifests: readonly ManifestFile[],
  filters: (manifest: ManifestFile) => SpecFilter,
): Promise<DeleteIndex> {
  const { metadata, report, signal } = request
  const live: LiveEntry[] = []
  const tests = { file: () => true, onLive: () => {} }
  for (const manifest of manifests) {
    if (manifest.content !== 'deletes' || hasNoLiveFile(manifest)) continue
    const filter = filters(manifest)
    if (!filter.manifest(manifest)) continue
    const options = { tests: { ...tests, partition: filter.partition }, signal }
    for (const entry of await readManifestEntries(request, manifest, options)) live.push(entry as LiveEntry)
  }
  report.deleteFiles += live.length
  return indexDeletes(live, {
    isUnpartitioned: (specId) =>
      specById(metadata, specId).fields.every(({ transform }) => transform.kind === 'void'),
    keyTypes: keyTypes(request),
  })
}

/** Floats are left out because bounds say nothing of NaN, uuids because writers order them in two ways. */
function keyTypes({ metadata, schema }: PlanRequest): KeyTypes {
  const known = new Map<number, PrimitiveType | undefined>()
  const find = (fieldId: number) => {
    const found = [schema, ...newestFirst(metadata)]
      .map((one) => findFieldById(one, fieldId))
      .find((it) => it)
    const type = found?.field.type
    if (type === undefined || !isPrimitive(type)) return undefined
    return type.kind === 'float' || type.kind === 'double' || type.kind === 'uuid' ? undefined : type
  }
  return (fieldId) => {
    if (!known.has(fieldId)) known.set(fieldId, find(fieldId))
    return known.get(fieldId)
  }
}
