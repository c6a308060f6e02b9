/** A table whose files, deletes and sequence numbers are whatever a test says, committed as another engine would. */
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import type { DataFile, ManifestEntry, PartitionTuple } from '../../format/manifest.ts'
import { encodeManifest } from '../../format/manifest-codec.ts'
import { encodeManifestList } from '../../format/manifest-list-codec.ts'
import type { FileFooter } from '../../format/parquet/footer.ts'
import { decodeFooter, FOOTER_TAIL_LENGTH, footerLength } from '../../format/parquet/footer-codec.ts'
import { footerMetrics } from '../../format/parquet/metrics.ts'
import { encodeDeletionVector } from '../../format/puffin/deletion-vector.ts'
import { PositionSet } from '../../format/puffin/position-set.ts'
import { encodePuffin } from '../../format/puffin/puffin-file.ts'
import { currentSnapshot } from '../../format/table-metadata-build.ts'
import { longType, type NestedField, stringType } from '../../format/types.ts'
import { connect, type Lake, MemoryStore, type Table } from '../../index.ts'
import { readManifestEntries, readManifestList, specInSchema } from '../../snapshot/manifests.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { type InputRow, optional, parquetFile, required } from '../readers/support.ts'

/** A file as the table holds it. */
export interface HeldFile {
  readonly file: DataFile
  readonly sequenceNumber: bigint
}

export interface Placed {
  readonly specId?: number
  readonly partition?: PartitionTuple
}

export const POSITION_FIELDS: readonly NestedField[] = [
  required(2147483546, 'file_path', stringType),
  required(2147483545, 'pos', longType),
]

export const IDENTIFIER = { namespace: ['shop'], name: 'orders' }

export class CraftedTable {
  readonly lake: Lake
  readonly store: ObjectStore
  /** What the current snapshot holds. */
  held: readonly HeldFile[] = []
  readonly #warehouse: string
  readonly #environment = testEnvironment(7)
  #files = 0

  private constructor(lake: Lake, store: ObjectStore, warehouse: string) {
    this.lake = lake
    this.store = store
    this.#warehouse = warehouse
  }

  static async create(
    options: Parameters<Lake['createTable']>[1],
    {
      store = new MemoryStore(),
      warehouse = 'memory://lake/wh',
    }: { store?: ObjectStore; warehouse?: string } = {},
  ): Promise<CraftedTable> {
    const properties = { type: 'hadoop', warehouse, 'io.manifest.cache-enabled': 'false' }
    const lake = await connect(properties, { store, environment: testEnvironment(3) })
    await lake.createTable('shop.orders', options)
    return new CraftedTable(lake, store, warehouse)
  }

  /** Takes up what the table holds by now. */
  async adopt(): Promise<void> {
    const { metadata } = await this.load()
    const source = { metadata, store: this.store }
    const held: HeldFile[] = []
    for (const manifest of await readManifestList(source, currentSnapshot(metadata)!)) {
      for (const { dataFile, sequenceNumber } of await readManifestEntries(source, manifest)) {
        held.push({ file: dataFile, sequenceNumber: sequenceNumber! })
      }
    }
    this.held = held
  }

  load(): Promise<Table> {
    return this.lake.loadTable('shop.orders')
  }

  /** Writes a data file with a row group for each list of rows. */
  async dataFile(
    fields: readonly NestedField[],
    rowGroups: readonly (readonly InputRow[])[],
    placed: Placed = {},
  ): Promise<DataFile> {
    return this.#rows('data', fields, rowGroups, placed)
  }

  /** Takes over a file of another writer; rows of Avro files are not counted. */
  async foreignFile(
    bytes: Uint8Array,
    {
      specId = 0,
      partition = [],
      fileFormat = 'parquet',
    }: Placed & Partial<Pick<DataFile, 'fileFormat'>> = {},
  ): Promise<DataFile> {
    return {
      content: 'data',
      filePath: await this.#put(bytes, fileFormat),
      fileFormat,
      specId,
      partition,
      recordCount: fileFormat === 'parquet' ? footerOf(bytes).numRows : -1n,
      fileSizeInBytes: BigInt(bytes.length),
    }
  }

  /** Writes a position delete file; `fields` may have more columns than the two. */
  async positionDeletes(
    rows: readonly InputRow[],
    placed: Placed & { readonly referencedDataFile?: string; readonly fields?: readonly NestedField[] } = {},
  ): Promise<DataFile> {
    const { referencedDataFile, fields = POSITION_FIELDS } = placed
    const file = await this.#rows('position-deletes', fields, [rows], placed)
    return referencedDataFile === undefined ? file : { ...file, referencedDataFile }
  }

  async equalityDeletes(
    equalityIds: readonly number[],
    fields: readonly NestedField[],
    rows: readonly InputRow[],
    placed: Placed = {},
  ): Promise<DataFile> {
    return { ...(await this.#rows('equality-deletes', fields, [rows], placed)), equalityIds }
  }

  /** Writes one Puffin file with a deletion vector for each data file. */
  async vectors(
    deleted: readonly { readonly of: DataFile; readonly positions: Iterable<number> }[],
  ): Promise<readonly DataFile[]> {
    const sets = deleted.map(({ positions }) => PositionSet.of(positions))
    const { bytes, blobs } = encodePuffin(
      sets.map((positions, i) => ({
        type: 'deletion-vector-v1',
        fields: [],
        snapshotId: -1n,
        sequenceNumber: -1n,
        properties: {
          'referenced-data-file': deleted[i]!.of.filePath,
          cardinality: String(positions.cardinality),
        },
        data: encodeDeletionVector(positions),
      })),
    )
    const filePath = await this.#put(bytes, 'puffin')
    return deleted.map(({ of }, i) => ({
      content: 'position-deletes',
      filePath,
      fileFormat: 'puffin',
      specId: of.specId,
      partition: of.partition,
      recordCount: BigInt(sets[i]!.cardinality),
      fileSizeInBytes: BigInt(bytes.length),
      referencedDataFile: of.filePath,
      contentOffset: BigInt(blobs[i]!.offset),
      contentSizeInBytes: BigInt(blobs[i]!.length),
    }))
  }

  /**
   * Commits a snapshot of what is held, less and more. Added files take the sequence number of the commit, unless
   * they say an older one.
   */
  async commit(change: {
    readonly add?: readonly (DataFile | HeldFile)[]
    readonly remove?: readonly DataFile[]
  }): Promise<bigint> {
    const catalog = objectStoreCatalog({
      store: this.store,
      warehouse: this.#warehouse,
      environment: this.#environment,
    })
    const { metadata } = await catalog.loadTable(IDENTIFIER)
    const snapshotId = this.#environment.snapshotId()
    const sequenceNumber = metadata.lastSequenceNumber + 1n
    const gone = new Set(change.remove ?? [])
    const kept = this.held.filter(({ file }) => !gone.has(file))
    const added = (change.add ?? []).map(
      (item): HeldFile => ('file' in item ? item : { file: item, sequenceNumber }),
    )
    const entries = [
      ...kept.map((held): ManifestEntry => ({ ...entryOf(held), status: 'existing', snapshotId: 1n })),
      ...added.map((held): ManifestEntry => ({ ...entryOf(held), status: 'added', snapshotId })),
    ]
    const manifests = []
    for (const content of ['data', 'deletes'] as const) {
      for (const { specId } of metadata.partitionSpecs) {
        const some = entries.filter(
          ({ dataFile }) =>
            dataFile.specId === specId && (dataFile.content === 'data') === (content === 'data'),
        )
        if (some.length === 0) continue
        const { formatVersion } = metadata
        const partition = specInSchema(metadata, specId)!
        const encoded = encodeManifest({ ...partition, formatVersion, content, snapshotId, entries: some })
        const manifestPath = await this.#put(encoded.bytes, 'avro', 'metadata')
        manifests.push({ ...encoded.manifest, manifestPath })
      }
    }
    const parent = currentSnapshot(metadata)
    const list = encodeManifestList({
      formatVersion: metadata.formatVersion,
      snapshotId,
      parentSnapshotId: parent?.snapshotId,
      sequenceNumber,
      firstRowId: metadata.nextRowId,
      manifests,
    })
    const manifestList = await this.#put(list.bytes, 'avro', 'metadata')
    const lineage =
      metadata.formatVersion === 3 ? { firstRowId: metadata.nextRowId, addedRows: list.assignedRows } : {}
    const result = await catalog.commitTable({
      identifier: IDENTIFIER,
      requirements: [],
      updates: [
        {
          action: 'add-snapshot',
          snapshot: {
            snapshotId,
            ...(parent === undefined ? {} : { parentSnapshotId: parent.snapshotId }),
            sequenceNumber,
            timestampMs: metadata.lastUpdatedMs + 1,
            manifestList,
            operation: 'overwrite',
            summary: {},
            schemaId: metadata.currentSchemaId,
            ...lineage,
          },
        },
        { action: 'set-snapshot-ref', refName: 'main', ref: { type: 'branch', snapshotId } },
      ],
    })
    if (result.status === 'conflict') throw new Error(result.reason)
    this.held = [...kept, ...added]
    return snapshotId
  }

  async #rows(
    content: DataFile['content'],
    fields: readonly NestedField[],
    rowGroups: readonly (readonly InputRow[])[],
    { specId = 0, partition = [] }: Placed,
  ): Promise<DataFile> {
    const bytes = parquetFile(fields, rowGroups)
    const footer = footerOf(bytes)
    return {
      content,
      filePath: await this.#put(bytes, 'parquet'),
      fileFormat: 'parquet',
      specId,
      partition,
      recordCount: footer.numRows,
      fileSizeInBytes: BigInt(bytes.length),
      ...(content === 'position-deletes'
        ? pathBounds(rowGroups.flat())
        : footerMetrics(footer, { fields }, { mode: () => ({ kind: 'full' }) })),
    }
  }

  async #put(bytes: Uint8Array, extension: string, folder = 'data'): Promise<string> {
    const location = `${this.#warehouse}/shop/orders/${folder}/crafted-${this.#files++}.${extension}`
    await this.store.put(location, bytes)
    return location
  }
}

function footerOf(bytes: Uint8Array): FileFooter {
  const length = footerLength(bytes.subarray(-FOOTER_TAIL_LENGTH), bytes.length)
  return decodeFooter(bytes.subarray(-FOOTER_TAIL_LENGTH - length, -FOOTER_TAIL_LENGTH), bytes.length)
}

/** The bounds of `file_path`. */
function pathBounds(rows: readonly InputRow[]): Pick<DataFile, 'lowerBounds' | 'upperBounds'> {
  const paths = rows.map((row) => Buffer.from(row['file_path'] as string)).sort(Buffer.compare)
  const bounds = (path: Buffer) => new Map([[POSITION_FIELDS[0]!.id, new Uint8Array(path)]])
  return { lowerBounds: bounds(paths[0]!), upperBounds: bounds(paths.at(-1)!) }
}

function entryOf({ file, sequenceNumber }: HeldFile): Omit<ManifestEntry, 'status'> {
  return { sequenceNumber, fileSequenceNumber: sequenceNumber, dataFile: file }
}

/** Rows of a position delete file. */
export function positionRows(path: string, positions: Iterable<number>): InputRow[] {
  return [...positions].map((pos) => ({ file_path: path, pos: BigInt(pos) }))
}

export { optional, required }
