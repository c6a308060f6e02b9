/**
 * The drop log: one immutable object per drop of a table of some name, numbered from 1. It is what keeps a writer
 * that still holds a dropped table from bringing it back. A version is dead when a record says so; a writer looks for
 * records that came since it loaded the table after it has created a version, and before it acknowledges it.
 *
 * Records are found by asking for the next number until it is missing, never by a listing.
 */
import { inFile, invalidData } from '../../format/errors.ts'
import { type JsonObject, parseJson, stringifyJson } from '../../format/lossless-json.ts'
import type { RequestOptions } from '../../storage/object-store.ts'
import { claimName } from './claim-name.ts'
import type { CatalogContext, DropRecord } from './context.ts'
import type { TablePlaces } from './layout.ts'
import { getIfThere } from './read-object.ts'

export type DropLog = readonly DropRecord[]

/** Every record up to now. Costs one request, plus one for each record that this catalog has not seen. */
export async function readDropLog(
  context: CatalogContext,
  places: TablePlaces,
  options: RequestOptions,
): Promise<DropLog> {
  const known = context.dropLogs.get(places.dropLog) ?? []
  const records = [...known]
  for (;;) {
    const location = recordLocation(places, records.length + 1)
    const body = await getIfThere(context.store, location, options)
    if (body === undefined) break
    records.push(inFile(location, () => decodeRecord(body)))
  }
  if (records.length > known.length) context.dropLogs.set(places.dropLog, records)
  return records
}

/** Adds a record, unless the log holds it already because someone else finished this drop. */
export async function appendDrop(
  context: CatalogContext,
  places: TablePlaces,
  record: DropRecord,
  options: RequestOptions,
): Promise<void> {
  for (;;) {
    const log = await readDropLog(context, places, options)
    if (log.some(({ version }) => version === record.version)) return
    await claimName(context, recordLocation(places, log.length + 1), encodeRecord(record))
  }
}

/** The highest version that a drop has used up; 0 when there was none. New versions start above it. */
export function boundaryOf(log: DropLog): number {
  return log.reduce((highest, { version }) => Math.max(highest, version), 0)
}

/** Whether this version is what a drop has left, or a late writer has brought back. */
export function isDead(log: DropLog, version: number, tableUuid: string | undefined): boolean {
  return log.some((record) => version <= record.version && tableUuid === record.tableUuid)
}

function recordLocation(places: TablePlaces, index: number): string {
  return `${places.dropLog}_${index}.json`
}

function encodeRecord({ version, purge, tableUuid }: DropRecord): Uint8Array {
  const uuid: JsonObject = tableUuid === undefined ? {} : { 'table-uuid': tableUuid }
  return new TextEncoder().encode(stringifyJson({ version, purge, ...uuid }))
}

function decodeRecord(body: Uint8Array): DropRecord {
  const { version, purge, 'table-uuid': tableUuid } = parseJson(body) as JsonObject
  if (typeof version !== 'number' || (tableUuid !== undefined && typeof tableUuid !== 'string')) {
    throw invalidData('expected a drop record with a version and a table-uuid')
  }
  return { version, purge: purge === true, ...(tableUuid === undefined ? {} : { tableUuid }) }
}
