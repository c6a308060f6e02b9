/**
 * A catalog in the object store alone: a folder or a bucket, laid out as Iceberg Java's HadoopCatalog and DuckDB see
 * it. A commit is one create-only put of the next version's name; `docs/decisions/object-store-catalog.md` tells why
 * that is enough. Other engines may write in turn with this catalog, not at the same time.
 */
import type { Environment } from '../format/environment.ts'
import { invalidArgument, MoraineError, unsupported } from '../format/errors.ts'
import { parseLocation, resolveLocation, stripTrailingSlash } from '../format/location.ts'
import { requireReadable } from '../format/require-readable.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import {
  decodeTableMetadata,
  tableMetadataFromJson,
  tableMetadataToJson,
} from '../format/table-metadata-json.ts'
import { checkRequirements } from '../format/table-requirement-check.ts'
import { applyUpdates, withMetadataLogEntry } from '../format/table-update-apply.ts'
import { throwIfAborted } from '../storage/abort.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type {
  Catalog,
  CatalogCallOptions,
  CommitRequest,
  CommitResult,
  DropOptions,
  LoadedTable,
  LoadOptions,
  TableIdentifier,
} from './catalog.ts'
import { claimName } from './object-store/claim-name.ts'
import type { CatalogContext, KnownTip } from './object-store/context.ts'
import { boundaryOf, isDead } from './object-store/drop-log.ts'
import { finishDrop, removeDeadVersions } from './object-store/drop-table.ts'
import { landedSince } from './object-store/landed-since.ts'
import { claimableName, type TablePlaces, tablePlaces } from './object-store/layout.ts'
import {
  createNamespace,
  dropNamespace,
  ensureNamespace,
  listNamespaces,
  listTables,
  namespaceExists,
  requireNoTableAbove,
  requireNoTableBelow,
} from './object-store/namespaces.ts'
import { requireMetadataSize } from './object-store/read-object.ts'
import { requirePurgeable } from './object-store/require-purgeable.ts'
import { requireSafeStore } from './object-store/require-safe-store.ts'
import { retireOldVersions } from './object-store/retirement.ts'
import {
  findTip,
  isLive,
  isStillTip,
  type LiveTip,
  nextVersion,
  type TableState,
} from './object-store/tip.ts'
import { encodeTombstone, type Tombstone } from './object-store/tombstone.ts'
import { droppedError, isRetiredFor, writeVersion } from './object-store/write-version.ts'
import { checkIdentifier, formatIdentifier } from './table-identifier.ts'

export interface ObjectStoreCatalogOptions {
  /** Must not repeat a conditional put on its own, unless it settles the outcome as `createOnce` does. */
  readonly store: ObjectStore
  /** The location of the folder that holds the namespaces. It need not exist. */
  readonly warehouse: string
  readonly environment: Environment
  /** Default: true. False leaves out the probe of the store before the first write. */
  readonly probe?: boolean
}

/** How often a create or a drop starts again because another writer changed the table under it. */
const MAX_ATTEMPTS = 100

/** Throws INVALID_ARGUMENT for a warehouse that is no absolute location. Closing it leaves the store open. */
export function objectStoreCatalog(settings: ObjectStoreCatalogOptions): Catalog {
  const { store, warehouse, environment, probe = true } = settings
  const context: CatalogContext = {
    store,
    warehouse: stripTrailingSlash(parseLocation(warehouse)),
    environment,
    isProbed: probe,
    dropLogs: new Map(),
    retirements: new Map(),
    knownTips: new WeakMap(),
    warned: new Set(),
  }
  return {
    listNamespaces: (parent = [], options = {}) => listNamespaces(context, parent, options),
    createNamespace: (namespace, options = {}) => createNamespace(context, namespace, options),
    dropNamespace: (namespace, options = {}) => dropNamespace(context, namespace, options),
    namespaceExists: (namespace, options = {}) => namespaceExists(context, namespace, options),
    listTables: (namespace, options = {}) => listTables(context, namespace, options),
    loadTable: (identifier, options = {}) => loadTable(context, identifier, options),
    createTable: ({ identifier, metadata }, options = {}) =>
      createTable(context, identifier, metadata, options),
    commitTable: (request, options = {}) => commitTable(context, request, options),
    dropTable: (identifier, options = {}) => dropTable(context, identifier, options),
    renameTable: async (from, to) => refuseRename(from, to),
    registerTable: (identifier, location, options = {}) =>
      registerTable(context, identifier, location, options),
    close: async () => undefined,
  }
}

async function loadTable(
  context: CatalogContext,
  identifier: TableIdentifier,
  options: LoadOptions,
): Promise<LoadedTable> {
  const { tip } = await stateOf(context, identifier, options)
  if (!isLive(tip)) throw noTable(identifier)
  return { identifier, metadata: tip.content.metadata, metadataLocation: tip.location }
}

async function createTable(
  context: CatalogContext,
  identifier: TableIdentifier,
  given: TableMetadata,
  options: CatalogCallOptions,
): Promise<LoadedTable> {
  checkIdentifier(identifier)
  const { folder } = tablePlaces(context.warehouse, identifier)
  if (given.location !== '' && stripTrailingSlash(resolveLocation(given.location)) !== folder) {
    throw unsupported(
      `table ${formatIdentifier(identifier)} lies at ${folder} in this catalog, not at ${given.location}`,
    )
  }
  requireMetadataInFolder(given)
  const tableUuid = given.tableUuid ?? context.environment.uuid()
  const metadata = { ...given, tableUuid, location: folder }
  requireReadable(`table ${formatIdentifier(identifier)}`, () =>
    tableMetadataFromJson(tableMetadataToJson(metadata)),
  )
  return writeFirst(context, identifier, metadata, 'new', options)
}

async function registerTable(
  context: CatalogContext,
  identifier: TableIdentifier,
  metadataLocation: string,
  options: CatalogCallOptions,
): Promise<LoadedTable> {
  checkIdentifier(identifier)
  const location = parseLocation(metadataLocation)
  const info = await context.store.head(location, options)
  if (info !== undefined) requireMetadataSize(location, info.size)
  const registered = decodeTableMetadata(await context.store.get(location, options), location)
  const metadata = withMetadataLogEntry(registered, {
    timestampMs: registered.lastUpdatedMs,
    metadataFile: location,
  })
  return writeFirst(context, identifier, metadata, 'registered', options)
}

/** Writes the first version of a table, above all that earlier tables of the name have used up. */
async function writeFirst(
  context: CatalogContext,
  identifier: TableIdentifier,
  metadata: TableMetadata,
  origin: 'new' | 'registered',
  options: CatalogCallOptions,
): Promise<LoadedTable> {
  await requireNoTableAbove(context, identifier.namespace, options)
  await requireNoTableBelow(context, identifier, options)
  // Before a namespace is made for it.
  await requireSafeStore(context)
  const places = tablePlaces(context.warehouse, identifier)
  let takenBack: LoadedTable | undefined
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const { tip, dropLog, free: version } = await stateOf(context, identifier, options)
    // Others may have met a version before we found that we had to take it back, and built on it or dropped it.
    const wasMet = takenBack !== undefined && origin === 'new'
    if (isLive(tip)) {
      if (!wasMet || tip.content.metadata.tableUuid !== metadata.tableUuid) throw tableExists(identifier)
      return { identifier, metadata: tip.content.metadata, metadataLocation: tip.location }
    }
    if (tip?.content.kind === 'tombstone') {
      await finishDrop(context, places, tip, tip.content.tombstone, options)
      continue
    }
    if (origin === 'new' && isDead(dropLog, 0, metadata.tableUuid)) {
      if (takenBack !== undefined) return takenBack
      throw invalidArgument(`a new table needs a new UUID; ${metadata.tableUuid} was that of a dropped one`)
    }
    if (tip !== undefined) await removeDeadVersions(context, places, boundaryOf(dropLog), options)
    await ensureNamespace(context, identifier.namespace, options)
    throwIfAborted(options.signal)
    const result = await writeVersion(context, places, { version, base: undefined, metadata, dropLog })
    const written = { identifier, metadata, metadataLocation: result.location }
    if (result.status === 'written') return written
    if (result.status === 'dropped') takenBack = written
  }
  throw tooBusy(identifier)
}

async function commitTable(
  context: CatalogContext,
  { identifier, requirements, updates, base: held }: CommitRequest,
  options: CatalogCallOptions,
): Promise<CommitResult> {
  const places = tablePlaces(context.warehouse, identifier)
  const { tip, dropLog } = await stateToCommitOn(context, identifier, { ...options, base: held })
  if (!isLive(tip)) throw noTable(identifier)
  const base = tip.content.metadata
  const failed = checkRequirements(base, requirements)
  if (failed !== undefined) return { status: 'conflict', reason: failed }
  if (updates.length === 0) {
    return { status: 'committed', table: { identifier, metadata: base, metadataLocation: tip.location } }
  }

  // A clock that lags behind the table's last writer must not turn its history back.
  const now = Math.max(context.environment.now(), base.lastUpdatedMs)
  const updated = applyUpdates(base, updates, { now })
  requireSameTable(identifier, base, updated)
  const metadata = withMetadataLogEntry(updated, {
    timestampMs: base.lastUpdatedMs,
    metadataFile: tip.location,
  })
  const version = nextVersion(tip.version, dropLog)
  throwIfAborted(options.signal)
  const result = await writeVersion(context, places, { version, base, metadata, dropLog })
  switch (result.status) {
    case 'written':
      await retireOldVersions(context, places, base, metadata)
      return { status: 'committed', table: { identifier, metadata, metadataLocation: result.location } }
    case 'taken':
      return {
        status: 'conflict',
        reason: `version ${version} of table ${formatIdentifier(identifier)} was taken`,
      }
    case 'dropped':
      throw droppedError(formatIdentifier(identifier), base, version, result.drop)
    case 'superseded': {
      const { content, location } = await landedSince(context, places, base, updates)
      return {
        status: 'committed',
        table: { identifier, metadata: content.metadata, metadataLocation: location },
      }
    }
  }
}

async function dropTable(
  context: CatalogContext,
  identifier: TableIdentifier,
  options: CatalogCallOptions & DropOptions,
): Promise<{ readonly keptMetadataLocation?: string }> {
  const places = tablePlaces(context.warehouse, identifier)
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const state = await stateOf(context, identifier, options)
    const { tip } = state
    if (tip?.content.kind === 'tombstone') {
      return keptAt(await finishDrop(context, places, tip, tip.content.tombstone, options))
    }
    if (!isLive(tip)) throw noTable(identifier)
    const { ifMetadataLocation } = options
    if (ifMetadataLocation !== undefined && tip.location !== resolveLocation(ifMetadataLocation)) {
      throw new MoraineError(
        'VALIDATION_FAILED',
        `table ${formatIdentifier(identifier)} has moved on to ${tip.location}; nothing was dropped`,
      )
    }
    const purge = options.purge ?? false
    if (purge) await requirePurgeable(context, identifier, places, tip.content.metadata, options)
    throwIfAborted(options.signal)
    const claimed = await claimTombstone(context, places, tip, state, purge)
    if (claimed !== undefined)
      return keptAt(await finishDrop(context, places, claimed, claimed.tombstone, options))
  }
  throw tooBusy(identifier)
}

/** Undefined when a commit came first. */
async function claimTombstone(
  context: CatalogContext,
  places: TablePlaces,
  tip: LiveTip,
  { dropLog }: TableState,
  purge: boolean,
): Promise<{ version: number; location: string; tombstone: Tombstone } | undefined> {
  const { metadata } = tip.content
  const { tableUuid } = metadata
  const { environment } = context
  const tombstone: Tombstone = {
    lastName: tip.name,
    purge,
    droppedAtMs: environment.now(),
    dropId: environment.uuid(),
    ...(tableUuid === undefined ? {} : { tableUuid }),
  }
  const version = nextVersion(tip.version, dropLog)
  const location = places.metadata + claimableName(version, metadata)
  const { status } = await claimName(context, location, encodeTombstone(tombstone))
  if (status !== 'won') return undefined
  if (!(await isRetiredFor(context, places, version, metadata))) return { version, location, tombstone }
  // The table has gone on so far that the name was free again: what was claimed is below its tip, and drops nothing.
  await context.store.delete([location])
  return undefined
}

async function stateOf(
  context: CatalogContext,
  identifier: TableIdentifier,
  options: LoadOptions,
): Promise<TableState> {
  checkIdentifier(identifier)
  const places = tablePlaces(context.warehouse, identifier)
  return findTip(context, places, options, knownTip(context, places, options.base))
}

/** As `stateOf`, without reading anything again where `base` still is the tip. */
async function stateToCommitOn(
  context: CatalogContext,
  identifier: TableIdentifier,
  options: LoadOptions,
): Promise<Pick<TableState, 'tip' | 'dropLog'>> {
  checkIdentifier(identifier)
  const places = tablePlaces(context.warehouse, identifier)
  const known = knownTip(context, places, options.base)
  if (known !== undefined && (await isStillTip(context, places, known, options))) {
    const { metadata, dropLog, ...tip } = known
    return { tip: { ...tip, content: { kind: 'table', metadata } }, dropLog }
  }
  return findTip(context, places, options, known)
}

/** What is known of a version that this catalog handed out; a caller's word is not taken for it. */
function knownTip(
  context: CatalogContext,
  places: TablePlaces,
  base: LoadedTable | undefined,
): KnownTip | undefined {
  const known = base && context.knownTips.get(base.metadata)
  return known?.location.startsWith(places.metadata) ? known : undefined
}

/** As Iceberg Java refuses it. */
function refuseRename(from: TableIdentifier, to: TableIdentifier): never {
  checkIdentifier(from)
  checkIdentifier(to)
  throw unsupported(
    `cannot rename ${formatIdentifier(from)} to ${formatIdentifier(to)}: in this catalog a table's place is its name. ` +
      'Drop it, and register the metadata that the drop keeps under the new name; its files stay where they are',
    { from: formatIdentifier(from), to: formatIdentifier(to) },
  )
}

/** As Iceberg Java refuses them: readers look for metadata in the table's folder only. */
function requireMetadataInFolder({ properties }: TableMetadata): void {
  if (properties['write.metadata.path'] === undefined) return
  throw unsupported('write.metadata.path: a catalog in a folder finds metadata in the table folder only')
}

function requireSameTable(identifier: TableIdentifier, base: TableMetadata, next: TableMetadata): void {
  const name = formatIdentifier(identifier)
  if (base.tableUuid !== undefined && next.tableUuid !== base.tableUuid) {
    throw invalidArgument(
      `table ${name} has the UUID ${base.tableUuid}, which cannot become ${next.tableUuid}`,
    )
  }
  if (next.location !== base.location) {
    throw unsupported(`table ${name} cannot move to ${next.location}: in this catalog its place is its name`)
  }
  if (base.properties['write.metadata.path'] === undefined) requireMetadataInFolder(next)
}

function keptAt(location: string | undefined): { readonly keptMetadataLocation?: string } {
  return location === undefined ? {} : { keptMetadataLocation: location }
}

function noTable(identifier: TableIdentifier): MoraineError {
  const table = formatIdentifier(identifier)
  return new MoraineError('NOT_FOUND', `table ${table} does not exist`, { context: { table } })
}

function tableExists(identifier: TableIdentifier): MoraineError {
  const table = formatIdentifier(identifier)
  return new MoraineError('ALREADY_EXISTS', `table ${table} exists already`, { context: { table } })
}

function tooBusy(identifier: TableIdentifier): MoraineError {
  const table = formatIdentifier(identifier)
  return new MoraineError('COMMIT_CONFLICT', `table ${table} kept changing under ${MAX_ATTEMPTS} attempts`, {
    context: { table },
    retryable: true,
  })
}
