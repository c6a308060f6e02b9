/**
 * Which delete files apply to which data file (spec: "Scan Planning"), as Iceberg Java's DeleteFileIndex has it.
 *
 * A position delete applies to files that are as old as it or older, an equality delete only to older ones. Both stay
 * within their partition, spec id and tuple, unless an equality delete was written with an unpartitioned spec: that is
 * global. A position delete may name its data file; a deletion vector always does, and stands for every position
 * delete of that file.
 */
import { invalidData } from '../../format/errors.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { LiveEntry } from '../../format/manifest-inheritance.ts'
import { partitionKey } from '../../format/partition-key.ts'
import type { DeleteFileRef } from '../scan-task.ts'
import { type KeyTypes, mayShareKeys } from './key-ranges.ts'

export interface DeleteIndex {
  /** Field ids of the keys of all equality deletes: metrics of these columns let `deletesOf` leave more out. */
  readonly equalityIds: ReadonlySet<number>
  /** Throws INVALID_DATA for a deletion vector that cannot be of this file. */
  deletesOf(file: DataFile, sequenceNumber: bigint): readonly DeleteFileRef[]
}

export interface DeleteIndexOptions {
  /** Whether a partition spec has no field, or void ones only. */
  readonly isUnpartitioned: (specId: number) => boolean
  readonly keyTypes: KeyTypes
}

const NONE: readonly DeleteFileRef[] = []

/** Indexes live delete files. Throws INVALID_DATA for a deletion vector that is incomplete, or one of two of a file. */
export function indexDeletes(entries: Iterable<LiveEntry>, options: DeleteIndexOptions): DeleteIndex {
  const vectors = new Map<string, DeleteFileRef>()
  const byPath = new DeleteLists<string>()
  const positionsByPartition = new DeleteLists<string>()
  const equalityByPartition = new DeleteLists<string>()
  const global: DeleteFileRef[] = []
  const equalityIds = new Set<number>()
  for (const { dataFile: file, sequenceNumber } of entries) {
    const ref: DeleteFileRef = { file, sequenceNumber }
    if (file.content === 'equality-deletes') {
      for (const id of keysOf(file)) equalityIds.add(id)
      if (options.isUnpartitioned(file.specId)) global.push(ref)
      else equalityByPartition.add(partitionKey(file.specId, file.partition), ref)
    } else if (file.fileFormat === 'puffin') {
      addVector(vectors, ref)
    } else {
      const path = referencedPath(file)
      if (path !== undefined) byPath.add(path, ref)
      else positionsByPartition.add(partitionKey(file.specId, file.partition), ref)
    }
  }
  global.sort(bySequenceNumber)
  const isEmpty = vectors.size === 0 && byPath.isEmpty && positionsByPartition.isEmpty
  const hasEquality = global.length > 0 || !equalityByPartition.isEmpty
  return {
    equalityIds,
    deletesOf(file, sequenceNumber) {
      if (isEmpty && !hasEquality) return NONE
      const partition = partitionKey(file.specId, file.partition)
      const equality = [
        ...from(global, sequenceNumber + 1n),
        ...equalityByPartition.from(partition, sequenceNumber + 1n),
      ]
      const found = equality.filter((ref) => mayShareKeys(file, ref.file, options.keyTypes))
      const vector = vectors.get(file.filePath)
      if (vector !== undefined) {
        checkVector(vector, file, sequenceNumber)
        found.push(vector)
      } else {
        found.push(...byPath.from(file.filePath, sequenceNumber))
        const positions = positionsByPartition.from(partition, sequenceNumber)
        if (positions.length > 0) found.push(...positions.filter(mayName(file.filePath)))
      }
      return found.length === 0 ? NONE : found
    },
  }
}

/** Lists of deletes by key, each in the order of sequence numbers when it is first asked for. */
class DeleteLists<K> {
  readonly #lists = new Map<K, { readonly refs: DeleteFileRef[]; sorted: boolean }>()

  get isEmpty(): boolean {
    return this.#lists.size === 0
  }

  add(key: K, ref: DeleteFileRef): void {
    const list = this.#lists.get(key)
    if (list === undefined) this.#lists.set(key, { refs: [ref], sorted: false })
    else list.refs.push(ref)
  }

  /** Those of a key whose sequence number is `least` or more. */
  from(key: K, least: bigint): readonly DeleteFileRef[] {
    const list = this.#lists.get(key)
    if (list === undefined) return NONE
    if (!list.sorted) list.refs.sort(bySequenceNumber)
    list.sorted = true
    return from(list.refs, least)
  }
}

function bySequenceNumber(a: DeleteFileRef, b: DeleteFileRef): number {
  return a.sequenceNumber < b.sequenceNumber ? -1 : a.sequenceNumber > b.sequenceNumber ? 1 : 0
}

/** Of refs in the order of their sequence numbers, those with `least` or more. */
function from(refs: readonly DeleteFileRef[], least: bigint): readonly DeleteFileRef[] {
  let low = 0
  let high = refs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (refs[middle]!.sequenceNumber < least) low = middle + 1
    else high = middle
  }
  return low === 0 ? refs : refs.slice(low)
}

function keysOf(file: DataFile): readonly number[] {
  const { equalityIds } = file
  if (equalityIds !== undefined && equalityIds.length > 0) return equalityIds
  throw corrupted(file, 'the equality delete file has no equality_ids', 'Equality Delete Files')
}

/** `file_path` in position delete files. */
const FILE_PATH_ID = 2147483546

/** The one data file that a position delete file is about: named, or the only path within its bounds. */
function referencedPath(file: DataFile): string | undefined {
  if (file.referencedDataFile !== undefined) return file.referencedDataFile
  const lower = file.lowerBounds?.get(FILE_PATH_ID)
  const upper = file.upperBounds?.get(FILE_PATH_ID)
  if (lower === undefined || upper === undefined || Buffer.compare(lower, upper) !== 0) return undefined
  return Buffer.from(lower).toString('utf8')
}

/** Whether a path lies within the bounds of the paths in a position delete file. */
function mayName(path: string): (ref: DeleteFileRef) => boolean {
  const bytes = Buffer.from(path)
  return ({ file: { lowerBounds, upperBounds } }) => {
    const lower = lowerBounds?.get(FILE_PATH_ID)
    const upper = upperBounds?.get(FILE_PATH_ID)
    return (
      (lower === undefined || Buffer.compare(lower, bytes) <= 0) &&
      (upper === undefined || Buffer.compare(bytes, upper) <= 0)
    )
  }
}

const VECTOR_RULE = 'Deletion Vectors'

function addVector(vectors: Map<string, DeleteFileRef>, ref: DeleteFileRef): void {
  const { file } = ref
  const { referencedDataFile, contentOffset, contentSizeInBytes } = file
  if (referencedDataFile === undefined || contentOffset === undefined || contentSizeInBytes === undefined) {
    throw corrupted(
      file,
      'a deletion vector needs referenced_data_file, content_offset and content_size_in_bytes',
      VECTOR_RULE,
    )
  }
  const other = vectors.get(referencedDataFile)
  if (other !== undefined) {
    throw corrupted(
      file,
      `${referencedDataFile} has two deletion vectors, the other one in ${other.file.filePath}`,
      VECTOR_RULE,
    )
  }
  vectors.set(referencedDataFile, ref)
}

function checkVector(
  { file, sequenceNumber }: DeleteFileRef,
  dataFile: DataFile,
  dataSequence: bigint,
): void {
  if (sequenceNumber < dataSequence) {
    throw corrupted(
      file,
      `its deletion vector of ${dataFile.filePath} has sequence number ${sequenceNumber}, below the file's ${dataSequence}`,
      VECTOR_RULE,
    )
  }
  if (
    file.specId !== dataFile.specId ||
    partitionKey(file.specId, file.partition) !== partitionKey(dataFile.specId, dataFile.partition)
  ) {
    throw corrupted(
      file,
      `its deletion vector of ${dataFile.filePath} is of another partition than the file`,
      VECTOR_RULE,
    )
  }
}

function corrupted({ filePath }: DataFile, what: string, rule: string): Error {
  return invalidData(`${filePath}: the metadata is corrupted: ${what}`, { file: filePath, rule })
}
