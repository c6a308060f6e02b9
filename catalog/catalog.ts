/**
 * Which metadata is current. The contract that every catalog keeps, and that `tests/contracts/catalog.ts` checks.
 */
import type { TableMetadata } from '../format/table-metadata.ts'
import type { TableRequirement } from '../format/table-requirement.ts'
import type { TableUpdate } from '../format/table-update.ts'

/** `['shop', 'orders']`: namespace levels, then the name. Every part is non-empty and holds no '/'. */
export interface TableIdentifier {
  readonly namespace: readonly string[]
  readonly name: string
}

/** One committed version of a table's metadata. */
export interface LoadedTable {
  readonly identifier: TableIdentifier
  readonly metadata: TableMetadata
  /** Where this metadata is stored. */
  readonly metadataLocation: string
}

export interface CreateTableRequest {
  readonly identifier: TableIdentifier
  /** Complete first metadata, but for `location`, which the catalog fills in when it is ''. */
  readonly metadata: TableMetadata
}

export interface CommitRequest {
  readonly identifier: TableIdentifier
  readonly requirements: readonly TableRequirement[]
  readonly updates: readonly TableUpdate[]
  /** What the caller holds as current, as this catalog gave it. Advice: where it still is, it need not be read again. */
  readonly base?: LoadedTable
}

/** `conflict`: another commit came between, or a requirement failed; nothing was changed. */
export type CommitResult =
  | { readonly status: 'committed'; readonly table: LoadedTable }
  | { readonly status: 'conflict'; readonly reason: string }

export interface DropOptions {
  /** Also deletes data and metadata. Default: false. */
  readonly purge?: boolean
  /** Drops nothing (VALIDATION_FAILED) when another version than this one is current. */
  readonly ifMetadataLocation?: string
}

export interface CatalogCallOptions {
  readonly signal?: AbortSignal
}

export interface LoadOptions extends CatalogCallOptions {
  /** An earlier version, as this catalog gave it. Advice: where it still is current, it need not be read again. */
  readonly base?: LoadedTable | undefined
}

export interface Catalog {
  listNamespaces(parent?: readonly string[], options?: CatalogCallOptions): Promise<(readonly string[])[]>
  /** Throws ALREADY_EXISTS. */
  createNamespace(namespace: readonly string[], options?: CatalogCallOptions): Promise<void>
  /** Throws NOT_FOUND; a namespace that holds tables or namespaces is INVALID_ARGUMENT. */
  dropNamespace(namespace: readonly string[], options?: CatalogCallOptions): Promise<void>
  namespaceExists(namespace: readonly string[], options?: CatalogCallOptions): Promise<boolean>

  /** Throws NOT_FOUND when the namespace does not exist. */
  listTables(namespace: readonly string[], options?: CatalogCallOptions): Promise<TableIdentifier[]>
  /** Throws NOT_FOUND. */
  loadTable(identifier: TableIdentifier, options?: LoadOptions): Promise<LoadedTable>
  /** Throws ALREADY_EXISTS; creates the namespace when it is missing. */
  createTable(request: CreateTableRequest, options?: CatalogCallOptions): Promise<LoadedTable>
  /**
   * Applies `updates` to the current metadata if every requirement holds, and makes the result current at once or
   * not at all. A lost race is a value. Throws COMMIT_STATE_UNKNOWN when the outcome cannot be learnt.
   */
  commitTable(request: CommitRequest, options?: CatalogCallOptions): Promise<CommitResult>
  /** Throws NOT_FOUND, and VALIDATION_FAILED as `DropOptions` says. Without `purge`, returns where the last metadata is kept. */
  dropTable(
    identifier: TableIdentifier,
    options?: CatalogCallOptions & DropOptions,
  ): Promise<{ readonly keptMetadataLocation?: string }>
  /** Throws NOT_FOUND, ALREADY_EXISTS, and UNSUPPORTED where a table's name is its place. */
  renameTable(from: TableIdentifier, to: TableIdentifier, options?: CatalogCallOptions): Promise<void>
  /** Makes an existing metadata file a table of this catalog. Never deletes that file. Throws ALREADY_EXISTS. */
  registerTable(
    identifier: TableIdentifier,
    metadataLocation: string,
    options?: CatalogCallOptions,
  ): Promise<LoadedTable>
  close(): Promise<void>
}
