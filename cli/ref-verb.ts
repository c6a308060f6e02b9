/** `branch` and `tag`: one reference of a table is created, moved, renamed, dropped, or told how long to stay. */
import { invalidArgument, type RefRetention, type Table } from '../index.ts'
import { atOption } from './at-option.ts'
import { openLake, tableName } from './catalog-arguments.ts'
import {
  type OptionSpec,
  probeOption,
  tableNameArgument,
  textOption,
  type Verb,
  type VerbOptions,
} from './verb.ts'

type RefType = 'branch' | 'tag'
type Action = 'create' | 'replace' | 'drop' | 'retain' | 'rename' | 'fastForward'

const branchOptions: readonly OptionSpec[] = [
  {
    flags: '--fast-forward <ref>',
    description: 'move it forward to where this branch or tag is',
    names: 'ref',
  },
  { flags: '--rename <name>', description: 'give it this name' },
  { flags: '--min-snapshots-to-keep <count>', description: 'so many of its newest snapshots never expire' },
  { flags: '--max-snapshot-age-ms <ms>', description: 'the age at which its other snapshots expire' },
]

export function refVerb(type: RefType): Verb {
  return {
    name: type,
    summary: `create a ${type} of a table, or move, ${type === 'branch' ? 'rename, ' : ''}drop or retain it`,
    arguments: [tableNameArgument, { name: '<name>', description: `the name of the ${type}` }],
    options: [
      {
        flags: '--snapshot <id>',
        description: 'create or replace it at this snapshot; default: the current one',
      },
      { flags: '--as-of <time>', description: 'create or replace it at what was current then' },
      {
        flags: '--ref <name>',
        description: 'create or replace it where this branch or tag is',
        names: 'ref',
      },
      { flags: '--replace', description: `move the ${type}, which must exist` },
      { flags: '--drop', description: `drop the ${type}; its snapshots stay until they expire` },
      { flags: '--retain', description: `change the retention of the ${type}, which must exist` },
      ...(type === 'branch' ? branchOptions : []),
      { flags: '--max-ref-age-ms <ms>', description: `the age at which the ${type} expires` },
      probeOption,
    ],
    example:
      type === 'branch'
        ? 'moraine branch shop.orders audit --catalog ./lake'
        : 'moraine tag shop.orders end-of-year --max-ref-age-ms 31536000000 --catalog ./lake',
    async run([table, name], options) {
      const action = actionOf(type, options)
      const retention = retentionOf(options)
      const loaded = (await (await openLake(options)).loadTable(tableName(table!))) as Table
      const after = await act(loaded, type, name!, action, retention, options)
      const ref = textOption(options, 'rename') ?? name!
      return {
        kind: 'facts',
        facts: { [type]: ref, snapshot_id: after.refs.get(ref)?.snapshotId ?? null },
      }
    },
  }
}

function act(
  table: Table,
  type: RefType,
  name: string,
  action: Action,
  retention: RefRetention,
  options: VerbOptions,
): Promise<Table> {
  const isBranch = type === 'branch'
  const at = atOption(options)
  switch (action) {
    case 'create': {
      const given = { ...retention, ...(at === undefined ? {} : { at }) }
      return isBranch ? table.createBranch(name, given) : table.createTag(name, given)
    }
    case 'replace': {
      const target = at ?? { ref: 'main' }
      return isBranch ? table.replaceBranch(name, target) : table.replaceTag(name, target)
    }
    case 'drop':
      return isBranch ? table.dropBranch(name) : table.dropTag(name)
    case 'retain':
      return table.setRetention(name, retention)
    case 'rename':
      return table.renameBranch(name, textOption(options, 'rename')!)
    case 'fastForward':
      return table.fastForward(name, textOption(options, 'fastForward')!)
  }
}

/** Throws INVALID_ARGUMENT for two actions, and for options that the action does not obey. */
function actionOf(type: RefType, options: VerbOptions): Action {
  const actions: readonly Action[] = ['replace', 'drop', 'retain', 'rename', 'fastForward']
  const given = actions.filter((action) => options[action] !== undefined && options[action] !== false)
  if (given.length > 1) throw invalidArgument(`${type}: give one of ${given.map(flagOf).join(' and ')}`)
  const action = given[0] ?? 'create'
  const places = ['snapshot', 'asOf', 'ref'].filter((name) => options[name] !== undefined)
  if (action !== 'create' && action !== 'replace' && places.length > 0) {
    throw invalidArgument(`${type}: ${flagOf(places[0]!)} does not go with ${flagOf(action)}`)
  }
  const limits = LIMITS.filter((name) => options[name] !== undefined)
  if (action !== 'create' && action !== 'retain' && limits.length > 0) {
    throw invalidArgument(`${type}: ${flagOf(limits[0]!)} does not go with ${flagOf(action)}; use --retain`)
  }
  if (action === 'retain' && limits.length === 0) {
    throw invalidArgument(`${type}: --retain needs a limit, such as --max-ref-age-ms`)
  }
  return action
}

const LIMITS = ['minSnapshotsToKeep', 'maxSnapshotAgeMs', 'maxRefAgeMs'] as const

function retentionOf(options: VerbOptions): RefRetention {
  const retention: { [name in (typeof LIMITS)[number]]?: number } = {}
  for (const name of LIMITS) {
    const text = textOption(options, name)
    if (text === undefined) continue
    if (!/^[1-9]\d{0,14}$/.test(text)) {
      throw invalidArgument(`${flagOf(name)}: expected a whole number above 0, found '${text}'`)
    }
    retention[name] = Number(text)
  }
  return retention
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
