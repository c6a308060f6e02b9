import type { TableMetadata } from '../../format/table-metadata.ts'
import { readProperty } from '../../format/table-properties.ts'

/** `next` with an entry for the metadata that it follows on, and without those beyond `previous-versions-max`. */
export function withMetadataLogEntry(
  next: TableMetadata,
  previous: { readonly metadata: TableMetadata; readonly location: string },
): TableMetadata {
  const kept = Math.max(1, readProperty(next.properties, 'write.metadata.previous-versions-max'))
  const entry = { timestampMs: previous.metadata.lastUpdatedMs, metadataFile: previous.location }
  return { ...next, metadataLog: [...next.metadataLog, entry].slice(-kept) }
}
