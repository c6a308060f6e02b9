/**
 * Where things lie in a warehouse, as Iceberg Java's HadoopCatalog and DuckDB look for them:
 *
 *     <warehouse>/<namespace…>/<table>/metadata/v<N>.metadata.json    version N, or under one of its gzip names
 *     <warehouse>/<namespace…>/<table>/metadata/version-hint.text     N in digits: advice
 *
 * and our own, where no engine looks:
 *
 *     <table>/metadata/dropped-<N>-<uuid>.metadata.json.kept          the last metadata of a dropped table
 *     <warehouse>/_moraine/dropped/<namespace…>/<table>/_<k>.json     the k-th drop of a table of this name
 *     <warehouse>/_moraine/retired/<namespace…>/<table>/_<s>.json     segment s of its versions may be deleted
 */
import { joinLocation } from '../../format/location.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import type { TableIdentifier } from '../catalog.ts'

/** Java reads versions as 32-bit integers. */
const MAX_VERSION = 2_147_483_647

export interface TablePlaces {
  /** Without trailing '/'. */
  readonly folder: string
  /** The prefix of the metadata files, ending in '/'. */
  readonly metadata: string
  readonly hint: string
  /** The prefix of the drop log, ending in '/'. */
  readonly dropLog: string
  /** The prefix of the retirements of old versions, ending in '/'. */
  readonly retired: string
}

export function tablePlaces(warehouse: string, { namespace, name }: TableIdentifier): TablePlaces {
  const folder = joinLocation(warehouse, ...namespace, name)
  return {
    folder,
    metadata: `${folder}/metadata/`,
    hint: `${folder}/metadata/version-hint.text`,
    // Names of tables and namespaces do not start with '_', so that a log never meets another table's folder.
    dropLog: `${joinLocation(warehouse, '_moraine', 'dropped', ...namespace, name)}/`,
    retired: `${joinLocation(warehouse, '_moraine', 'retired', ...namespace, name)}/`,
  }
}

/** The names under which version `version` may be found, in Java's order. */
export function versionNames(version: number): readonly string[] {
  return [`v${version}.metadata.json`, `v${version}.gz.metadata.json`, `v${version}.metadata.json.gz`]
}

/** The version that a metadata file's name stands for, or undefined for any other file. */
export function versionOfName(name: string): number | undefined {
  const digits = /^v([1-9]\d{0,9})(?:\.metadata\.json|\.gz\.metadata\.json|\.metadata\.json\.gz)$/.exec(
    name,
  )?.[1]
  if (digits === undefined) return undefined
  const version = Number(digits)
  return version <= MAX_VERSION ? version : undefined
}

/**
 * The one name that a version may be claimed under. The first of a table is never compressed; each later one is as
 * the metadata before it says. As that metadata is one immutable object, all writers agree on the name, even while
 * one of them changes the property.
 */
export function claimableName(version: number, base: TableMetadata | undefined): string {
  return base !== undefined && isGzipWanted(base)
    ? `v${version}.gz.metadata.json`
    : `v${version}.metadata.json`
}

/** Java decides by the name, so that the body must follow it. */
export function isGzipName(name: string): boolean {
  return name.includes('.gz')
}

/** Ends in '.kept', since Java takes a folder for a table if a file in it ends in '.metadata.json'. */
export function keptName(version: number, tableUuid: string | undefined, lastName: string): string {
  const extension = isGzipName(lastName) ? '.gz.metadata.json' : '.metadata.json'
  const uuid = tableUuid !== undefined && /^[0-9a-zA-Z-]{1,64}$/.test(tableUuid) ? tableUuid : 'no-uuid'
  return `dropped-${version}-${uuid}${extension}.kept`
}

/** The UUID in a name of `keptName`, undefined for any other name. */
export function keptTableUuid(name: string): string | undefined {
  return /^dropped-\d+-([0-9a-zA-Z-]+)(?:\.gz)?\.metadata\.json\.kept$/.exec(name)?.[1]
}

function isGzipWanted({ properties }: TableMetadata): boolean {
  return properties['write.metadata.compression-codec']?.toLowerCase() === 'gzip'
}
