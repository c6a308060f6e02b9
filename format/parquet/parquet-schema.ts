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
export { parquetName, toParquetSchema } from './to-parquet-schema.ts'

/**
 * The schema with only these leaves, in the same order, and the groups around them. A map must keep its key's leaves:
 * without them nothing says where an entry stands.
 */
export function pruneParquetSchema(
  elements: readonly SchemaElement[],
  keepLeaves: ReadonlySet<number>,
): SchemaElement[] {
  let leaf = 0
  const prune = ({ element, children }: ElementTree): SchemaElement[] => {
    if (element.type !== undefined) return keepLeaves.has(leaf++) ? [element] : []
    const kept = children.map(prune).filter((child) => child.length > 0)
    return kept.length === 0 ? [] : [{ ...element, numChildren: kept.length }, ...kept.flat()]
  }
  return prune(elementTree(elements))
}

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
