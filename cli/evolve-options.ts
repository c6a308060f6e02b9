/** The flags of `evolve`, each with what it does to an update. */
import { type ColumnPath, invalidArgument, type Table, type TableEvolution } from '../index.ts'
import { parseColumn, parseType } from './column-text.ts'
import { fieldNamed, partitionTerm, propertiesOf, sortTerm, termsOf } from './create-options.ts'
import { csvValue } from './csv-value.ts'
import { parseNamePaths } from './name-path.ts'
import type { OptionSpec, VerbOptions } from './verb.ts'

type Update = TableEvolution<Table>

interface Flag {
  /** As commander takes it. */
  readonly value: string
  readonly description: string
  /** Given once, with a list in it. */
  readonly once?: true
  apply(update: Update, text: string, given: Given): Update
}

interface Given {
  readonly flag: string
  readonly table: Table
  readonly allowIncompatible: boolean
}

/** In the order in which they apply: what one renames has its new name for those after it. */
const flags: Readonly<Record<string, Flag>> = {
  drop: {
    value: '<column>',
    description: 'take a column away; its values stay in the files',
    apply: (update, text, { flag }) => update.dropColumn(columnOf(text, flag)),
  },
  rename: {
    value: '<OLD=NEW>',
    description: 'give a column another name: amount=total, customer.zip=code',
    apply(update, text, { flag }) {
      const [column, newName] = pairOf(text, flag, 'OLD=NEW')
      return update.renameColumn(columnOf(column, flag), newName)
    },
  },
  widen: {
    value: '<COLUMN=TYPE>',
    description:
      'int to long, float to double, a decimal to more digits; format version 3: date to timestamp',
    apply(update, text, { flag }) {
      const [column, type] = pairOf(text, flag, 'COLUMN=TYPE')
      return update.widenColumn(columnOf(column, flag), parseType(type, flag))
    },
  },
  optional: {
    value: '<column>',
    description: 'let a column be null',
    apply: (update, text, { flag }) => update.makeColumnOptional(columnOf(text, flag)),
  },
  require: {
    value: '<column>',
    description: 'refuse null in a column; needs --allow-incompatible',
    apply: (update, text, { flag, allowIncompatible }) =>
      update.requireColumn(columnOf(text, flag), { allowIncompatible }),
  },
  add: {
    value: '<column>',
    description:
      'add a column: "coupon string", "customer.tags list<string>", "state string required default new"',
    apply(update, text, { flag, allowIncompatible }) {
      const { column, type } = parseColumn(text, flag)
      return update.addColumn(column, type, { allowIncompatible })
    },
  },
  doc: {
    value: '<COLUMN=TEXT>',
    description: 'set the comment of a column; an empty text takes it away',
    apply(update, text, { flag }) {
      const [column, doc] = pairOf(text, flag, 'COLUMN=TEXT')
      return update.setColumnDoc(columnOf(column, flag), doc === '' ? undefined : doc)
    },
  },
  default: {
    value: '<COLUMN=VALUE>',
    description:
      'format version 3: what new rows that leave the column out get; an empty value takes it away',
    apply(update, text, { flag, table }) {
      const [column, value] = pairOf(text, flag, 'COLUMN=VALUE')
      const field = fieldNamed(table.schema.fields, column)?.field
      const given = field === undefined || value === '' ? value || null : csvValue(field, value)
      return update.setColumnDefault(columnOf(column, flag), given)
    },
  },
  move: {
    value: '<where>',
    description: 'put a column elsewhere: "coupon first", "coupon after amount", "coupon before amount"',
    apply: moved,
  },
  identifier: {
    value: '<columns>',
    description: 'comma-separated columns that identify a row, instead of those so far; "" for none',
    once: true,
    apply: (update, text, { flag }) =>
      update.setIdentifierFields(text === '' ? [] : parseNamePaths(text, flag).map(({ parts }) => parts)),
  },
  'partition-drop': {
    value: '<field>',
    description: 'partition new data no more by a field: its name, or day(placed_at)',
    apply: (update, text, { flag }) =>
      update.removePartitionField(/[()]/.test(text) ? partitionTerm(text, flag) : text),
  },
  'partition-rename': {
    value: '<OLD=NEW>',
    description: 'give a partition field another name',
    apply: (update, text, { flag }) => update.renamePartitionField(...pairOf(text, flag, 'OLD=NEW')),
  },
  'partition-add': {
    value: '<term>',
    description: 'partition new data by one more term: day(placed_at), "bucket(16, order_id) as shard"',
    apply(update, text, { flag }) {
      const [, term, name] = /^(.*?)(?:\s+as\s+(\S+))?$/is.exec(text)!
      return update.addPartitionField({
        ...partitionTerm(term!, flag),
        ...(name === undefined ? {} : { name }),
      })
    },
  },
  'sort-by': {
    value: '<columns>',
    description: 'sort new data by comma-separated columns, each with asc (default) or desc; "" for unsorted',
    once: true,
    apply: (update, text, { table }) =>
      update.replaceSortOrder(termsOf(text).map((term) => sortTerm(table.schema.fields, term))),
  },
  set: {
    value: '<NAME=VALUE>',
    description: 'set a table property',
    apply: (update, text, { flag }) => update.setProperties(propertiesOf([text], flag)),
  },
  unset: {
    value: '<name>',
    description: 'remove a table property',
    apply: (update, text) => update.removeProperties([text]),
  },
  'format-version': {
    value: '<version>',
    description: 'upgrade the table to format version 2 or 3; there is no way back',
    once: true,
    apply: (update, text) => update.setProperties({ 'format-version': text }),
  },
}

export const evolveOptions: readonly OptionSpec[] = [
  ...Object.entries(flags).map(([name, { value, description, once }]) => ({
    flags: `--${name} ${value}`,
    description,
    ...(once ? {} : { repeatable: true }),
  })),
  {
    flags: '--allow-incompatible',
    description: 'require columns although rows that are there may have no value for them',
  },
]

/** The update with all that was typed. Throws INVALID_ARGUMENT where nothing was. */
export function evolution(table: Table, options: VerbOptions): Update {
  const allowIncompatible = options['allowIncompatible'] === true
  let update = table.update()
  for (const [name, { apply }] of Object.entries(flags)) {
    const value = options[name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())]
    const texts = typeof value === 'string' ? [value] : Array.isArray(value) ? value : []
    for (const text of texts) update = apply(update, text, { flag: `--${name}`, table, allowIncompatible })
  }
  if (update.steps.length > 0) return update
  throw invalidArgument('evolve: nothing to change; give flags such as --add "coupon string"')
}

function moved(update: Update, text: string, { flag }: Given): Update {
  const [, column, first, where, neighbour] = /^(.+?)\s+(?:(first)|(after|before)\s+(.+))$/is.exec(text) ?? []
  if (column !== undefined) {
    if (first !== undefined) return update.moveColumn(columnOf(column, flag), 'first')
    const other = columnOf(neighbour!, flag)
    const target = where!.toLowerCase() === 'after' ? { after: other } : { before: other }
    return update.moveColumn(columnOf(column, flag), target)
  }
  throw invalidArgument(`${flag}: expected "COLUMN first" or "COLUMN after OTHER", found '${text}'`)
}

/** A quoted part is exact; else dots part the names, as everywhere. */
function columnOf(text: string, flag: string): ColumnPath {
  const paths = parseNamePaths(text, flag)
  if (paths.length !== 1)
    throw invalidArgument(`${flag}: expected one column, found '${text}'; repeat the flag`)
  const { parts, quoted } = paths[0]!
  return quoted ? parts : parts.join('.')
}

function pairOf(text: string, flag: string, form: string): [string, string] {
  const at = text.indexOf('=')
  if (at <= 0) throw invalidArgument(`${flag}: expected ${form}, found '${text}'`)
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}
