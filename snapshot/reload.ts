import type { Catalog, CatalogCallOptions, LoadedTable } from '../catalog/catalog.ts'
import { MoraineError } from '../format/errors.ts'

/** The newest version of a table. Throws NOT_FOUND when it is gone, or another one has taken its name. */
export async function reload(
  catalog: Catalog,
  known: LoadedTable,
  options: CatalogCallOptions = {},
): Promise<LoadedTable> {
  const fresh = await catalog.loadTable(known.identifier, { ...options, base: known })
  const [expected, found] = [known.metadata.tableUuid, fresh.metadata.tableUuid]
  if (expected === undefined || found === expected) return fresh
  throw new MoraineError(
    'NOT_FOUND',
    `table ${known.identifier.name} was dropped, and another was created under its name`,
    { context: { expected, found } },
  )
}
