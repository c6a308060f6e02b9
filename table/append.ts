/** Append: rows or batches to data files, data files to manifests, one commit. */
import { Table as ArrowTable, RecordBatch } from 'apache-arrow'
import type { Catalog, LoadedTable } from '../catalog/catalog.ts'
import { invalidArgument } from '../format/errors.ts'
import { currentSchema, defaultSortOrder, defaultSpec } from '../format/table-metadata-build.ts'
import type { NestedField } from '../format/types.ts'
import { type CommitContext, commit } from '../snapshot/commit.ts'
import { fastAppend } from '../snapshot/fast-append.ts'
import { conformBatches } from '../writers/arrow-batches.ts'
import { rowsToBatches } from '../writers/row-batches.ts'
import { writeDataFiles } from '../writers/write-data-files.ts'
import type { TableContext } from './table.ts'

export interface AppendOptions {
  /** Entries for the snapshot's summary; names of counts that Iceberg defines are refused. */
  readonly summary?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

type Input = Iterable<unknown> | AsyncIterable<unknown> | ArrowTable | RecordBatch

/** See `Table.append`. */
export async function append(
  context: TableContext & { readonly catalog: Catalog },
  base: LoadedTable,
  input: Input,
  options: AppendOptions = {},
): Promise<LoadedTable> {
  const { metadata } = base
  const operationId = context.environment.uuid()
  const schema = currentSchema(metadata)
  const written = await writeDataFiles({
    store: context.store,
    location: metadata.location,
    schema,
    spec: defaultSpec(metadata),
    sortOrder: defaultSortOrder(metadata),
    properties: metadata.properties,
    codec: await context.codec(),
    environment: context.environment,
    batches: batchesOf(schema.fields, input),
    operationId,
    signal: options.signal,
  })
  if (written.files.length === 0) return base
  const commitContext: CommitContext = { ...context, signal: options.signal }
  const operation = fastAppend(commitContext, {
    files: written.files,
    operationId,
    summary: options.summary ?? {},
  })
  return commit(commitContext, base, {
    stage: operation.stage,
    discard: async () => {
      await operation.discard()
      await written.abort()
    },
  })
}

async function* batchesOf(fields: readonly NestedField[], input: Input): AsyncGenerator<RecordBatch> {
  if (input instanceof ArrowTable || input instanceof RecordBatch) return yield* conformBatches(fields, input)
  const { first, all } = await peek(input)
  if (first instanceof RecordBatch) yield* conformBatches(fields, all as AsyncIterable<RecordBatch>)
  else yield* rowsToBatches(fields, all)
}

/** Looks at the first item to tell rows from batches; `all` still yields it, and leaving `all` ends the input. */
async function peek(input: Iterable<unknown> | AsyncIterable<unknown>) {
  const iterator = iteratorOf(input)
  const first = await iterator.next()
  async function* all(): AsyncGenerator<unknown> {
    try {
      for (let item = first; !item.done; item = await iterator.next()) yield item.value
    } finally {
      await iterator.return?.()
    }
  }
  return { first: first.done ? undefined : first.value, all: all() }
}

function iteratorOf(
  input: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncIterator<unknown> | Iterator<unknown> {
  if (typeof input === 'object' && input !== null) {
    if (Symbol.asyncIterator in input) return input[Symbol.asyncIterator]()
    if (Symbol.iterator in input) return input[Symbol.iterator]()
  }
  throw invalidArgument('append: expected rows, Arrow data, or an iterable of either')
}
