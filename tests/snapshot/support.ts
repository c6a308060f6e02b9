import type { Catalog, LoadedTable, TableIdentifier } from '../../catalog/catalog.ts'
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import type { DataFile } from '../../format/manifest.ts'
import { newTableMetadata } from '../../format/table-metadata-build.ts'
import type { TableUpdate } from '../../format/table-update.ts'
import { type CommitContext, commit } from '../../snapshot/commit.ts'
import { type CommitId, commitKey } from '../../snapshot/commit-id.ts'
import { type MergeAppend, mergeAppend } from '../../snapshot/merge-append.ts'
import { MemoryStore } from '../../storage/memory-store.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { type TestEnvironment, testEnvironment } from '../contracts/test-environment.ts'
import { type StoreCall, wrappedStore } from '../simulation/wrapped-store.ts'

export const WAREHOUSE = 'memory://lake/wh'
export const TABLE: TableIdentifier = { namespace: ['shop'], name: 'orders' }

export interface Started {
  /** What the commit under test works with; each call to its store is noted in `calls`. */
  readonly context: CommitContext & { readonly environment: TestEnvironment }
  readonly calls: { readonly call: StoreCall; readonly location: string }[]
  readonly store: ObjectStore
  /** A second client, which is not noted. */
  readonly rival: CommitContext
  readonly base: LoadedTable
}

/** An empty table, and two clients of it. */
export async function startTable(properties: Readonly<Record<string, string>> = {}): Promise<Started> {
  const store = new MemoryStore()
  const environment = testEnvironment()
  const calls: Started['calls'] = []
  const noting = wrappedStore(store, async (call, locations, apply) => {
    for (const location of locations) calls.push({ call, location })
    return apply()
  })
  const catalogOver = (over: ObjectStore) =>
    objectStoreCatalog({ store: over, warehouse: WAREHOUSE, environment })
  const rival = { store, environment: testEnvironment(99), catalog: catalogOver(store) }
  const base = await rival.catalog.createTable({
    identifier: TABLE,
    metadata: firstMetadata(environment, properties),
  })
  return {
    context: { store: noting, environment, catalog: catalogOver(noting) },
    calls,
    store,
    rival,
    base,
  }
}

export function firstMetadata(environment: TestEnvironment, properties: Readonly<Record<string, string>>) {
  return newTableMetadata({
    schema: {
      fields: [{ id: 1, name: 'id', type: { kind: 'long' }, required: false }],
      identifierFieldIds: [],
    },
    properties,
    location: '',
    uuid: environment.uuid(),
    now: environment.now(),
  })
}

export interface Append {
  readonly name?: string
  /** Rows that the file is said to have. */
  readonly records?: bigint
  readonly branch?: string
  readonly commitId?: CommitId
}

/** Appends what is said to be a file. */
export function append(context: CommitContext, base: LoadedTable, given: Append = {}): Promise<LoadedTable> {
  const { name = context.environment.uuid() } = given
  return commit(context, base, mergeAppend(context, appendOf({ ...given, name })))
}

export function appendOf({
  name,
  records = 10n,
  branch = 'main',
  commitId,
}: Append & { readonly name: string }): MergeAppend {
  return {
    files: [dataFile(name, records)],
    operationId: name,
    summary: {},
    branch,
    commitKey: commitId === undefined ? undefined : commitKey(commitId, branch),
  }
}

export function dataFile(name: string, recordCount: bigint): DataFile {
  return {
    content: 'data',
    filePath: `${WAREHOUSE}/shop/orders/data/${name}.parquet`,
    fileFormat: 'parquet',
    specId: 0,
    partition: [],
    recordCount,
    fileSizeInBytes: 100n,
  }
}

/** A rival's commit to the main branch. */
export async function rivalAppend({ rival }: Started): Promise<LoadedTable> {
  return append(rival, await rival.catalog.loadTable(TABLE))
}

export async function rivalUpdate({ rival }: Started, ...updates: TableUpdate[]): Promise<void> {
  const result = await rival.catalog.commitTable({ identifier: TABLE, requirements: [], updates })
  if (result.status === 'conflict') throw new Error(result.reason)
}

/** The context, with something that happens right before each commit reaches the catalog. */
export function actingBefore(
  context: CommitContext,
  act: (attempt: number) => Promise<unknown>,
): CommitContext {
  let attempt = 0
  const { catalog } = context
  return {
    ...context,
    catalog: withCommit(catalog, async (request, options) => {
      await act(attempt++)
      return catalog.commitTable(request, options)
    }),
  }
}

export function withCommit(catalog: Catalog, commitTable: Catalog['commitTable']): Catalog {
  return { ...catalog, commitTable }
}

/** The files below a prefix, without it. */
export async function filesBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  const names: string[] = []
  for await (const { location } of store.list(prefix)) names.push(location.slice(prefix.length))
  return names
}

export const METADATA = `${WAREHOUSE}/shop/orders/metadata/`

/** Manifests and manifest lists that lie in the table's folder. */
export async function avroFiles(store: ObjectStore): Promise<string[]> {
  return (await filesBelow(store, METADATA)).filter((name) => name.endsWith('.avro'))
}
