import { unsupported } from '../format/errors.ts'
import { isBelow, joinLocation, stripTrailingSlash } from '../format/location.ts'
import { readProperty } from '../format/table-properties.ts'
import { hashString } from '../format/transforms/hash.ts'

/**
 * Where data files go, as Iceberg Java lays them out: `<data>/<partition path>/<name>`, with folders of hash bits in
 * front when `write.object-storage.enabled`. `<data>` is `write.data.path` or `<table>/data`; a path outside of the
 * table is UNSUPPORTED, and so is every other property that says where data files go.
 */
export function dataLocations(
  tableLocation: string,
  properties: Readonly<Record<string, string>>,
): (partitionPath: string, fileName: string) => string {
  for (const property of OTHER_PLACES) {
    if (properties[property] === undefined) continue
    throw unsupported(`${property} is not served: say by write.data.path where data files go`, { property })
  }
  const table = stripTrailingSlash(tableLocation)
  const data = stripTrailingSlash(readProperty(properties, 'write.data.path') ?? `${table}/data`)
  if (!isBelow(table, data)) {
    throw unsupported(
      `write.data.path is '${data}', outside of the table at '${table}': Moraine writes below the table only`,
      { property: 'write.data.path' },
    )
  }
  if (!readProperty(properties, 'write.object-storage.enabled')) {
    return (partitionPath, fileName) => joinLocation(data, ...folder(partitionPath), fileName)
  }
  const withPartitions = readProperty(properties, 'write.object-storage.partitioned-paths')
  return (partitionPath, fileName) => {
    if (!withPartitions) return joinLocation(data, `${hashFolders(fileName)}-${fileName}`)
    const path = [...folder(partitionPath), fileName]
    return joinLocation(data, hashFolders(path.join('/')), ...path)
  }
}

/** A class of Java's, and what Iceberg Java no longer takes either. */
const OTHER_PLACES = [
  'write.location-provider.impl',
  'write.object-storage.path',
  'write.folder-storage.path',
]

/**
 * One folder for each partition field. File systems take names of 255 bytes, which escaping reaches with 28 letters
 * of Chinese: of a longer one the start and a hash stand for the whole, as paths mean nothing to readers.
 */
function folder(partitionPath: string): readonly string[] {
  return partitionPath === '' ? [] : partitionPath.split('/').map(shortened)
}

const MAX_NAME_BYTES = 255
const SHORTENED_BYTES = 200

/** `name` is escaped, so that its letters are its bytes. */
function shortened(name: string): string {
  if (name.length <= MAX_NAME_BYTES) return name
  const start = name.slice(0, SHORTENED_BYTES).replace(/%.?$/, '')
  return `${start}-${(hashString(name) >>> 0).toString(16).padStart(8, '0')}`
}

/** The low 20 bits of the hash as folders of 4, 4, 4 and 8 bits: `1001/0110/0001/11001101`. */
function hashFolders(name: string): string {
  const bits = (hashString(name) & 0xf_ffff).toString(2).padStart(20, '0')
  return `${bits.slice(0, 4)}/${bits.slice(4, 8)}/${bits.slice(8, 12)}/${bits.slice(12)}`
}
