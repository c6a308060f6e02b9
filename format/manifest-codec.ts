import type { AvroCodecName } from './avro/block-codec.ts'
import { encodeAvro, openAvro } from './avro/container.ts'
import { inFile, invalidArgument, invalidData, namingFile } from './errors.ts'
import { stringifyJson } from './lossless-json.ts'
import type { DataFile, ManifestContent, ManifestEntry, ManifestFile } from './manifest.ts'
import { type MetricsProjection, manifestEntryCodec } from './manifest-columns.ts'
import { formatVersionOf } from './manifest-format-version.ts'
import { type CommittedEntry, inheritance } from './manifest-inheritance.ts'
import type { UnassignedManifest } from './manifest-list-codec.ts'
import { manifestSummarizer } from './manifest-summary.ts'
import { partitionFieldsToJson } from './partition-spec-json.ts'
import { partitionTypes, type SpecInSchema } from './partition-type.ts'
import { schemaToJson } from './schema-json.ts'
import type { FormatVersion } from './table-metadata.ts'
import { promoteLiteral } from './values/promote-literal.ts'

export interface EncodeManifest extends SpecInSchema {
  readonly formatVersion: FormatVersion
  readonly content: ManifestContent
  /** The snapshot that adds the manifest; entries without a snapshot id get it. */
  readonly snapshotId: bigint
  /** Pulled once, in the order of the file. */
  readonly entries: Iterable<ManifestEntry>
  readonly codec?: AvroCodecName
}

export interface EncodedManifest {
  readonly bytes: Uint8Array
  /** Its line for a manifest list, but for the path that the caller gives it. */
  readonly manifest: Omit<UnassignedManifest, 'manifestPath'>
}

/**
 * Writes a manifest. The bytes do not depend on the sequence number and row ids of the commit, so that an attempt
 * that lost can hand over the same file again. Errors: `INVALID_ARGUMENT` for an entry that the manifest cannot hold.
 */
export function encodeManifest(request: EncodeManifest): EncodedManifest {
  const { formatVersion, schema, spec, content, snapshotId } = request
  if (formatVersion === 1 && content === 'deletes')
    throw invalidArgument('format version 1 has no delete manifests')
  const summarizer = manifestSummarizer(request)
  const promoted = promoteTuples(request)
  const entries = function* (): Generator<ManifestEntry> {
    for (const given of request.entries) {
      const entry = promoted(given)
      checkEntry(entry, request)
      summarizer.add(entry)
      yield entry.snapshotId === undefined ? { ...entry, snapshotId } : entry
    }
  }
  const metadata = {
    schema: stringifyJson(schemaToJson(schema)),
    'schema-id': String(schema.schemaId),
    'partition-spec': stringifyJson(partitionFieldsToJson(spec.fields)),
    'partition-spec-id': String(spec.specId),
    'format-version': String(formatVersion),
    ...(formatVersion === 1 ? {} : { content }),
  }
  const bytes = encodeAvro(manifestEntryCodec(formatVersion, request), entries(), metadata, request.codec)
  return {
    bytes,
    manifest: {
      manifestLength: BigInt(bytes.length),
      partitionSpecId: spec.specId,
      content,
      addedSnapshotId: snapshotId,
      ...summarizer.summary(),
    },
  }
}

export interface DecodeManifest {
  /** The spec of an id and a schema that has its source columns. */
  readonly specById: (specId: number) => SpecInSchema | undefined
  /** Which metrics to decode. Default: all. */
  readonly metrics?: MetricsProjection
}

/**
 * Reads a manifest's entries with inheritance applied, block by block as they are pulled. Errors, all naming the
 * file: `INVALID_DATA`, `UNSUPPORTED` for a later format version or a codec that is not served.
 */
export function* decodeManifest(
  bytes: Uint8Array,
  manifest: ManifestFile,
  options: DecodeManifest,
): Generator<CommittedEntry, void, undefined> {
  try {
    const partition = options.specById(manifest.partitionSpecId)
    if (partition === undefined) {
      throw invalidData(`the table has no partition spec ${manifest.partitionSpecId}`, {
        rule: 'Manifest Lists',
      })
    }
    const file = openAvro(bytes)
    const codec = manifestEntryCodec(formatVersionOf(file), partition, options.metrics)
    const inherit = inheritance(manifest)
    for (const entry of file.records(codec)) yield inherit(entry)
  } catch (error) {
    throw namingFile(manifest.manifestPath, error)
  }
}

/** The partition spec of a manifest, for lists that do not tell it; v1 may leave it out. Errors: `INVALID_DATA`. */
export function decodeManifestSpecId(bytes: Uint8Array, file: string): number {
  return inFile(file, () => {
    const text = openAvro(bytes).metadata.get('partition-spec-id') ?? '0'
    if (/^\d{1,9}$/.test(text)) return Number(text)
    throw invalidData(`expected the id of a partition spec, found '${text.slice(0, 40)}'`, {
      rule: 'Manifests',
    })
  })
}

/** Files that were written, or planned, before a source column was widened have tuples of its earlier type. */
function promoteTuples(partition: SpecInSchema): (entry: ManifestEntry) => ManifestEntry {
  const types = partitionTypes(partition)
  return (entry) => {
    const tuple = entry.dataFile.partition
    const now = tuple.map((value, i) => promoteLiteral(types[i]!, value))
    if (now.every((value, i) => Object.is(value, tuple[i]))) return entry
    return { ...entry, dataFile: { ...entry.dataFile, partition: now } }
  }
}

function checkEntry(entry: ManifestEntry, request: EncodeManifest): void {
  const { dataFile } = entry
  const refuse = (why: string) => invalidArgument(`${dataFile.filePath} ${why}`, { file: dataFile.filePath })
  if ((dataFile.content === 'data') !== (request.content === 'data')) {
    throw refuse(`holds ${dataFile.content}, which a manifest of ${request.content} cannot list`)
  }
  const { specId, fields } = request.spec
  if (dataFile.specId !== specId || dataFile.partition.length !== fields.length) {
    throw refuse(`is partitioned by spec ${dataFile.specId}, its manifest by spec ${specId}`)
  }
  if (entry.sequenceNumber === undefined && request.formatVersion > 1) {
    // Only what this commit adds may take the commit's sequence number.
    const own = entry.snapshotId === undefined || entry.snapshotId === request.snapshotId
    if (entry.status !== 'added' || !own)
      throw refuse(`has no sequence number, but it was added by an earlier commit`)
  }
  if (isDeletionVector(dataFile) && request.formatVersion < 3)
    throw refuse('holds deletion vectors, which need v3')
  if (dataFile.content !== 'data' && dataFile.firstRowId !== undefined) {
    throw refuse('holds deletes, so it cannot have a first row id')
  }
}

function isDeletionVector(file: DataFile): boolean {
  return file.fileFormat === 'puffin' || file.contentOffset !== undefined
}
