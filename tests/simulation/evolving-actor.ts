/** One that evolves a table others write to: it adds, renames, widens and drops, by what it finds there. */
import { isMoraineError } from '../../format/errors.ts'
import { type Table, type TableEvolution, t } from '../../index.ts'
import { COUNT, ID, NAME, nameOf, SPARE } from './contending-steps.ts'

/** What every row that was written without a value of an added column has there, on v3. */
export const ADDED_DEFAULT = 'none'

export interface Evolver {
  readonly random: () => number
  readonly changes: number
  /** Lets others go on. */
  wait(): Promise<void>
  reload(): Promise<Table>
  /** After each acknowledged change; `added` is the id of the column that it added. */
  onEvolved(table: Table, added: number | undefined): Promise<void>
}

export async function evolveMany({ random, changes, wait, reload, onEvolved }: Evolver): Promise<void> {
  for (let i = 0; i < changes; i++) {
    for (let turns = Math.floor(random() * 60); turns > 0; turns--) await wait()
    const table = await reload()
    const change = changeOf(table, Math.floor(random() * 5), i)
    if (change === undefined) continue
    let evolved: Table
    try {
      evolved = await change(table.update()).commit()
    } catch (error) {
      // Whether it is there or not is seen by the next change.
      if (!isMoraineError(error) || error.code === 'INVALID_ARGUMENT') throw error
      continue
    }
    const before = new Set(table.schema.fields.map(({ id }) => id))
    await onEvolved(evolved, evolved.schema.fields.find(({ id }) => !before.has(id))?.id)
  }
}

/** Undefined where it has been made already. */
function changeOf(
  table: Table,
  dice: number,
  i: number,
): ((update: TableEvolution<Table>) => TableEvolution<Table>) | undefined {
  const { fields } = table.schema
  switch (dice) {
    case 0:
      return (update) => {
        const type = t.string()
        return update.addColumn(
          `added${i}`,
          table.metadata.formatVersion === 3 ? type.default(ADDED_DEFAULT) : type,
        )
      }
    case 1:
      return (update) => update.renameColumn(nameOf(table, NAME), `name${i}`)
    case 2:
      return (update) => update.renameColumn(nameOf(table, ID), `id${i}`)
    case 3: {
      const count = fields.find(({ id }) => id === COUNT)!
      if (count.type.kind === 'long') return undefined
      return (update) => update.widenColumn(count.name, t.long())
    }
    default: {
      const spare = fields.find(({ id }) => id === SPARE)
      return spare && ((update) => update.dropColumn(spare.name))
    }
  }
}
