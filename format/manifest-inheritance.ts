import { invalidData } from './errors.ts'
import type { DataFile, ManifestEntry, ManifestFile } from './manifest.ts'

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
  const assignRowId = rowIdAssigner(manifest)
  return (entry) => {
    checkContent(manifest, entry.dataFile)
    // Numbers are inherited by added files only, but for v1, where every number is 0.
    const inherited =
      entry.status === 'added' || manifest.sequenceNumber === 0n ? manifest.sequenceNumber : undefined
    const committed = {
      status: entry.status,
      snapshotId: entry.snapshotId ?? manifest.addedSnapshotId,
      sequenceNumber: entry.sequenceNumber ?? inherited,
      fileSequenceNumber: entry.fileSequenceNumber ?? inherited,
      dataFile: assignRowId(entry),
    }
    if (isComplete(committed)) return committed
    throw invalidData(`the existing entry of ${entry.dataFile.filePath} has no sequence number`, {
      rule: 'Sequence Number Inheritance',
    })
  }
}

function isComplete(entry: ManifestEntry & { readonly snapshotId: bigint }): entry is CommittedEntry {
  return entry.status === 'deleted' || entry.sequenceNumber !== undefined
}

/**
 * Without a `first_row_id` of the manifest (tables that came from v2, delete manifests) files have none, whatever is
 * stored. Deleted entries neither take ids nor use them up, as in Iceberg Java.
 */
function rowIdAssigner(manifest: ManifestFile): (entry: ManifestEntry) => DataFile {
  if (manifest.firstRowId === undefined || manifest.content !== 'data') {
    return ({ dataFile }) =>
      dataFile.firstRowId === undefined ? dataFile : { ...dataFile, firstRowId: undefined }
  }
  let next = manifest.firstRowId
  return ({ status, dataFile }) => {
    if (status === 'deleted' || dataFile.firstRowId !== undefined) return dataFile
    if (dataFile.recordCount < 0n) {
      throw invalidData(`${dataFile.filePath}: record count ${dataFile.recordCount} leaves row ids unknown`, {
        rule: 'First Row ID Inheritance',
      })
    }
    const firstRowId = next
    next += dataFile.recordCount
    return { ...dataFile, firstRowId }
  }
}

function checkContent(manifest: ManifestFile, file: DataFile): void {
  if ((file.content === 'data') === (manifest.content === 'data')) return
  throw invalidData(`a manifest of ${manifest.content} lists ${file.filePath}, which holds ${file.content}`, {
    rule: 'Manifests',
  })
}
