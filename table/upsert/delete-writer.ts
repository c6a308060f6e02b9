import { unsupported } from '../../format/errors.ts'
import { resolveLocation } from '../../format/location.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { Schema } from '../../format/schema.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { deletedPositions } from '../../readers/live-rows.ts'
import { deleteQuietly } from '../../snapshot/commit.ts'
import { specInSchema } from '../../snapshot/manifests.ts'
import type { DeletedRows, WriteDeletes } from '../../writers/delete-files.ts'
import { writeVectors } from '../../writers/deletion-vectors.ts'
import { writePositionDeletes } from '../../writers/position-delete-files.ts'
import type { RowsToDelete } from './find-rows.ts'
import { scanSource, type WritingContext } from './writing-context.ts'

export interface DeleteWriter {
  /** Writes the delete files of one attempt; those of the attempt before it are deleted. */
  write(metadata: TableMetadata, schema: Schema, deleted: readonly RowsToDelete[]): Promise<DeleteChange>
  /** Deletes what was written. */
  discard(): Promise<void>
}

export interface DeleteChange {
  readonly add: readonly DataFile[]
  /** Delete files that have no say any more. */
  readonly remove: readonly DataFile[]
}

/**
 * Version 3: one deletion vector for each data file, with all that was deleted by position in it before, so that what
 * said so goes where it speaks of that file alone. Version 2: position delete files beside those that there are.
 */
export function deleteWriter(context: WritingContext, operationId: string): DeleteWriter {
  let locations: string[] = []
  let attempts = 0
  const discard = async () => {
    await deleteQuietly(context.store, locations.map(resolveLocation))
    locations = []
  }
  return {
    discard,
    async write(metadata, schema, deleted) {
      await discard()
      const attempt = attempts++
      const options: WriteDeletes = {
        store: context.store,
        location: metadata.location,
        properties: metadata.properties,
        specById: (specId) => specInSchema(metadata, specId)!,
        codec: await context.codec(),
        environment: context.environment,
        fileName: (count, ending) =>
          `00000-${attempt}-${operationId}-${String(count).padStart(5, '0')}-${ending}`,
        onFile: (location) => locations.push(location),
        signal: context.signal,
      }
      const whole = deleted.filter(isWhole)
      const remove = whole.flatMap(({ task }) => [task.dataFile, ...ofOneFile(task)])
      const partly = deleted.flatMap(({ task, positions }) =>
        positions === 'all' || isWhole({ task, positions }) ? [] : [{ task, positions }],
      )
      if (metadata.formatVersion === 1 && partly.length > 0) throw version1()
      const rows = partly.map(({ task: { dataFile }, positions }): DeletedRows => ({ dataFile, positions }))
      if (metadata.formatVersion < 3) return { add: await writePositionDeletes(options, rows), remove }
      const source = scanSource(context, metadata)
      for (const { task, positions } of partly) {
        const before = await deletedPositions(source, schema, task, context.signal)
        if (before !== undefined) positions.addAll(before)
      }
      const replaced = partly.flatMap(({ task }) => ofOneFile(task))
      return { add: await writeVectors(options, rows), remove: [...remove, ...replaced] }
    },
  }
}

/** Whether no row of the file stays. */
function isWhole({ task: { dataFile }, positions }: Pick<RowsToDelete, 'task' | 'positions'>): boolean {
  return positions === 'all' || BigInt(positions.cardinality) === dataFile.recordCount
}

function version1() {
  return unsupported(
    'format version 1 has no deletes of single rows; first update().upgradeFormatVersion(2).commit()',
    { formatVersion: 1 },
  )
}

/** What is deleted by position in one data file alone. */
function ofOneFile({ dataFile, deletes }: RowsToDelete['task']): readonly DataFile[] {
  return deletes.flatMap(({ file }) =>
    file.content === 'position-deletes' && file.referencedDataFile === dataFile.filePath ? [file] : [],
  )
}
