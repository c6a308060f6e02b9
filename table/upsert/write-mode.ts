import type { TableMetadata } from '../../format/table-metadata.ts'
import { readProperty } from '../../format/table-properties.ts'
import type { WritingContext } from '../writing-context.ts'
import { deleteWriter } from './delete-writer.ts'
import { fileRewriter } from './file-rewriter.ts'
import type { RowRemover } from './row-remover.ts'

/**
 * As the table's property says; merge-on-read where it says nothing. Version 1 has no delete files: its data files are
 * written anew.
 */
export function rowRemover(
  context: WritingContext,
  { properties, formatVersion }: TableMetadata,
  mode: 'write.delete.mode' | 'write.update.mode' | 'write.merge.mode',
  operationId: string,
): RowRemover {
  const isMergeOnRead = formatVersion > 1 && readProperty(properties, mode) !== 'copy-on-write'
  return isMergeOnRead ? deleteWriter(context, operationId) : fileRewriter(context, operationId)
}
