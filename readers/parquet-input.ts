/** Any Parquet file as input: its columns as Iceberg fields, and its rows in batches. */
import type { RecordBatch } from 'apache-arrow'
import { MoraineError, unsupported } from '../format/errors.ts'
import { alwaysTrue } from '../format/expressions/build.ts'
import { type NameMapping, nameMappingFromSchema } from '../format/name-mapping.ts'
import type { ParquetCodec } from '../format/parquet/codec.ts'
import { type FileNode, type FileSchema, fromParquetSchema } from '../format/parquet/from-parquet-schema.ts'
import { unpartitionedSpec } from '../format/partition-spec.ts'
import { assignFreshIds, type Schema, visitFields } from '../format/schema.ts'
import type { NestedField, Type } from '../format/types.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { openParquet } from './parquet-source.ts'
import type { ScanTask } from './scan-task.ts'

export interface ParquetInput {
  /** Field ids are the file's where all fields have one, else counted from 1. */
  readonly schema: Schema
  readonly numRows: bigint
  /** Pulled one by one; at most one row group is in memory. */
  batches(): AsyncGenerator<RecordBatch>
}

/** Throws NOT_FOUND, INVALID_DATA, and UNSUPPORTED for a column that no Iceberg type holds. */
export async function openParquetInput(
  store: ObjectStore,
  location: string,
  codec: () => Promise<ParquetCodec>,
  signal?: AbortSignal,
): Promise<ParquetInput> {
  const info = await store.head(location)
  if (info === undefined)
    throw new MoraineError('NOT_FOUND', `no file at ${location}`, { context: { file: location } })
  const { footer } = await openParquet(store, location, BigInt(info.size), signal)
  const { schema, nameMapping } = inputSchema(location, fromParquetSchema(footer.schema))
  const task: ScanTask = {
    dataFile: {
      content: 'data',
      filePath: location,
      fileFormat: 'parquet',
      specId: unpartitionedSpec.specId,
      partition: [],
      recordCount: footer.numRows,
      fileSizeInBytes: BigInt(info.size),
    },
    sequenceNumber: 0n,
    deletes: [],
    residual: alwaysTrue,
  }
  return {
    schema,
    numRows: footer.numRows,
    batches: async function* () {
      const { readTask } = await import('./read-task.ts')
      yield* readTask(task, {
        store,
        codec: await codec(),
        tableSchema: schema,
        projected: schema.fields,
        spec: unpartitionedSpec,
        nameMapping,
        formatVersion: 2,
        signal,
      })
    },
  }
}

function inputSchema(location: string, file: FileSchema): { schema: Schema; nameMapping?: NameMapping } {
  const fields = file.fields.map((node) => fieldOf(location, node))
  if (allHaveIds(fields)) return { schema: { schemaId: 0, fields, identifierFieldIds: [] } }
  if (file.hasFieldIds) {
    throw unsupported(`${location}: some of its columns have field ids and some have none`, {
      file: location,
    })
  }
  let id = 0
  const schema: Schema = { schemaId: 0, fields: assignFreshIds(fields, () => ++id), identifierFieldIds: [] }
  return { schema, nameMapping: nameMappingFromSchema(schema) }
}

/** Iceberg counts field ids from 1. */
const NO_ID = 0

function fieldOf(location: string, node: FileNode): NestedField {
  return { id: node.fieldId ?? NO_ID, name: node.name, required: node.required, type: typeOf(location, node) }
}

function typeOf(location: string, node: FileNode): Type {
  const { shape } = node
  switch (shape.kind) {
    case 'primitive':
      if (shape.type !== undefined) return shape.type
      throw unsupported(`${location}: no Iceberg type holds column '${node.path.join('.')}'`, {
        file: location,
      })
    case 'struct':
      return { kind: 'struct', fields: shape.fields.map((child) => fieldOf(location, child)) }
    case 'list': {
      const { element } = shape
      const elementType = typeOf(location, element)
      return {
        kind: 'list',
        elementId: element.fieldId ?? NO_ID,
        elementRequired: element.required,
        element: elementType,
      }
    }
    case 'map': {
      const { key, value } = shape
      if (value === undefined) {
        throw unsupported(`${location}: map '${node.path.join('.')}' has no values`, { file: location })
      }
      return {
        kind: 'map',
        keyId: key.fieldId ?? NO_ID,
        key: typeOf(location, key),
        valueId: value.fieldId ?? NO_ID,
        valueRequired: value.required,
        value: typeOf(location, value),
      }
    }
    case 'variant':
      throw unsupported(
        `${location}: column '${node.path.join('.')}' is a variant, which no table takes yet`,
        {
          file: location,
        },
      )
  }
}

function allHaveIds(fields: readonly NestedField[]): boolean {
  let all = true
  visitFields(fields, (field) => {
    all &&= field.id !== NO_ID
  })
  return all
}
