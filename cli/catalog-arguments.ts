/** From what a user types to lakes and tables. */
import { connect, isMoraineError, type Lake, MoraineError, openTable, type Table } from '../index.ts'

export interface CatalogOptions {
  /** `--catalog`, else MORAINE_CATALOG. */
  readonly catalog?: string
  /** `--remap FROM=TO`, repeatable. */
  readonly remap?: readonly string[]
}

/** The lake of `--catalog` or MORAINE_CATALOG. Throws INVALID_ARGUMENT where neither is set. */
export async function openLake(options: CatalogOptions, uri?: string): Promise<Lake> {
  const catalog = uri ?? options.catalog ?? process.env['MORAINE_CATALOG']
  if (catalog === undefined || catalog === '') {
    throw new MoraineError(
      'INVALID_ARGUMENT',
      'which catalog? give --catalog <folder or URI>, or set MORAINE_CATALOG',
    )
  }
  return connect(catalog)
}

/**
 * A table named by its catalog name (`shop.orders`), by its location, or by the path of a metadata.json. A name is
 * told from a location by the '/' in it.
 */
export async function openNamedTable(name: string, options: CatalogOptions): Promise<Table> {
  if (!isLocation(name)) return (await openLake(options)).loadTable(name)
  const remap = remapOf(options.remap ?? [])
  try {
    return await openTable(name, remap.size === 0 ? {} : { remap })
  } catch (error) {
    if (isMoraineError(error, 'NOT_FOUND')) {
      throw new MoraineError('NOT_FOUND', `no table at ${name}: ${error.message}`, { cause: error })
    }
    throw error
  }
}

export function isLocation(name: string): boolean {
  return name.includes('/') || name.endsWith('.metadata.json') || name === '.' || name === '..'
}

function remapOf(entries: readonly string[]): Map<string, string> {
  return new Map(
    entries.map((entry) => {
      const at = entry.indexOf('=')
      if (at <= 0 || at === entry.length - 1) {
        throw new MoraineError('INVALID_ARGUMENT', `--remap: expected FROM=TO, found '${entry}'`)
      }
      return [entry.slice(0, at), entry.slice(at + 1)]
    }),
  )
}
