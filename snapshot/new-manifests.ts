/** The manifests of files that a commit adds: by partition spec, near the size that the table asks for. Pure. */
import { invalidArgument } from '../format/errors.ts'
import type { DataFile, ManifestContent, ManifestEntry } from '../format/manifest.ts'
import { type EncodedManifest, encodeManifest } from '../format/manifest-codec.ts'
import type { SpecInSchema } from '../format/partition-type.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { readProperty } from '../format/table-properties.ts'
import { specInSchema } from './manifests.ts'

/** A manifest that is in memory only, with what it lists. */
export interface NewManifest extends EncodedManifest {
  readonly entries: readonly ManifestEntry[]
  /** Tells it from all others of its operation. */
  readonly key: string
}

/** So many files tell how large an entry is. */
const SAMPLE_SIZE = 1000

export interface FilesToAdd {
  readonly content: ManifestContent
  readonly files: readonly DataFile[]
  /** Among all that the operation ever adds: files of an attempt that has lost may be added again, beside others. */
  readonly number: number
}

/** Throws INVALID_ARGUMENT for a file of a partition spec that the table does not have. */
export function newManifests(
  metadata: TableMetadata,
  snapshotId: bigint,
  { content, files, number }: FilesToAdd,
): NewManifest[] {
  const manifests: NewManifest[] = []
  for (const [specId, group] of filesBySpec(files)) {
    const partition = specInSchema(metadata, specId)
    if (partition === undefined) throw invalidArgument(`the table has no partition spec ${specId}`)
    for (const manifest of encodeInParts({ metadata, snapshotId, content, partition }, group)) {
      manifests.push({ ...manifest, key: `added ${number} ${manifests.length}` })
    }
  }
  return manifests
}

function filesBySpec(files: readonly DataFile[]): Map<number, DataFile[]> {
  const bySpec = new Map<number, DataFile[]>()
  for (const file of files) {
    const group = bySpec.get(file.specId)
    if (group === undefined) bySpec.set(file.specId, [file])
    else group.push(file)
  }
  return bySpec
}

type Unnamed = Omit<NewManifest, 'key'>

interface PartsOf {
  readonly metadata: TableMetadata
  readonly snapshotId: bigint
  readonly content: ManifestContent
  readonly partition: SpecInSchema
}

function* encodeInParts(parts: PartsOf, files: readonly DataFile[]): Generator<Unnamed> {
  const target = readProperty(parts.metadata.properties, 'commit.manifest.target-size-bytes')
  const sample = encode(parts, files.slice(0, SAMPLE_SIZE))
  const { entries, bytes } = sample
  if (entries.length === files.length && bytes.length <= target) return yield sample
  const perManifest = Math.max(1, Math.floor((target * entries.length) / bytes.length))
  for (let i = 0; i < files.length; i += perManifest) yield encode(parts, files.slice(i, i + perManifest))
}

function encode(
  { metadata: { formatVersion }, snapshotId, content, partition }: PartsOf,
  files: readonly DataFile[],
): Unnamed {
  const entries = files.map((dataFile): ManifestEntry => ({ status: 'added', snapshotId, dataFile }))
  return {
    ...encodeManifest({ ...partition, formatVersion, content, snapshotId, entries }),
    entries,
  }
}
