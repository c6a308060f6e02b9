import { resolveLocation } from '../format/location.ts'
import type { DataFile } from '../format/manifest.ts'
import { encodeDeletionVector } from '../format/puffin/deletion-vector.ts'
import { encodePuffin } from '../format/puffin/puffin-file.ts'
import { readProperty } from '../format/table-properties.ts'
import { dataLocations } from './data-locations.ts'
import type { DeletedRows, WriteDeletes } from './delete-files.ts'

/**
 * Writes a deletion vector for each data file, several to a Puffin file (spec: "Deletion Vectors"). Each holds all
 * that is deleted by position in its data file: readers look at nothing else then. In the order of `deleted`.
 */
export async function writeVectors(
  options: WriteDeletes,
  deleted: readonly DeletedRows[],
): Promise<readonly DataFile[]> {
  const { properties } = options
  const locate = dataLocations(options.location, properties)
  const target = readProperty(properties, 'write.delete.target-file-size-bytes')
  const files: DataFile[] = []
  let vectors: Vector[] = []
  let bytes = 0
  let count = 0
  const flush = async () => {
    if (vectors.length === 0) return
    const location = locate('', options.fileName(++count, 'deletes.puffin'))
    files.push(...(await writePuffin(options, location, vectors)))
    vectors = []
    bytes = 0
  }
  for (const { dataFile, positions } of deleted) {
    const data = encodeDeletionVector(positions)
    vectors.push({ dataFile, data, cardinality: positions.cardinality })
    bytes += data.length
    if (bytes >= target) await flush()
  }
  await flush()
  return files
}

interface Vector {
  readonly dataFile: DataFile
  readonly data: Uint8Array
  readonly cardinality: number
}

/** What the spec asks of a blob whose snapshot is not known when it is written. */
const UNKNOWN = { snapshotId: -1n, sequenceNumber: -1n } as const

async function writePuffin(
  { store, onFile, signal }: WriteDeletes,
  location: string,
  vectors: readonly Vector[],
): Promise<DataFile[]> {
  const { bytes, blobs } = encodePuffin(
    vectors.map(({ dataFile, data, cardinality }) => ({
      type: 'deletion-vector-v1',
      fields: [],
      ...UNKNOWN,
      properties: { 'referenced-data-file': dataFile.filePath, cardinality: String(cardinality) },
      data,
    })),
  )
  onFile(location)
  await store.put(resolveLocation(location), bytes, { mode: 'create', signal })
  return vectors.map(({ dataFile: { filePath, specId, partition }, cardinality }, i) => ({
    content: 'position-deletes',
    filePath: location,
    fileFormat: 'puffin',
    specId,
    partition,
    recordCount: BigInt(cardinality),
    fileSizeInBytes: BigInt(bytes.length),
    referencedDataFile: filePath,
    contentOffset: BigInt(blobs[i]!.offset),
    contentSizeInBytes: BigInt(blobs[i]!.length),
  }))
}
