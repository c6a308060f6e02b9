import type { DataFile } from '../../format/manifest.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import type { Change } from '../../snapshot/snapshot-operation.ts'
import type { RowsToDelete } from './finds.ts'

/** Takes rows out of data files, in one of two ways. */
export interface RowRemover {
  /** Writes what one attempt needs; what the attempt before it wrote is deleted. */
  write(metadata: TableMetadata, deleted: readonly RowsToDelete[]): Promise<Change>
  /** Deletes what was written. */
  discard(): Promise<void>
}

/** Whether no row of the file stays. */
export function isWhole({
  task: { dataFile },
  positions,
}: Pick<RowsToDelete, 'task' | 'positions'>): boolean {
  return positions === 'all' || BigInt(positions.cardinality) === dataFile.recordCount
}

/** The files that say what is deleted by position in one data file alone. */
export function ofOneFile({ dataFile, deletes }: RowsToDelete['task']): readonly DataFile[] {
  return deletes.flatMap(({ file }) =>
    file.content === 'position-deletes' && file.referencedDataFile === dataFile.filePath ? [file] : [],
  )
}
