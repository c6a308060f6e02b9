import { type FileNode, leafIndexes } from '../format/parquet/parquet-schema.ts'

/** Where decoded columns stand: a decoder returns only what was asked for, so a node's place among its siblings moves. */
export type NodePositions = ReadonlyMap<FileNode, number>

/** The place of every node that has a leaf in `leaves`, among its siblings that have one too. */
export function nodePositions(fields: readonly FileNode[], leaves: ReadonlySet<number>): NodePositions {
  const positions = new Map<FileNode, number>()
  const place = (siblings: readonly FileNode[]): void => {
    let next = 0
    for (const node of siblings) {
      if (!leafIndexes(node).some((leaf) => leaves.has(leaf))) continue
      positions.set(node, next++)
      const { shape } = node
      if (shape.kind === 'struct' || shape.kind === 'variant') place(shape.fields)
      else if (shape.kind === 'list') place([shape.element])
      else if (shape.kind === 'map') place(shape.value === undefined ? [shape.key] : [shape.key, shape.value])
    }
  }
  place(fields)
  return positions
}
