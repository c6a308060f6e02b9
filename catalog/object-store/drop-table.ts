/**
 * Dropping in steps of which each may be the last before a crash:
 *
 *  1. The next version is claimed with a tombstone. From here on there is no table, and nothing can be committed.
 *  2. Without purge, the last metadata is copied to its kept name.
 *  3. The drop is entered in the log. From here on no version up to the tombstone's counts, whoever writes it.
 *  4. The hint and the versions are deleted; with purge, everything in the table's folder.
 *  5. The tombstone is deleted.
 *
 * After 1, anyone who finds the tombstone can do the rest, also several at once. 2 comes before 3, since a late
 * writer that meets the log's entry deletes its own version, which may be the last one.
 */
import type { RequestOptions } from '../../storage/object-store.ts'
import { claimName } from './claim-name.ts'
import type { CatalogContext } from './context.ts'
import { appendDrop } from './drop-log.ts'
import { listVersions } from './find-version.ts'
import { keptName, type TablePlaces } from './layout.ts'
import { getIfThere } from './read-object.ts'
import type { Tip } from './tip.ts'
import { recordOf, type Tombstone } from './tombstone.ts'

/** Bounds one delete request; S3 takes 1000 keys. */
const DELETE_BATCH = 1000

/** Does steps 2 to 5 for a tombstone at `version`. Resolves to where the last metadata is kept, unless it purged. */
export async function finishDrop(
  context: CatalogContext,
  places: TablePlaces,
  { version, location }: Pick<Tip, 'version' | 'location'>,
  tombstone: Tombstone,
  options: RequestOptions,
): Promise<string | undefined> {
  const kept = tombstone.purge
    ? undefined
    : await keepLastMetadata(context, places, version, tombstone, options)
  await appendDrop(context, places, recordOf(tombstone, version), options)
  const doomed = tombstone.purge
    ? await locationsBelow(context, places.folder, options)
    : await deadVersions(context, places, version, options)
  // A list that was complete while the tombstone stood names nothing of a table that came after it.
  if ((await context.store.head(location, options)) !== undefined) {
    await deleteAll(context, [places.hint, ...doomed.filter((other) => other !== location)], options)
    await deleteAll(context, [location], options)
  }
  if (tombstone.purge) await removeEmptyFolders(context, places.folder, options)
  return kept
}

/** Deletes versions up to `version` that no drop has cleaned away because they were written after it. */
export async function removeDeadVersions(
  context: CatalogContext,
  places: TablePlaces,
  version: number,
  options: RequestOptions,
): Promise<void> {
  await deleteAll(context, await deadVersions(context, places, version, options), options)
}

async function keepLastMetadata(
  context: CatalogContext,
  places: TablePlaces,
  version: number,
  { tableUuid, lastName }: Tombstone,
  options: RequestOptions,
): Promise<string> {
  const kept = places.metadata + keptName(version, tableUuid, lastName)
  const last = await getIfThere(context.store, places.metadata + lastName, options)
  if (last !== undefined) await claimName(context, kept, last)
  return kept
}

async function deadVersions(
  context: CatalogContext,
  places: TablePlaces,
  highest: number,
  options: RequestOptions,
): Promise<string[]> {
  const dead: string[] = []
  for await (const { version, info } of listVersions(context, places, options)) {
    if (version <= highest) dead.push(info.location)
  }
  return dead
}

/** The trailing '/' keeps the purge of `t1` away from `t10`. */
async function locationsBelow(
  context: CatalogContext,
  folder: string,
  options: RequestOptions,
): Promise<string[]> {
  const below: string[] = []
  for await (const { location } of context.store.list(`${folder}/`, options)) below.push(location)
  return below
}

async function deleteAll(
  { store }: CatalogContext,
  locations: readonly string[],
  options: RequestOptions,
): Promise<void> {
  for (let start = 0; start < locations.length; start += DELETE_BATCH) {
    await store.delete(locations.slice(start, start + DELETE_BATCH), options)
  }
}

async function removeEmptyFolders(
  context: CatalogContext,
  folder: string,
  options: RequestOptions,
): Promise<void> {
  for await (const name of context.store.listFolders(`${folder}/`, options)) {
    await removeEmptyFolders(context, `${folder}/${name}`, options)
  }
  await context.store.delete([`${folder}/`], options)
}
