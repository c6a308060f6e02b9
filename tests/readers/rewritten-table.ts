/** Tables whose files say what another writer, or an older one, would have said in them. */

import { AvroOutput } from '../../format/avro/avro-output.ts'
import { decodeAvroHeader, encodeAvro, openAvro } from '../../format/avro/container.ts'
import { type JsonObject, parseJson, stringifyJson } from '../../format/lossless-json.ts'
import { encodeManifest } from '../../format/manifest-codec.ts'
import { manifestEntryCodec } from '../../format/manifest-columns.ts'
import { encodeManifestList } from '../../format/manifest-list-codec.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import { encodeTableMetadata } from '../../format/table-metadata-json.ts'
import type { Table } from '../../index.ts'
import { readManifestEntries, readManifestList, specInSchema } from '../../snapshot/manifests.ts'
import type { ObjectStore } from '../../storage/object-store.ts'

type Held = Pick<Table, 'metadata' | 'metadataLocation'>

/** Changes the metadata file in its place; a field that becomes undefined is gone. */
export async function rewriteMetadata(
  store: ObjectStore,
  { metadataLocation }: Held,
  edit: (metadata: JsonObject) => Readonly<Record<string, unknown>>,
): Promise<void> {
  const before = parseJson(await store.get(metadataLocation)) as JsonObject
  const after = Object.entries({ ...before, ...edit(before) }).filter(([, value]) => value !== undefined)
  await store.put(metadataLocation, Buffer.from(stringifyJson(Object.fromEntries(after) as JsonObject)))
}

/**
 * Makes a v1 table one of the first writers of v1, without what later ones added: no lists of schemas and specs, no
 * ids of partition fields, no manifest lists, no UUID, and manifests that say neither their version nor their spec.
 */
export async function asFirstWriters(store: ObjectStore, table: Held): Promise<void> {
  const { metadata } = table
  const manifests = new Map<bigint, readonly string[]>()
  for (const snapshot of metadata.snapshots) {
    const list = await readManifestList({ store, metadata }, snapshot)
    const paths = list.map(({ manifestPath }) => manifestPath)
    manifests.set(snapshot.snapshotId, paths)
    for (const path of paths) {
      const file = openAvro(await store.get(path))
      const codec = manifestEntryCodec(1, specInSchema(metadata, 0)!)
      const said = ['schema', 'partition-spec'].map((key) => [key, file.metadata.get(key)!])
      await store.put(path, encodeAvro(codec, file.records(codec), Object.fromEntries(said)))
    }
  }
  await rewriteMetadata(store, table, (json) => ({
    ...Object.fromEntries(LATER_FIELDS.map((name) => [name, undefined])),
    'partition-spec': (json['partition-spec'] as JsonObject[]).map(({ 'field-id': _, ...field }) => field),
    snapshots: metadata.snapshots.map(({ snapshotId, timestampMs }) => ({
      'snapshot-id': snapshotId,
      'timestamp-ms': timestampMs,
      manifests: manifests.get(snapshotId),
    })),
  }))
}

const LATER_FIELDS = [
  'schemas',
  'current-schema-id',
  'partition-specs',
  'default-spec-id',
  'last-partition-id',
  'sort-orders',
  'default-sort-order-id',
  'refs',
  'table-uuid',
]

/**
 * Rewrites every path that the table's metadata, manifest lists and manifests store. Objects stay where they are, and
 * what is written anew lies beside them. Resolves to where the new metadata file is.
 */
export async function respell(
  store: ObjectStore,
  { metadata, metadataLocation }: Held,
  spell: (path: string) => string,
): Promise<string> {
  const source = { store, metadata }
  const snapshots: Snapshot[] = []
  for (const snapshot of metadata.snapshots) {
    const manifests = []
    for (const manifest of await readManifestList(source, snapshot)) {
      const entries = []
      for (const entry of await readManifestEntries(source, manifest)) {
        entries.push({ ...entry, dataFile: { ...entry.dataFile, filePath: spell(entry.dataFile.filePath) } })
      }
      const { bytes } = encodeManifest({
        ...specInSchema(metadata, manifest.partitionSpecId)!,
        formatVersion: metadata.formatVersion,
        content: manifest.content,
        snapshotId: manifest.addedSnapshotId,
        entries,
      })
      const path = manifest.manifestPath.replace('.avro', `-in-${snapshot.snapshotId}.avro`)
      await store.put(path, bytes)
      manifests.push({ ...manifest, manifestPath: spell(path), manifestLength: BigInt(bytes.length) })
    }
    const list = encodeManifestList({ ...metadata, ...snapshot, manifests })
    const path = snapshot.manifestList!.replace('.avro', '-respelled.avro')
    await store.put(path, list.bytes)
    snapshots.push({ ...snapshot, manifestList: spell(path) })
  }
  const respelled = { ...metadata, location: spell(metadata.location), snapshots }
  const place = metadataLocation.replace(/v\d+(?=\.)/, 'v900')
  await store.put(place, encodeTableMetadata(respelled))
  return place
}

/** An Avro file as of a writer that leaves Iceberg's ids out of its schema, and out of the header what `except` names. */
export function withoutFieldIds(bytes: Uint8Array, except: readonly string[] = []): Uint8Array {
  const { metadata, sync, end } = decodeAvroHeader(bytes)
  const schema = metadata.get('avro.schema')!.replace(/,"(field|element)-id":\d+/g, '')
  const entries = [...metadata].filter(([key]) => key !== 'avro.schema' && !except.includes(key))
  const output = new AvroOutput()
  output.writeFixed(bytes.subarray(0, 4))
  output.writeInt(entries.length + 1)
  for (const [key, value] of [...entries, ['avro.schema', schema] as const]) {
    output.writeString(key)
    output.writeString(value)
  }
  output.writeInt(0)
  output.writeFixed(sync)
  return new Uint8Array(Buffer.concat([output.view(), bytes.subarray(end)]))
}
