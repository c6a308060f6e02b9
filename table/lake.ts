/** A catalog as a user holds it: tables by name. */
import type { DropOptions, TableIdentifier } from '../catalog/catalog.ts'
import { checkOptions } from '../format/check-options.ts'
import { invalidArgument, isMoraineError } from '../format/errors.ts'
import type { PartitionSpec } from '../format/partition-spec.ts'
import type { Schema } from '../format/schema.ts'
import type { SortOrder } from '../format/sort-order.ts'
import { newTableMetadata } from '../format/table-metadata-build.ts'
import { describeValue } from '../format/values/mismatch.ts'
import type { StoreCounters } from '../storage/object-store.ts'
import type { ProbeReport } from '../storage/probe/probe-report.ts'
import { probeFully } from '../storage/probe/probe-store.ts'
import type { WritableContext } from './context.ts'
import {
  type Columns,
  type PartitionTerm,
  type Row,
  type RowInput,
  requireField,
  type SortTerm,
  type TableSchema,
} from './declare.ts'
import { arrayOf, partitionTermOf, schemaOf, sortTermOf, textOf, transformOf } from './declared.ts'
import { Table } from './table.ts'

/** `'shop.orders'`, or its parts for names that hold dots. */
export type TableName = string | readonly string[]

export interface CreateTableOptions<S> {
  /** From `schema({…})`, or an Iceberg schema as data (its field ids are assigned anew). */
  readonly schema: S
  /** The columns that identify a row; each must be required. */
  readonly identifierFields?: readonly string[]
  /** Transforms such as `day('placed_at')`; a bare name partitions by the value itself. */
  readonly partitionBy?: readonly (string | PartitionTerm)[]
  readonly sortBy?: readonly (string | SortTerm)[]
  /** Iceberg's table properties, verbatim; `format-version` picks 1, 2 (the default) or 3. */
  readonly properties?: Readonly<Record<string, string>>
  /** Default: where the catalog puts a table of this name. */
  readonly location?: string
}

export interface ProbeStoreOptions {
  readonly signal?: AbortSignal
}

/** The row type of a schema; of an Iceberg schema as data, any object. */
export type RowOf<S> = S extends TableSchema<Columns> ? Row<S> : Record<string, unknown>
export type InputOf<S> = S extends TableSchema<Columns> ? RowInput<S> : Record<string, unknown>

export class Lake {
  readonly #context: WritableContext
  readonly #warehouse: string

  /** @internal */
  constructor(context: WritableContext, warehouse: string) {
    this.#context = context
    this.#warehouse = warehouse
  }

  /** The location below which this catalog puts its tables. */
  get warehouse(): string {
    return this.#warehouse
  }

  /** Requests and bytes to and from the store since this lake was connected. */
  get counters(): StoreCounters {
    return { ...this.#context.store.counters }
  }

  /** Creates a table, and its namespace where that is missing. Throws ALREADY_EXISTS. */
  async createTable<const S extends TableSchema<Columns> | Schema>(
    name: TableName,
    options: CreateTableOptions<S>,
  ): Promise<Table<RowOf<S>, InputOf<S>>> {
    checkOptions('createTable', options, CREATE_OPTIONS)
    const { environment, catalog } = this.#context
    const declared = withIdentifiers(
      schemaOf(options.schema, 'createTable'),
      arrayOf(options.identifierFields ?? [], 'identifierFields'),
    )
    const { properties = {} } = options
    // Arrow is loaded by those who write.
    if (Object.keys(properties).some((name) => name.endsWith('.aggregate-function'))) {
      const { checkAggregates } = await import('./upsert/aggregates.ts')
      checkAggregates('createTable', declared, properties)
    }
    const metadata = newTableMetadata({
      schema: declared,
      partitionSpec: partitionSpecOf(declared, arrayOf(options.partitionBy ?? [], 'partitionBy')),
      sortOrder: sortOrderOf(declared, arrayOf(options.sortBy ?? [], 'sortBy')),
      properties,
      location: textOf(options.location ?? '', 'location'),
      uuid: environment.uuid(),
      now: environment.now(),
    })
    const loaded = await catalog.createTable({ identifier: identifierOf(name), metadata })
    return new Table(this.#context, loaded)
  }

  /** Throws NOT_FOUND. */
  async loadTable<R = Record<string, unknown>, W = Record<string, unknown>>(
    name: TableName,
  ): Promise<Table<R, W>> {
    return new Table<R, W>(this.#context, await this.#context.catalog.loadTable(identifierOf(name)))
  }

  async tableExists(name: TableName): Promise<boolean> {
    try {
      await this.loadTable(name)
      return true
    } catch (error) {
      if (isMoraineError(error, 'NOT_FOUND')) return false
      throw error
    }
  }

  /** Names of the tables in a namespace. Throws NOT_FOUND when there is no such namespace. */
  async listTables(namespace: TableName): Promise<string[]> {
    const tables = await this.#context.catalog.listTables(partsOf(namespace))
    return tables.map((table) => table.name)
  }

  /** The namespaces directly below `parent`, each as its parts. */
  listNamespaces(parent: TableName = []): Promise<(readonly string[])[]> {
    return this.#context.catalog.listNamespaces(partsOf(parent))
  }

  /** Throws ALREADY_EXISTS. */
  createNamespace(namespace: TableName): Promise<void> {
    return this.#context.catalog.createNamespace(partsOf(namespace))
  }

  /** Throws NOT_FOUND; INVALID_ARGUMENT when it still holds something. */
  dropNamespace(namespace: TableName): Promise<void> {
    return this.#context.catalog.dropNamespace(partsOf(namespace))
  }

  /**
   * Makes the table disappear. Data stays, and `keptMetadataLocation` is what `registerTable` takes to bring it back;
   * `purge` deletes data and metadata instead. Throws NOT_FOUND, VALIDATION_FAILED (see `DropOptions`).
   */
  dropTable(name: TableName, options: DropOptions = {}): Promise<{ readonly keptMetadataLocation?: string }> {
    checkOptions('dropTable', options, ['purge', 'ifMetadataLocation'])
    return this.#context.catalog.dropTable(identifierOf(name), options)
  }

  /** Throws NOT_FOUND, ALREADY_EXISTS; UNSUPPORTED in a folder or bucket, where a table's place is its name. */
  renameTable(name: TableName, newName: TableName): Promise<void> {
    return this.#context.catalog.renameTable(identifierOf(name), identifierOf(newName))
  }

  /** Makes the table that a metadata file describes a table of this catalog. Throws ALREADY_EXISTS. */
  async registerTable(name: TableName, metadataLocation: string): Promise<Table> {
    return new Table(
      this.#context,
      await this.#context.catalog.registerTable(identifierOf(name), metadataLocation),
    )
  }

  /**
   * Asks the store below the warehouse for everything that tables need of it, above all that of many writers at once
   * one wins; writes below `_moraine/probe/` and deletes that again. What is wrong is in the report. Throws ABORTED.
   */
  probeStore(options: ProbeStoreOptions = {}): Promise<ProbeReport> {
    checkOptions('probeStore', options, ['signal'])
    const { store, environment } = this.#context
    return probeFully({ store, environment, warehouse: this.#warehouse }, options)
  }

  async close(): Promise<void> {
    await this.#context.workers?.close()
    this.#context.manifests?.clear()
    await this.#context.catalog.close()
    await this.#context.store.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function partsOf(name: TableName): readonly string[] {
  if (typeof name === 'string') return name === '' ? [] : name.split('.')
  const parts: unknown = name
  if (Array.isArray(parts) && parts.every((part) => typeof part === 'string')) return parts
  throw invalidArgument(
    `expected a name such as 'namespace.table', or an array of its parts, found ${describeValue(name)}`,
  )
}

function identifierOf(name: TableName): TableIdentifier {
  const parts = partsOf(name)
  if (parts.length < 2) {
    throw invalidArgument(`a table's name is 'namespace.table', found '${parts.join('.')}'`, {
      table: parts.join('.'),
    })
  }
  return { namespace: parts.slice(0, -1), name: parts.at(-1)! }
}

const CREATE_OPTIONS: readonly (keyof CreateTableOptions<unknown>)[] = [
  'schema',
  'identifierFields',
  'partitionBy',
  'sortBy',
  'properties',
  'location',
]

function withIdentifiers(schema: Schema, names: readonly string[]): Schema {
  if (names.length === 0) return schema
  return {
    ...schema,
    identifierFieldIds: names.map((name) => requireField(schema, name, 'identifierFields').id),
  }
}

function partitionSpecOf(schema: Schema, terms: readonly (string | PartitionTerm)[]): PartitionSpec {
  const fields = terms.map((given, i) => {
    const term = partitionTermOf(given, 'partitionBy')
    const transform = transformOf(term.transform, 'partitionBy')
    const sourceIds = [requireField(schema, term.column, 'partitionBy').id]
    return {
      fieldId: 1000 + i,
      name: term.name ?? defaultName(term.column, transform.kind),
      sourceIds,
      transform,
    }
  })
  return { specId: 0, fields }
}

/** The names that Iceberg Java's builder gives. */
function defaultName(column: string, kind: string): string {
  switch (kind) {
    case 'identity':
      return column
    case 'truncate':
      return `${column}_trunc`
    case 'void':
      return `${column}_null`
    default:
      return `${column}_${kind}`
  }
}

function sortOrderOf(schema: Schema, terms: readonly (string | SortTerm)[]): SortOrder {
  if (terms.length === 0) return { orderId: 0, fields: [] }
  const fields = terms.map((given) => {
    const { column, ...field } = sortTermOf(given, 'sortBy')
    return { ...field, sourceIds: [requireField(schema, column, 'sortBy').id] }
  })
  return { orderId: 1, fields }
}
