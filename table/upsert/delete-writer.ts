import { resolveLocation } from '../../format/location.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { keepVector } from '../../readers/deletes/load-deletes.ts'
import { deletedPositions } from '../../readers/live-rows.ts'
import { specInSchema } from '../../snapshot/manifests.ts'
import { deleteQuietly } from '../../storage/delete-quietly.ts'
import type { DeletedRows, WriteDeletes } from '../../writers/delete-files.ts'
import { writeVectors } from '../../writers/deletion-vectors.ts'
import { writePositionDeletes } from '../../writers/position-delete-files.ts'
import { scanSource } from '../scan-source.ts'
import type { WritingContext } from '../writing-context.ts'
import type { RowsToDelete } from './finds.ts'
import { isWhole, ofOneFile, type RowRemover } from './row-remover.ts'

/**
 * Version 3: one deletion vector for each data file, with all that was deleted by position in it before, so that what
 * said so goes where it speaks of that file alone. Version 2: position delete files beside those that there are.
 */
export function deleteWriter(context: WritingContext, operationId: string): RowRemover {
  let locations: string[] = []
  let attempts = 0
  const discard = async () => {
    await deleteQuietly(context.store, locations.map(resolveLocation))
    locations = []
  }
  return {
    discard,
    async write(metadata, found) {
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
      if (metadata.formatVersion >= 3) await addDeleted(context, metadata, found)
      const deleted = onePerFile(found)
      const whole = deleted.filter(isWhole)
      const rows: DeletedRows[] = []
      for (const { task, positions } of deleted) {
        if (positions !== 'all' && !isWhole({ task, positions }))
          rows.push({ dataFile: task.dataFile, positions })
      }
      const removed = whole.flatMap(({ task }) => [task.dataFile, ...ofOneFile(task)])
      if (metadata.formatVersion < 3) {
        return { addData: [], addDeletes: await writePositionDeletes(options, rows), remove: removed }
      }
      const replaced = deleted.flatMap((each) => (isWhole(each) ? [] : ofOneFile(each.task)))
      const vectors = await writeVectors(options, rows)
      if (context.deletes !== undefined) {
        for (const [i, file] of vectors.entries()) keepVector(context.deletes, file, rows[i]!.positions)
      }
      return { addData: [], addDeletes: vectors, remove: [...removed, ...replaced] }
    },
  }
}

/** Some writers add a file twice, and each of its rows is there twice: a position is deleted of both. */
function onePerFile(found: readonly RowsToDelete[]): readonly RowsToDelete[] {
  const byPath = new Map<string, RowsToDelete>()
  for (const each of found) {
    const { filePath } = each.task.dataFile
    const known = byPath.get(filePath)
    if (known === undefined || each.positions === 'all') byPath.set(filePath, each)
    else if (known.positions !== 'all') known.positions.addAll(each.positions)
  }
  return [...byPath.values()]
}

/** Adds what was deleted by position before. */
async function addDeleted(
  context: WritingContext,
  metadata: TableMetadata,
  deleted: readonly RowsToDelete[],
): Promise<void> {
  const source = scanSource(context, metadata)
  const deletedIn = await deletedPositions(source, currentSchema(metadata), context.signal)
  for (const { task, positions } of deleted) {
    if (positions === 'all') continue
    const before = await deletedIn(task)
    if (before !== undefined) positions.addAll(before)
  }
}
