import { invalidData } from './errors.ts'
import type { DataFile, EntryStatus, ManifestEntry, ManifestFile } from './manifest.ts'

/** An entry after inheritance: what a table knows of a file that it holds, or that it just removed. */
export type CommittedEntry = LiveEntry | DeletedEntry

export interface LiveEntry extends ManifestEntry {
  readonly status: 'added' | 'existing'
  readonly snapshotId: bigint
  readonly sequenceNumber: bigint
  /** Undefined for existing files in manifests of writers that did not keep it yet. */
  readonly fileSequenceNumber?: bigint
}

/** A removed file. Old writers left its sequence numbers out, and nothing can be inherited in their place. */
export interface DeletedEntry extends ManifestEntry {
  readonly status: 'deleted'
  readonly snapshotId: bigint
}

/**
 * Fills in what a manifest's entries inherit from its line in the manifest list (spec: "Sequence Number
 * Inheritance", "First Row ID Inheritance"). The function is for the entries of one manifest, in their order.
 * Errors: `INVALID_DATA`.
 */
export function inheritance(manifest: ManifestFile): (entry: ManifestEntry) => CommittedEntry {
  const rowIdOf = firstRowIds(manifest)
  return (entry) => {
    const { status, dataFile } = entry
    checkContent(manifest, dataFile)
    const firstRowId = rowIdOf?.(status, dataFile)
    if (firstRowId === dataFile.firstRowId) return committedEntry(manifest, entry)
    return committedEntry(manifest, { ...entry, dataFile: { ...dataFile, firstRowId } })
  }
}

/** An entry whose file has its row id, with the ids and numbers that it inherits. Errors: `INVALID_DATA`. */
export function committedEntry(manifest: ManifestFile, entry: ManifestEntry): CommittedEntry {
  const { status, dataFile } = entry
  // Numbers are inherited by added files only, but for v1, where every number is 0.
  const inherited = status === 'added' || manifest.sequenceNumber === 0n ? manifest.sequenceNumber : undefined
  const committed = {
    status,
    snapshotId: entry.snapshotId ?? manifest.addedSnapshotId,
    sequenceNumber: entry.sequenceNumber ?? inherited,
    fileSequenceNumber: entry.fileSequenceNumber ?? inherited,
    dataFile,
  }
  if (isComplete(committed)) return committed
  throw invalidData(`the existing entry of ${dataFile.filePath} has no sequence number`, {
    rule: 'Sequence Number Inheritance',
  })
}

function isComplete(entry: ManifestEntry & { readonly snapshotId: bigint }): entry is CommittedEntry {
  return entry.status === 'deleted' || entry.sequenceNumber !== undefined
}

/**
 * The first row ids of a manifest's files, for its entries in their order, all of them. Undefined without a
 * `first_row_id` of the manifest (tables that came from v2, delete manifests): then files have none, whatever is
 * stored. Deleted entries neither take ids nor use them up, as in Iceberg Java.
 */
export function firstRowIds(manifest: ManifestFile): RowIdOf | undefined {
  if (manifest.firstRowId === undefined || manifest.content !== 'data') return undefined
  let next = manifest.firstRowId
  return (status, file) => {
    const own = file.firstRowId
    if (status === 'deleted' || own !== undefined) return own
    const { recordCount } = file
    if (recordCount < 0n) {
      throw invalidData(`${file.filePath}: record count ${recordCount} leaves row ids unknown`, {
        rule: 'First Row ID Inheritance',
      })
    }
    const firstRowId = next
    next += recordCount
    return firstRowId
  }
}

type RowIdOf = (
  status: EntryStatus,
  file: Pick<DataFile, 'filePath' | 'recordCount'> & { readonly firstRowId?: bigint | undefined },
) => bigint | undefined

export function checkContent(manifest: ManifestFile, file: Pick<DataFile, 'content' | 'filePath'>): void {
  if ((file.content === 'data') === (manifest.content === 'data')) return
  throw invalidData(`a manifest of ${manifest.content} lists ${file.filePath}, which holds ${file.content}`, {
    rule: 'Manifests',
  })
}
