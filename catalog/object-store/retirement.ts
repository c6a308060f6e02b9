/**
 * Old versions are deleted as `write.metadata.delete-after-commit.enabled` asks, and their names are never used again.
 *
 * A deleted version frees its name, and a writer that stalled before its put would win that name. So versions go by
 * segments of `SEGMENT`: a segment is *retired* once all of it is older than what the metadata log of a committed
 * version names. Its retirement, one immutable object, is written before any of its versions is deleted. Who creates
 * a version looks for the retirement of its segment afterwards and before acknowledging it: none means that no name of
 * the segment had been freed before, so that the version is the first of its name.
 *
 * The same holds for readers: a version whose successor is missing, in a segment that is not retired, is the tip.
 */
import { inFile, invalidData, isMoraineError, MoraineError } from '../../format/errors.ts'
import { type JsonObject, parseJson, stringifyJson } from '../../format/lossless-json.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { readProperty } from '../../format/table-properties.ts'
import type { RequestOptions } from '../../storage/object-store.ts'
import type { CatalogContext, Retirement } from './context.ts'
import { lastWhere } from './last-where.ts'
import { type TablePlaces, versionNames, versionOfName } from './layout.ts'
import { getIfThere } from './read-object.ts'

/** How many versions are retired at once, by one object that stays. All writers of a warehouse must agree on it. */
export const SEGMENT = 16

/** Bounds one delete request; S3 takes 1000 keys. */
const SEGMENTS_A_DELETE = 16

/** The retirement of the segment that `version` is in; undefined while its names have never been freed. */
export async function retirementOf(
  context: CatalogContext,
  places: TablePlaces,
  version: number,
  options: RequestOptions,
): Promise<Retirement | undefined> {
  return readRetirement(context, retirementLocation(places, segmentOf(version)), options)
}

/** The first version from `version` on whose segment is not retired. */
export async function firstUnretired(
  context: CatalogContext,
  places: TablePlaces,
  version: number,
  options: RequestOptions,
): Promise<number> {
  const isRetired = async (segment: number) =>
    (await readRetirement(context, retirementLocation(places, segment), options)) !== undefined
  const first = segmentOf(version)
  if (!(await isRetired(first))) return version
  return ((await lastWhere(first, isRetired)) + 1) * SEGMENT + 1
}

/**
 * Deletes the versions that the commit of `next` on `base` has put out of the metadata log, by whole segments, if the
 * table wants it. Best effort: what stays is tried once more with the next segment.
 */
export async function retireOldVersions(
  context: CatalogContext,
  places: TablePlaces,
  base: TableMetadata,
  next: TableMetadata,
): Promise<void> {
  const [before, after] = [segmentsBelowLog(base, places), segmentsBelowLog(next, places)]
  if (after <= before) return
  const segments = Array.from({ length: after - before + 1 }, (_, i) => before - 1 + i).filter((i) => i >= 0)
  try {
    // The commit has landed: what is wrong here, a property with nonsense too, must not make it look lost.
    if (!readProperty(next.properties, 'write.metadata.delete-after-commit.enabled')) return
    for (let start = 0; start < segments.length; start += SEGMENTS_A_DELETE) {
      await retire(context, places, next, segments.slice(start, start + SEGMENTS_A_DELETE))
    }
  } catch (error) {
    if (!isMoraineError(error)) throw error
  }
}

async function retire(
  context: CatalogContext,
  places: TablePlaces,
  { tableUuid }: TableMetadata,
  segments: readonly number[],
): Promise<void> {
  const isOurs = await Promise.all(
    segments.map(async (segment) => {
      const { tableUuid: retiredBy } = await writtenRetirement(context, places, segment, { tableUuid })
      // An earlier table of the name retired it, and another engine has dropped that one since.
      return retiredBy === tableUuid
    }),
  )
  const doomed = segments
    .filter((_, i) => isOurs[i])
    .flatMap((segment) => Array.from({ length: SEGMENT }, (_, i) => segment * SEGMENT + 1 + i))
    .flatMap(versionNames)
  if (doomed.length > 0) await context.store.delete(doomed.map((name) => places.metadata + name))
}

/** The retirement of a segment once it is there for good: ours, or who came first. Throws UNAVAILABLE. */
async function writtenRetirement(
  context: CatalogContext,
  places: TablePlaces,
  segment: number,
  ours: Retirement,
): Promise<Retirement> {
  const location = retirementLocation(places, segment)
  const known = context.retirements.get(location)
  if (known !== undefined) return known
  const { status } = await context.store.put(location, encodeRetirement(ours), { mode: 'create' })
  if (status === 'written') {
    context.retirements.set(location, ours)
    return ours
  }
  const found = await readRetirement(context, location, {})
  if (found !== undefined) return found
  throw new MoraineError('UNAVAILABLE', `${location} is taken, but cannot be read`, { context: { location } })
}

/** How many whole segments lie below the oldest version that the metadata log names; 0 when it names none of ours. */
function segmentsBelowLog({ metadataLog }: TableMetadata, places: TablePlaces): number {
  const versions = metadataLog.flatMap(({ metadataFile }) => {
    const isHere = metadataFile.startsWith(places.metadata)
    return (isHere && versionOfName(metadataFile.slice(places.metadata.length))) || []
  })
  return versions.length === 0 ? 0 : segmentOf(Math.min(...versions))
}

function segmentOf(version: number): number {
  return Math.floor((version - 1) / SEGMENT)
}

function retirementLocation(places: TablePlaces, segment: number): string {
  return `${places.retired}_${segment}.json`
}

/** Found once, it is there for good. */
async function readRetirement(
  context: CatalogContext,
  location: string,
  options: RequestOptions,
): Promise<Retirement | undefined> {
  const known = context.retirements.get(location)
  if (known !== undefined) return known
  const body = await getIfThere(context.store, location, options)
  if (body === undefined) return undefined
  const retirement = inFile(location, () => decodeRetirement(body))
  context.retirements.set(location, retirement)
  return retirement
}

function encodeRetirement({ tableUuid }: Retirement): Uint8Array {
  return new TextEncoder().encode(stringifyJson(tableUuid === undefined ? {} : { 'table-uuid': tableUuid }))
}

function decodeRetirement(body: Uint8Array): Retirement {
  const { 'table-uuid': tableUuid } = parseJson(body) as JsonObject
  if (tableUuid !== undefined && typeof tableUuid !== 'string') {
    throw invalidData('expected a retirement with a table-uuid')
  }
  return { tableUuid }
}
