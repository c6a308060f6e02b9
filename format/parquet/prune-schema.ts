import type { Repetition, SchemaElement } from './footer.ts'
import { type ElementTree, elementTree, isElementItself, isList, isMap } from './from-parquet-schema.ts'

/**
 * The schema with only these leaves, in the same order, and the groups around them. A map must keep its key's leaves:
 * without them nothing says where an entry stands. Lists of old forms become lists of three levels, which have the
 * same definition and repetition levels: what is left of them can then not be taken for another form.
 */
export function pruneParquetSchema(
  elements: readonly SchemaElement[],
  keepLeaves: ReadonlySet<number>,
): SchemaElement[] {
  let leaf = 0
  const prune = (tree: ElementTree, repetition = tree.element.repetition): SchemaElement[] => {
    const { element, children } = tree
    if (repetition === 'REPEATED') {
      const annotated = { name: element.name, convertedType: LIST, logicalType: { kind: 'LIST' } } as const
      return around(annotated, 'REQUIRED', around(REPEATED_GROUP, 'REPEATED', prune(tree, 'REQUIRED')))
    }
    if (element.type !== undefined) return keepLeaves.has(leaf++) ? [repeating(element, repetition)] : []
    if (!isList(element) && !isMap(element)) return group(tree, repetition)
    const repeated = children[0]!
    const inside =
      isList(element) && isElementItself(repeated, element.name)
        ? around(REPEATED_GROUP, 'REPEATED', prune(repeated, 'REQUIRED'))
        : group(repeated, 'REPEATED')
    return around(element, repetition, inside)
  }
  const group = ({ element, children }: ElementTree, repetition: Repetition | undefined): SchemaElement[] => {
    const kept = children.map((child) => prune(child)).filter((child) => child.length > 0)
    if (kept.length === 0) return []
    return [{ ...repeating(element, repetition), numChildren: kept.length }, ...kept.flat()]
  }
  return prune(elementTree(elements))
}

const LIST = 3
const REPEATED_GROUP: SchemaElement = { name: 'list' }

/** A group of one field, unless nothing of it is left. */
function around(
  element: SchemaElement,
  repetition: Repetition | undefined,
  field: readonly SchemaElement[],
): SchemaElement[] {
  return field.length === 0 ? [] : [{ ...repeating(element, repetition), numChildren: 1 }, ...field]
}

/** The root has no repetition. */
function repeating(element: SchemaElement, repetition: Repetition | undefined): SchemaElement {
  return repetition === undefined ? element : { ...element, repetition }
}
