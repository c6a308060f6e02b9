import { isDeepStrictEqual } from 'node:util'
import { MoraineError } from '../../format/errors.ts'
import type { Schema } from '../../format/schema.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema } from '../../format/table-metadata-build.ts'
import { structType, typesEqual } from '../../format/types.ts'
import { pruneFields } from '../../readers/projection.ts'
import { aggregateProperties } from './aggregates.ts'

/**
 * Throws COMMIT_CONFLICT when someone has changed one of the columns since `schema`, by which the caller meant rows: by
 * its name, its type or whether it may be null.
 */
export function requireColumns(metadata: TableMetadata, schema: Schema, ids: ReadonlySet<number>): void {
  const fresh = currentSchema(metadata)
  const [before, now] = [schema, fresh].map(({ fields }) => structType(pruneFields(fields, ids)))
  if (!typesEqual(before!, now!)) throw changed(fresh)
}

/** The same of all columns, and of new ones, whose values a row that is written anew would lose. */
export function requireAllColumns(metadata: TableMetadata, { fields }: Schema): void {
  const fresh = currentSchema(metadata)
  if (!typesEqual(structType(fields), structType(fresh.fields))) throw changed(fresh)
}

/** Throws COMMIT_CONFLICT when someone has changed since how columns are aggregated. */
export function requireRules(fresh: TableMetadata, before: TableMetadata): void {
  const [now, then] = [fresh, before].map(({ properties }) => aggregateProperties(properties))
  if (!isDeepStrictEqual(now, then)) throw changed(currentSchema(fresh))
}

function changed(fresh: Schema): MoraineError {
  return new MoraineError(
    'COMMIT_CONFLICT',
    `another commit has changed columns that this one goes by, in schema ${fresh.schemaId}; nothing was committed. ` +
      'See whether the change is still meant, and make it again',
    { context: { schemaId: fresh.schemaId } },
  )
}
