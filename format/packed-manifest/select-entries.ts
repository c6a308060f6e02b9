import { AvroInput } from '../avro/avro-input.ts'
import type { MeasuredFile } from '../expressions/metrics-evaluator.ts'
import type { DataFile, ManifestFile, PartitionTuple } from '../manifest.ts'
import { type MetricsProjection, partitionCodec } from '../manifest-columns.ts'
import { type CommittedEntry, checkContent, committedEntry, firstRowIds } from '../manifest-inheritance.ts'
import type { SpecInSchema } from '../partition-type.ts'
import { PackedFile } from './packed-file.ts'
import type { PackedManifest } from './packed-manifest.ts'

/** Which live files are wanted. */
export interface FileTests {
  /** Asked once for each tuple of a manifest. */
  readonly partition: (tuple: PartitionTuple) => boolean
  /** Asked of the files of wanted partitions. */
  readonly file: (file: MeasuredFile & Pick<DataFile, 'filePath'>) => boolean
  /** Told of every live file, wanted or not. */
  readonly onLive: () => void
}

export const ALL_LIVE: FileTests = { partition: () => true, file: () => true, onLive: () => {} }

export interface Selection {
  readonly metrics: MetricsProjection
  /** With tests, entries of removed files are left out. */
  readonly tests?: FileTests | undefined
}

/**
 * The entries of a packed manifest with inheritance applied, as `decodeManifest` gives them; files of one partition
 * share its tuple. What is malformed in an entry that is not selected may stay unseen. Errors: `INVALID_DATA`.
 */
export function* selectEntries(
  packed: PackedManifest,
  manifest: ManifestFile,
  partition: SpecInSchema,
  { metrics, tests }: Selection,
): Generator<CommittedEntry, void, undefined> {
  const { specId } = partition.spec
  const tuples = partitionTuples(packed, partition)
  const wanted: boolean[] = []
  const rowIdOf = firstRowIds(manifest)
  let file: PackedFile | undefined
  for (const entries of packed.entries) {
    file ??= new PackedFile(entries)
    for (let i = 0; i < entries.length; i++) {
      file.moveTo(entries, i)
      checkContent(manifest, file)
      const { status } = file
      const firstRowId = rowIdOf?.(status, file)
      if (tests !== undefined) {
        if (status === 'deleted') continue
        tests.onLive()
        wanted[file.partition] ??= tests.partition(tuples(file.partition))
        if (!wanted[file.partition] || !tests.file(file)) continue
      }
      yield committedEntry(manifest, {
        status,
        snapshotId: file.snapshotId,
        sequenceNumber: file.sequenceNumber,
        fileSequenceNumber: file.fileSequenceNumber,
        dataFile: file.toDataFile(specId, tuples(file.partition), metrics, firstRowId),
      })
    }
  }
}

/** Decodes each tuple at its first use, by the fields that the spec has in the schema of today. */
function partitionTuples(packed: PackedManifest, partition: SpecInSchema): (index: number) => PartitionTuple {
  const read = partitionCodec(partition).reader(packed.layout.partition, 'record.data_file.partition')
  const decoded: PartitionTuple[] = []
  return (index) => {
    decoded[index] ??= read(new AvroInput(packed.partitions.tuples[index]!))
    return decoded[index]
  }
}
