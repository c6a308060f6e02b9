/** A Parquet file that another writer made, as the one data file of a table. */
import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { nameMappingFromSchema, nameMappingToJson } from '../../format/name-mapping.ts'
import { type FileNode, fromParquetSchema } from '../../format/parquet/parquet-schema.ts'
import { loadWasmCodec } from '../../format/parquet/wasm-codec.ts'
import { assignFreshIds, type Schema } from '../../format/schema.ts'
import { longType, type NestedField, type Type } from '../../format/types.ts'
import { MemoryStore, stringifyJson, type Table } from '../../index.ts'
import { openParquetInput } from '../../readers/parquet-input.ts'
import { openParquet } from '../../readers/parquet-source.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { CraftedTable, IDENTIFIER } from '../deletes/crafted-table.ts'

export interface ForeignFile {
  readonly store: MemoryStore
  readonly location: string
  /** Bytes. */
  readonly size: bigint
}

const WAREHOUSE = 'memory://lake/wh'

export async function storedFile(name: string, bytes: Uint8Array): Promise<ForeignFile> {
  const store = new MemoryStore()
  const location = `${WAREHOUSE}/shop/orders/data/${name}`
  await store.put(location, bytes)
  return { store, location, size: BigInt(bytes.length) }
}

/** The schema that an append of the file takes. Throws what the append would. */
export async function schemaOf({ store, location }: ForeignFile): Promise<Schema> {
  return (await openParquetInput(store, location, loadWasmCodec)).schema
}

/**
 * The schema of all that tables have types for, of a file without ids: unsigned integers of 64 bits are longs, and
 * what else no type holds is left out.
 */
export async function partialSchemaOf({ store, location, size }: ForeignFile): Promise<Schema> {
  const { footer } = await openParquet(store, location, size)
  const fields = fromParquetSchema(footer.schema).fields.flatMap(heldField)
  let id = 0
  return { schemaId: 0, fields: assignFreshIds(fields, () => ++id), identifierFieldIds: [] }
}

/** A table of `schema`, with its ids, whose columns are found in the file by name where that has no ids. */
export async function tableAround({ store, location, size }: ForeignFile, schema: Schema): Promise<Table> {
  const { footer } = await openParquet(store, location, size)
  const mapping = stringifyJson(nameMappingToJson(nameMappingFromSchema(schema)))
  const properties = { 'format-version': '3', 'schema.name-mapping.default': mapping }
  const crafted = await CraftedTable.create({ schema, properties }, { store, warehouse: WAREHOUSE })
  const catalog = objectStoreCatalog({ store, warehouse: WAREHOUSE, environment: testEnvironment(1) })
  // A new table has ids of its own.
  await catalog.commitTable({
    identifier: IDENTIFIER,
    requirements: [],
    updates: [
      { action: 'add-schema', schema },
      { action: 'set-current-schema', schemaId: -1 },
    ],
  })
  const dataFile = {
    content: 'data',
    filePath: location,
    fileFormat: 'parquet',
    specId: 0,
    partition: [],
    recordCount: footer.numRows,
    fileSizeInBytes: size,
  } as const
  await crafted.commit({ add: [dataFile] })
  return crafted.load()
}

const NO_ID = 0

function heldField(node: FileNode): readonly NestedField[] {
  const type = heldType(node)
  return type === undefined ? [] : [{ id: NO_ID, name: node.name, required: node.required, type }]
}

function heldType({ shape }: FileNode): Type | undefined {
  switch (shape.kind) {
    case 'primitive':
      return shape.type ?? (shape.element.type === 'INT64' ? longType : undefined)
    case 'struct': {
      const fields = shape.fields.flatMap(heldField)
      return fields.length === 0 ? undefined : { kind: 'struct', fields }
    }
    case 'list': {
      const element = heldType(shape.element)
      if (element === undefined) return undefined
      return { kind: 'list', elementId: NO_ID, elementRequired: shape.element.required, element }
    }
    case 'map': {
      const key = heldType(shape.key)
      const value = shape.value && heldType(shape.value)
      if (key === undefined || value === undefined) return undefined
      const valueRequired = shape.value!.required
      return { kind: 'map', keyId: NO_ID, key, valueId: NO_ID, value, valueRequired }
    }
    case 'variant':
      return undefined
  }
}
