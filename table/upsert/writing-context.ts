import type { TableMetadata } from '../../format/table-metadata.ts'
import type { ScanSource } from '../../readers/scan.ts'
import type { WritableContext } from '../context.ts'

export interface WritingContext extends WritableContext {
  readonly signal?: AbortSignal | undefined
}

/** What a write reads of the table that it changes. */
export function scanSource({ workers, ...context }: WritingContext, metadata: TableMetadata): ScanSource {
  const decoding = workers && (async () => (await import('../decoding-workers.ts')).decodingWorkers(workers))
  return { ...context, workers: decoding, metadata }
}
