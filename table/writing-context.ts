import type { TableMetadata } from '../format/table-metadata.ts'
import { currentSchema, defaultSortOrder, defaultSpec } from '../format/table-metadata-build.ts'
import type { WriteDataFilesOptions } from '../writers/write-data-files.ts'
import type { WritableContext } from './context.ts'
import { encodingWorkers } from './workers.ts'

export interface WritingContext extends WritableContext {
  readonly signal?: AbortSignal | undefined
}

/** How data files of a table are written: all but the rows, and a name for them. */
export async function dataFileOptions(
  { store, environment, codec, workers, signal }: WritingContext,
  metadata: TableMetadata,
): Promise<Omit<WriteDataFilesOptions, 'batches' | 'operationId'>> {
  return {
    store,
    location: metadata.location,
    schema: currentSchema(metadata),
    spec: defaultSpec(metadata),
    sortOrder: defaultSortOrder(metadata),
    properties: metadata.properties,
    codec: await codec(),
    workers: workers && encodingWorkers(workers),
    environment,
    signal,
  }
}
