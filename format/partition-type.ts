import type { PartitionSpec } from './partition-spec.ts'
import { findFieldById, type Schema } from './schema.ts'
import { transformResultType } from './transforms/apply.ts'
import { isPrimitive, type PrimitiveType, unknownType } from './types.ts'

/** A partition spec and a schema that types its source columns. */
export interface SpecInSchema {
  readonly spec: PartitionSpec
  readonly schema: Schema
}

/**
 * The type of each value of a partition tuple. `unknown` where nothing tells it: the source column is not in the
 * schema, or the transform is not known.
 */
export function partitionTypes({ spec, schema }: SpecInSchema): readonly PrimitiveType[] {
  return spec.fields.map(({ sourceIds, transform }) => {
    const source = findFieldById(schema, sourceIds[0]!)?.field.type
    if (transform.kind === 'unknown') return unknownType
    if (transform.kind === 'void' && (source === undefined || !isPrimitive(source))) return unknownType
    return transformResultType(transform, source ?? unknownType)
  })
}
