/**
 * Namespaces are folders, as other engines make and see them: each that is no table, and not what a drop left. A
 * folder marker keeps an empty one.
 */
import { invalidArgument, MoraineError } from '../../format/errors.ts'
import { joinLocation } from '../../format/location.ts'
import type { RequestOptions } from '../../storage/object-store.ts'
import type { TableIdentifier } from '../catalog.ts'
import { checkNamespace, formatIdentifier, nameProblem } from '../table-identifier.ts'
import type { CatalogContext } from './context.ts'
import { keptTableUuid, tablePlaces } from './layout.ts'
import { hasVersions } from './tip.ts'

/** `remains`: no table, but the files of a dropped one. */
export type FolderKind = 'table' | 'remains' | 'namespace'

const FOLDERS_AT_ONCE = 8

export async function listNamespaces(
  context: CatalogContext,
  parent: readonly string[],
  options: RequestOptions,
): Promise<(readonly string[])[]> {
  await requireNamespace(context, parent, options)
  const children = await childrenOf(context, parent, options)
  return children.filter(({ kind }) => kind === 'namespace').map(({ name }) => [...parent, name])
}

export async function listTables(
  context: CatalogContext,
  namespace: readonly string[],
  options: RequestOptions,
): Promise<TableIdentifier[]> {
  await requireNamespace(context, namespace, options)
  const children = await childrenOf(context, namespace, options)
  return children.filter(({ kind }) => kind === 'table').map(({ name }) => ({ namespace, name }))
}

export async function createNamespace(
  context: CatalogContext,
  namespace: readonly string[],
  options: RequestOptions,
): Promise<void> {
  checkNamespace(namespace)
  if (namespace.length === 0) throw invalidArgument('a namespace needs at least one level')
  await requireNoTableAbove(context, namespace, options)
  const folder = namespaceFolder(context, namespace)
  if (await folderExists(context, folder, options)) throw alreadyExists(namespace)
  await ensureNamespace(context, namespace, options)
}

export async function dropNamespace(
  context: CatalogContext,
  namespace: readonly string[],
  options: RequestOptions,
): Promise<void> {
  checkNamespace(namespace)
  if (namespace.length === 0) throw invalidArgument('the root of a warehouse cannot be dropped')
  await requireNamespace(context, namespace, options)
  const folder = namespaceFolder(context, namespace)
  const [inside] = await childrenOf(context, namespace, options)
  if (inside !== undefined || (await isAnyBelow(context, folder, options))) {
    const what = inside === undefined ? 'files' : `${DESCRIPTIONS[inside.kind]} '${inside.name}'`
    throw invalidArgument(`namespace ${namespace.join('.')} is not empty: it holds ${what}`, {
      namespace: namespace.join('.'),
    })
  }
  await context.store.delete([`${folder}/`], options)
}

export async function namespaceExists(
  context: CatalogContext,
  namespace: readonly string[],
  options: RequestOptions,
): Promise<boolean> {
  checkNamespace(namespace)
  if (namespace.length === 0) return true
  if (!(await folderExists(context, namespaceFolder(context, namespace), options))) return false
  for (let depth = namespace.length; depth > 0; depth--) {
    if ((await kindOf(context, namespace.slice(0, depth), options)) !== 'namespace') return false
  }
  return true
}

/** Makes the namespace's markers where they are missing. */
export async function ensureNamespace(
  context: CatalogContext,
  namespace: readonly string[],
  options: RequestOptions,
): Promise<void> {
  for (let depth = 1; depth <= namespace.length; depth++) {
    const marker = `${namespaceFolder(context, namespace.slice(0, depth))}/`
    if ((await context.store.head(marker, options)) === undefined) {
      await context.store.put(marker, new Uint8Array(), options)
    }
  }
}

/** Throws INVALID_ARGUMENT when a level of the path is a table: its folder belongs to it alone. */
export async function requireNoTableAbove(
  context: CatalogContext,
  namespace: readonly string[],
  options: RequestOptions,
): Promise<void> {
  for (let depth = 1; depth <= namespace.length; depth++) {
    const path = namespace.slice(0, depth)
    if ((await kindOf(context, path, options)) === 'table') {
      throw invalidArgument(`${path.join('.')} is a table, and holds no tables or namespaces`)
    }
  }
}

/** Throws INVALID_ARGUMENT when tables lie in the folder that a new table is to have. */
export async function requireNoTableBelow(
  context: CatalogContext,
  { namespace, name }: TableIdentifier,
  options: RequestOptions,
): Promise<void> {
  const children = await childrenOf(context, [...namespace, name], options)
  const table = children.find(({ kind }) => kind === 'table')
  if (table === undefined) return
  throw invalidArgument(
    `${formatIdentifier({ namespace, name })} is a namespace that holds the table '${table.name}'`,
  )
}

const DESCRIPTIONS: Readonly<Record<FolderKind, string>> = {
  table: 'the table',
  namespace: 'the namespace',
  remains: 'what is left of the dropped table',
}

interface Child {
  readonly name: string
  readonly kind: FolderKind
}

/** The visible folders in a namespace, in UTF-8 order of name. */
async function childrenOf(
  context: CatalogContext,
  namespace: readonly string[],
  options: RequestOptions,
): Promise<Child[]> {
  const names: string[] = []
  for await (const name of context.store.listFolders(`${namespaceFolder(context, namespace)}/`, options)) {
    if (nameProblem(name) === undefined) names.push(name)
  }
  const children: Child[] = []
  for (let start = 0; start < names.length; start += FOLDERS_AT_ONCE) {
    const page = names.slice(start, start + FOLDERS_AT_ONCE)
    const kinds = await Promise.all(page.map((name) => kindOf(context, [...namespace, name], options)))
    children.push(...page.map((name, i) => ({ name, kind: kinds[i]! })))
  }
  return children
}

async function kindOf(
  context: CatalogContext,
  path: readonly string[],
  options: RequestOptions,
): Promise<FolderKind> {
  const identifier = { namespace: path.slice(0, -1), name: path.at(-1)! }
  const places = tablePlaces(context.warehouse, identifier)
  const versions = await hasVersions(context, places, options)
  if (versions !== 'none') return versions === 'live' ? 'table' : 'remains'
  for await (const { location } of context.store.list(`${places.metadata}dropped-`, options)) {
    if (keptTableUuid(location.slice(places.metadata.length)) !== undefined) return 'remains'
  }
  return 'namespace'
}

async function folderExists(
  context: CatalogContext,
  folder: string,
  options: RequestOptions,
): Promise<boolean> {
  if ((await context.store.head(`${folder}/`, options)) !== undefined) return true
  return isAnyBelow(context, folder, options)
}

async function isAnyBelow(
  context: CatalogContext,
  folder: string,
  options: RequestOptions,
): Promise<boolean> {
  for await (const _ of context.store.list(`${folder}/`, options)) return true
  for await (const _ of context.store.listFolders(`${folder}/`, options)) return true
  return false
}

async function requireNamespace(
  context: CatalogContext,
  namespace: readonly string[],
  options: RequestOptions,
): Promise<void> {
  if (await namespaceExists(context, namespace, options)) return
  const name = namespace.join('.')
  throw new MoraineError('NOT_FOUND', `namespace ${name} does not exist`, { context: { namespace: name } })
}

function alreadyExists(namespace: readonly string[]): MoraineError {
  const name = namespace.join('.')
  return new MoraineError('ALREADY_EXISTS', `${name} exists already`, { context: { namespace: name } })
}

function namespaceFolder({ warehouse }: CatalogContext, namespace: readonly string[]): string {
  return joinLocation(warehouse, ...namespace)
}
