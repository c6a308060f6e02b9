/** From what a user types to lakes and tables. */
import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  connect,
  invalidArgument,
  isMoraineError,
  type Lake,
  MoraineError,
  openTable,
  type Table,
} from '../index.ts'
import { catalogProperties, loadConfig } from './config.ts'
import { parseNamePaths } from './name-path.ts'
import type { VerbOptions } from './verb.ts'

/**
 * The lake of `uri`, else of `--catalog`, else of MORAINE_CATALOG, else of the config's default. Each is the name of a
 * catalog in the config, a folder or a URI. Throws INVALID_ARGUMENT where none is given.
 */
export async function openLake(options: VerbOptions, uri?: string): Promise<Lake> {
  if (uri !== undefined && options.catalog !== undefined) {
    throw invalidArgument(`which catalog, '${uri}' or --catalog '${options.catalog}'? give one`)
  }
  const isUnprobed = options['probe'] === false
  return connect(await catalogOf(uri ?? options.catalog), isUnprobed ? { probe: false } : {})
}

/** What `connect` takes for the catalog that was given, or for the one that is used when none was. */
async function catalogOf(given: string | undefined): Promise<string | Record<string, string>> {
  const { env } = process
  const named = given ?? env['MORAINE_CATALOG'] ?? ''
  // Paths and URIs need no config.
  if (/[/:]/.test(named)) return named
  const { defaultCatalog, catalogs } = await loadConfig({ cwd: process.cwd(), env })
  const catalog = named === '' && given === undefined ? defaultCatalog : named
  if (catalog === undefined || catalog === '') {
    throw invalidArgument(
      'which catalog? give --catalog <name, folder or URI>, set MORAINE_CATALOG, or name a default-catalog in moraine.json',
    )
  }
  const configured = catalogs.get(catalog)
  if (configured !== undefined) return catalogProperties(catalog, configured, env)
  // A name with a slip in it must not make a folder.
  if (catalogs.size > 0 && !(await exists(catalog))) {
    const known = [...catalogs.keys()].join(', ')
    throw invalidArgument(
      `there is no catalog '${catalog}', which are ${known}, and no such folder; a new one is ./${catalog}`,
    )
  }
  return catalog
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** A lake to read from. Throws NOT_FOUND for a folder that is not there, which a write would make. */
export async function openExistingLake(options: VerbOptions, uri?: string): Promise<Lake> {
  const lake = await openLake(options, uri)
  if (lake.warehouse.startsWith('file://')) {
    const folder = lake.warehouse.slice('file://'.length)
    await access(folder).catch((cause: unknown) => {
      throw new MoraineError('NOT_FOUND', `no catalog at ${folder}: there is no such folder`, { cause })
    })
  }
  return lake
}

/**
 * A table named by its catalog name (`shop.orders`), by its location, or by the path of a metadata.json. A name is
 * told from a location by the '/' in it. `--remap` reads its files elsewhere; it is then read-only.
 */
export async function openNamedTable(name: string, options: VerbOptions): Promise<Table> {
  const remap = remapOf(options['remap'])
  const settings = remap.size === 0 ? {} : { remap }
  if (isLocation(name)) {
    if (options.catalog !== undefined) {
      throw invalidArgument(
        `'${name}' is a location and needs no catalog; leave out --catalog, or give a name`,
      )
    }
    return openTable(name, settings)
  }
  const table = await loadNamed(await openExistingLake(options), name)
  return remap.size === 0 ? table : openTable(table.metadataLocation, settings)
}

async function loadNamed(lake: Lake, name: string): Promise<Table> {
  try {
    return await lake.loadTable(tableName(name))
  } catch (error) {
    if (!isMoraineError(error, 'NOT_FOUND')) throw error
    throw new MoraineError('NOT_FOUND', `${error.message} (moraine ls ${lake.warehouse} lists its tables)`, {
      context: error.context,
      cause: error,
    })
  }
}

/** The parts of a name in a catalog: `shop.orders`, `shop."odd.name"`. Throws INVALID_ARGUMENT for a location. */
export function tableName(name: string): readonly string[] {
  if (isLocation(name)) {
    throw invalidArgument(
      `'${name}' is a location; name the table as its catalog does (shop.orders), with --catalog`,
    )
  }
  const paths = parseNamePaths(name, 'table')
  if (paths.length !== 1 || paths[0]!.parts.length < 2) {
    throw invalidArgument(
      `expected a name such as shop.orders, or a location such as ./orders, found '${name}'`,
    )
  }
  return paths[0]!.parts
}

export function isLocation(name: string): boolean {
  if (name.startsWith('"')) return false
  return name.includes('/') || /\.metadata\.json(\.gz)?$/.test(name) || name === '.' || name === '..'
}

/** A location as typed: a path is relative to the working directory, a URI stays as it is. */
export function absoluteLocation(path: string): string {
  if (path === '') throw invalidArgument('expected a path or a URI, found an empty string')
  return /^[a-z][a-z0-9+.-]*:/i.test(path) ? path : resolve(path)
}

function remapOf(given: VerbOptions[string]): Map<string, string> {
  return new Map(
    (Array.isArray(given) ? given : []).map((entry: string) => {
      const at = entry.indexOf('=')
      if (at <= 0 || at === entry.length - 1) {
        throw invalidArgument(`--remap: expected FROM=TO, found '${entry}'`)
      }
      return [entry.slice(0, at), entry.slice(at + 1)]
    }),
  )
}
