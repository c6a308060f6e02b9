import type { SchemaElement } from './footer.ts'
import { type ElementTree, elementTree } from './from-parquet-schema.ts'

export {
  type FieldIdByName,
  type FileNode,
  type FileSchema,
  type FileShape,
  fromParquetSchema,
  leafIndexes,
} from './from-parquet-schema.ts'
export { pruneParquetSchema } from './prune-schema.ts'
export { parquetName, toParquetSchema } from './to-parquet-schema.ts'

/** The paths of the leaves from the root, in order: `pathInSchema` of the chunks. */
export function leafPaths(elements: readonly SchemaElement[]): string[][] {
  const paths: string[][] = []
  const walk = ({ element, children }: ElementTree, parent: readonly string[]): void => {
    const path = [...parent, element.name]
    if (element.type !== undefined) paths.push(path)
    for (const child of children) walk(child, path)
  }
  for (const child of elementTree(elements).children) walk(child, [])
  return paths
}
