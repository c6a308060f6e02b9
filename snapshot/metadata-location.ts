import { joinLocation, schemeOf } from '../format/location.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { readProperty } from '../format/table-properties.ts'

/** Where a new metadata file (manifest, manifest list) of this name goes: `write.metadata.path`, or `metadata/`. */
export function metadataFileLocation(metadata: TableMetadata, name: string): string {
  const path = readProperty(metadata.properties, 'write.metadata.path')
  if (path === undefined) return joinLocation(metadata.location, 'metadata', name)
  const isAbsolute = path.startsWith('/') || schemeOf(path) !== undefined
  return isAbsolute ? joinLocation(path, name) : joinLocation(metadata.location, path, name)
}
