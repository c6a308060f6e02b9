import { invalidArgument } from '../../index.ts'
import { atOption } from '../at-option.ts'
import { openLake, tableName } from '../catalog-arguments.ts'
import { probeOption, tableNameArgument, textOption, type Verb } from '../verb.ts'

export const rollback: Verb = {
  name: 'rollback',
  summary: 'move a branch back to an earlier snapshot of its history',
  arguments: [tableNameArgument],
  options: [
    { flags: '--snapshot <id>', description: 'back to this snapshot' },
    { flags: '--as-of <time>', description: 'back to the newest snapshot from before that time' },
    { flags: '--branch <name>', description: 'the branch; default: main', names: 'branch' },
    probeOption,
  ],
  example: 'moraine rollback shop.orders --as-of 2100-01-01 --catalog ./lake',
  async run([name], options) {
    const to = atOption(options)
    if (to === undefined || 'ref' in to) throw invalidArgument('rollback: give --snapshot or --as-of')
    const branch = textOption(options, 'branch') ?? 'main'
    const table = await (await openLake(options)).loadTable(tableName(name!))
    const after = await table.rollbackTo(to, { branch })
    return {
      kind: 'facts',
      facts: { branch, snapshot_id: after.refs.get(branch)?.snapshotId ?? null },
    }
  },
}
