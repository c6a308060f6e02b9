/**
 * Packs items, in their order, into groups of at most `target` in weight; a heavier item is alone. It packs from the
 * end, so that the group which is filled least is the first one, to which new items come.
 */
export function packEnd<T>(items: readonly T[], target: bigint, weightOf: (item: T) => bigint): T[][] {
  const groups: T[][] = []
  let group: T[] = []
  let weight = 0n
  for (const item of items.toReversed()) {
    const added = weightOf(item)
    if (group.length > 0 && weight + added > target) {
      groups.push(group.reverse())
      group = []
      weight = 0n
    }
    group.push(item)
    weight += added
  }
  if (group.length > 0) groups.push(group.reverse())
  return groups.reverse()
}
