/** Iceberg's catalog properties, as other clients take them, up to those that a store takes. */
import { invalidArgument, unsupported } from '../format/errors.ts'
import { describeKind, describeValue } from '../format/values/mismatch.ts'

export interface CatalogProperties {
  readonly warehouse: string
  /** What the warehouse's store is told. */
  readonly storeProperties: Readonly<Record<string, string>>
}

/** Kinds of catalogs that other clients know, and this version does not. */
const OTHER_TYPES = ['rest', 'sql', 'jdbc', 'hive', 'glue', 'nessie', 'dynamodb', 'bigquery', 'in-memory']
const HADOOP_CATALOG = 'org.apache.iceberg.hadoop.HadoopCatalog'

/** Which class of another client does the work, or what it is called there; passed over. */
const PASSED_OVER = new Set([
  'name',
  'io-impl',
  'py-io-impl',
  'cache-enabled',
  'cache.expiration-interval-ms',
])

/** Throws INVALID_ARGUMENT without a warehouse or for a type that is none, UNSUPPORTED for other types. */
export function readCatalogProperties(properties: Readonly<Record<string, string>>): CatalogProperties {
  if (typeof properties !== 'object' || properties === null) {
    throw invalidArgument(
      `connect: expected a folder, a URI or catalog properties, found ${describeValue(properties)}`,
    )
  }
  const storeProperties: Record<string, string> = Object.create(null)
  let warehouse: string | undefined
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value !== 'string') {
      throw invalidArgument(`the property '${name}' must be a text, found ${describeKind(value)}`, {
        property: name,
      })
    }
    if (name === 'warehouse') warehouse = value
    else if (name === 'type' || name === 'catalog-impl') requireFolderCatalog(name, value)
    else if (name === 'uri') {
      throw unsupported('uri: catalogs behind a URI are not served by this version; give a warehouse alone')
    } else if (!PASSED_OVER.has(name)) storeProperties[name] = value
  }
  if (warehouse === undefined || warehouse === '') {
    throw invalidArgument("which warehouse? give the property 'warehouse', a folder or s3://bucket/prefix")
  }
  return { warehouse, storeProperties }
}

/** A folder or bucket that is its own catalog is what Iceberg Java calls a Hadoop catalog. */
function requireFolderCatalog(name: string, value: string): void {
  if (value === 'hadoop' || value === HADOOP_CATALOG) return
  if (name === 'catalog-impl' || OTHER_TYPES.includes(value)) {
    throw unsupported(`${name} '${value}' is not served by this version; 'hadoop' is, and none means it`)
  }
  throw invalidArgument(`expected the type 'hadoop', found '${value}'`)
}
