import type { RecordBatch } from 'apache-arrow'
import { arrowSchemaOf } from '../../format/arrow/arrow-schema.ts'
import { batchOf } from '../../format/arrow/batch-of.ts'
import type { DataFile } from '../../format/manifest.ts'
import type { Schema } from '../../format/schema.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { liveRows } from '../../readers/live-rows.ts'
import { ROW_ID_COLUMN } from '../../readers/metadata-columns.ts'
import type { ScanTask } from '../../readers/scan-task.ts'
import { writeDataFiles } from '../../writers/write-data-files.ts'
import { scanSource } from '../scan-source.ts'
import { dataFileOptions, type WritingContext } from '../writing-context.ts'
import type { RowsToDelete } from './finds.ts'
import { KeptFiles } from './kept-files.ts'
import type { ValueSetter } from './set-values.ts'

export interface UpdatedRowWriter {
  /** Data files of the rows as they become. The same files as before where the rows are the same. */
  write(metadata: TableMetadata, found: readonly RowsToDelete[]): Promise<readonly DataFile[]>
  /** Deletes what was written. */
  discard(): Promise<void>
}

/** Rows keep their ids (spec: "Row Lineage"). `setterOf` is asked for each writing. */
export function updatedRowWriter(
  context: WritingContext,
  setterOf: (schema: Schema) => ValueSetter,
  operationId: string,
): UpdatedRowWriter {
  const kept = new KeptFiles<Written>(operationId, areSame)
  return {
    write(metadata, found) {
      const { currentSchemaId: schemaId, formatVersion } = metadata
      const of = { schemaId, formatVersion, found: found.map(copied) }
      return kept.write(of, async (id) =>
        writeDataFiles({
          ...(await dataFileOptions(context, metadata)),
          metadataFields: lineageOf(metadata),
          batches: rowsOf(context, metadata, of.found, setterOf(currentSchema(metadata))),
          operationId: id,
        }),
      )
    },
    discard: () => kept.discard(),
  }
}

interface Written {
  readonly schemaId: number
  readonly formatVersion: number
  readonly found: readonly RowsToDelete[]
}

/** What is deleted already joins the positions when deletes are written. */
function copied(rows: RowsToDelete): RowsToDelete {
  return rows.positions === 'all' ? rows : { ...rows, positions: rows.positions.copy() }
}

/** Data files never change, so that rows at the same places are the same rows; their ids may have come since. */
function areSame(a: Written, b: Written): boolean {
  if (a.schemaId !== b.schemaId || a.formatVersion !== b.formatVersion) return false
  if (a.found.length !== b.found.length) return false
  return a.found.every(({ task, positions, count }, i) => {
    const other = b.found[i]!
    const [own, theirs] = [task.dataFile, other.task.dataFile]
    if (own.filePath !== theirs.filePath || own.firstRowId !== theirs.firstRowId) return false
    if (count !== other.count) return false
    if (positions === 'all' || other.positions === 'all') return positions === other.positions
    return positions.equals(other.positions)
  })
}

function lineageOf({ formatVersion }: TableMetadata) {
  return formatVersion >= 3 ? [ROW_ID_COLUMN] : []
}

async function* rowsOf(
  context: WritingContext,
  metadata: TableMetadata,
  found: readonly RowsToDelete[],
  set: ValueSetter,
): AsyncGenerator<RecordBatch> {
  const schema = currentSchema(metadata)
  const lineage = lineageOf(metadata)
  const [own, all] = [schema.fields, [...schema.fields, ...lineage]].map(arrowSchemaOf)
  const places = new Map(found.map(({ task, positions }) => [task, positions]))
  const onlyOf = (task: ScanTask) => {
    const positions = places.get(task)
    return positions === 'all' ? undefined : positions
  }
  const tasks = async function* () {
    yield* places.keys()
  }
  const request = { schema, fields: [...schema.fields, ...lineage], onlyOf, signal: context.signal }
  for await (const { length, columns } of liveRows(scanSource(context, metadata), tasks(), request)) {
    const before = batchOf(own!, columns.slice(0, own!.fields.length), length)
    const { data } = await set(before)
    const children = [...data.children, ...columns.slice(own!.fields.length)]
    yield batchOf(all!, children, length)
  }
}
