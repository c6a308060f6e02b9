import { invalidArgument } from '../../format/errors.ts'
import { resolveLocation, stripTrailingSlash } from '../../format/location.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { readProperty } from '../../format/table-properties.ts'
import type { RequestOptions } from '../../storage/object-store.ts'
import type { TableIdentifier } from '../catalog.ts'
import { formatIdentifier } from '../table-identifier.ts'
import { type CatalogContext, warnOnce } from './context.ts'
import { keptTableUuid, type TablePlaces } from './layout.ts'

/** Throws INVALID_ARGUMENT for a table that may not be purged, or whose folder holds an earlier table's files. */
export async function requirePurgeable(
  context: CatalogContext,
  identifier: TableIdentifier,
  { folder, metadata: metadataFolder }: TablePlaces,
  metadata: TableMetadata,
  options: RequestOptions,
): Promise<void> {
  const table = formatIdentifier(identifier)
  if (!readProperty(metadata.properties, 'gc.enabled')) {
    throw invalidArgument(`table ${table} cannot be purged: its property gc.enabled is false`, { table })
  }
  if (stripTrailingSlash(resolveLocation(metadata.location)) !== folder) {
    warnOnce(
      context,
      `purge of ${table}: only files below ${folder} go, not those below ${metadata.location}`,
    )
  }
  for await (const { location } of context.store.list(`${metadataFolder}dropped-`, options)) {
    const uuid = keptTableUuid(location.slice(metadataFolder.length))
    if (uuid === undefined || uuid === metadata.tableUuid) continue
    throw invalidArgument(
      `table ${table} cannot be purged: its folder holds the files of an earlier table, kept by ${location}; delete that file first if they may go`,
      { table, kept: location },
    )
  }
}
