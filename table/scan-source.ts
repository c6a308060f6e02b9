import type { TableMetadata } from '../format/table-metadata.ts'
import type { ScanSource } from '../readers/scan.ts'
import type { TableContext } from './context.ts'

/** What a version of a table is read from; the threads that decode are loaded by those who read rows. */
export function scanSource({ workers, ...context }: TableContext, metadata: TableMetadata): ScanSource {
  const decoding = workers && (async () => (await import('./decoding-workers.ts')).decodingWorkers(workers))
  return { ...context, workers: decoding, metadata }
}
