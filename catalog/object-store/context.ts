import type { Environment } from '../../format/environment.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import type { ObjectStore } from '../../storage/object-store.ts'

/** One drop of a table: no version up to `version` with this UUID is a table any more. */
export interface DropRecord {
  readonly version: number
  /** Absent for a v1 table that never had one. */
  readonly tableUuid?: string
  readonly purge: boolean
}

/** A segment of versions that may have been deleted, by the table of this UUID. */
export interface Retirement {
  readonly tableUuid: string | undefined
}

/** A version that was a table's tip when it was read or written. */
export interface KnownTip {
  readonly version: number
  readonly name: string
  readonly location: string
  readonly etag: string
  readonly metadata: TableMetadata
  /** As it was before the tip was looked for. */
  readonly dropLog: readonly DropRecord[]
}

/** What every part of one object-store catalog works with. */
export interface CatalogContext {
  readonly store: ObjectStore
  /** Resolved, without trailing '/'. */
  readonly warehouse: string
  readonly environment: Environment
  /** Whether the store is probed before the first write. */
  readonly isProbed: boolean
  /** Drop logs read so far, by their prefix. They only ever grow, so that what is cached stays true. */
  readonly dropLogs: Map<string, readonly DropRecord[]>
  /** Retirements read so far, by their location. They stay for good. */
  readonly retirements: Map<string, Retirement>
  /** By the very metadata that a caller was given, for as long as it is held: what it was the metadata of. */
  readonly knownTips: WeakMap<TableMetadata, KnownTip>
  /** Warnings given, so that each is given once. */
  readonly warned: Set<string>
}

export function warnOnce(context: CatalogContext, message: string): void {
  if (context.warned.has(message)) return
  context.warned.add(message)
  context.environment.warn(message)
}
