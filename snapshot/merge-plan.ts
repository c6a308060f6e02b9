/** Which manifests of a snapshot are to be merged: Iceberg Java's rules for `commit.manifest.*`. Pure. */
import type { ManifestFile } from '../format/manifest.ts'
import type { UnassignedManifest } from '../format/manifest-list-codec.ts'
import { partitionTypes, type SpecInSchema } from '../format/partition-type.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { readProperty } from '../format/table-properties.ts'
import { specInSchema } from './manifests.ts'
import type { NewManifest } from './new-manifests.ts'
import { packEnd } from './pack-end.ts'

/** A manifest that the commit adds, or one of the snapshot that it follows on. */
export type Candidate =
  | {
      readonly kind: 'new'
      readonly manifest: Omit<UnassignedManifest, 'manifestPath'>
      readonly source: NewManifest
    }
  | { readonly kind: 'existing'; readonly manifest: ManifestFile }

/** Manifests that become one; or a single one that stays. */
export type MergeGroup = readonly Candidate[]

/**
 * The manifests of the next snapshot, in their order: data before deletes, and new ones first. Those of one partition
 * spec are packed into groups near `commit.manifest.target-size-bytes`. The group that holds the first manifest is
 * left in pieces until it has `commit.manifest.min-count-to-merge` of them. Encrypted manifests stay as they are, and
 * so do those whose partition values have a type that nothing tells any more.
 */
export function planMerge(metadata: TableMetadata, candidates: readonly Candidate[]): MergeGroup[] {
  const ofContent = (content: ManifestFile['content']) =>
    candidates.filter(({ manifest }) => manifest.content === content)
  return [...planContent(metadata, ofContent('data')), ...planContent(metadata, ofContent('deletes'))]
}

function planContent(metadata: TableMetadata, candidates: readonly Candidate[]): MergeGroup[] {
  const { properties } = metadata
  const alone = (candidate: Candidate): MergeGroup => [candidate]
  if (!readProperty(properties, 'commit.manifest-merge.enabled')) return candidates.map(alone)
  const target = BigInt(readProperty(properties, 'commit.manifest.target-size-bytes'))
  const minCount = readProperty(properties, 'commit.manifest.min-count-to-merge')
  const first = candidates[0]
  return bySpecDescending(candidates).flatMap(([specId, group]) => {
    if (!isRewritable(specInSchema(metadata, specId))) return group.map(alone)
    const mergeable = group.filter(({ manifest }) => manifest.keyMetadata === undefined)
    const encrypted = group.filter(({ manifest }) => manifest.keyMetadata !== undefined)
    const packed = packEnd(mergeable, target, ({ manifest }) => manifest.manifestLength)
    const groups = packed.flatMap((items) =>
      items.includes(first!) && items.length < minCount ? items.map(alone) : [items],
    )
    return [...groups, ...encrypted.map(alone)]
  })
}

/** A source column may be gone from all schemas: other engines remove those that no snapshot names. */
function isRewritable(partition: SpecInSchema | undefined): boolean {
  if (partition === undefined) return false
  const { fields } = partition.spec
  return partitionTypes(partition).every(
    ({ kind }, i) => kind !== 'unknown' || fields[i]!.transform.kind === 'void',
  )
}

/** Newer specs first, so that what is written now comes first. */
function bySpecDescending(candidates: readonly Candidate[]): [number, Candidate[]][] {
  const bySpec = new Map<number, Candidate[]>()
  for (const candidate of candidates) {
    const specId = candidate.manifest.partitionSpecId
    const group = bySpec.get(specId)
    if (group === undefined) bySpec.set(specId, [candidate])
    else group.push(candidate)
  }
  return [...bySpec].sort(([a], [b]) => b - a)
}
