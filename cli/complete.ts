/** What the shell may put for the word at the cursor: verbs, options, their choices, catalogs and tables. */
import type { Lake } from '../index.ts'
import { isLocation, openExistingLake, openNamedTable } from './catalog-arguments.ts'
import { loadConfig } from './config.ts'
import { formatNamePath, parseNamePaths } from './name-path.ts'
import {
  catalogArgument,
  catalogOption,
  commonOptions,
  type OptionSpec,
  tableArgument,
  type VerbOptions,
} from './verb.ts'
import { loadVerb, loadVerbs } from './verbs.ts'

export interface Candidate {
  /** Ends with a '.' where the name goes on. */
  readonly text: string
  readonly description: string
}

/**
 * The candidates for the last of the words, which may be empty; the words before it are a command line without the
 * name of the program. None for a file: the shell knows better.
 */
export async function complete(words: readonly string[]): Promise<readonly Candidate[]> {
  const [whole, isSplit] = withWholeFlags(words)
  const word = whole.at(-1) ?? ''
  const [, flag, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? []
  if (flag !== undefined) {
    const found = await matching([...whole.slice(0, -1), flag, value!])
    return isSplit ? found : found.map(({ text, description }) => ({ text: `${flag}=${text}`, description }))
  }
  return matching(whole)
}

/** bash parts `--catalog=dev` in three and asks for the last of them; the other shells hand over one word. */
function withWholeFlags(words: readonly string[]): readonly [whole: readonly string[], isLastSplit: boolean] {
  const whole: string[] = []
  let isSplit = false
  for (let i = 0; i < words.length; i++) {
    isSplit = words[i] === '=' && /^--[^=]+$/.test(whole.at(-1) ?? '')
    if (isSplit) whole.push(`${whole.pop()}=${words[++i] ?? ''}`)
    else whole.push(words[i]!)
  }
  return [whole, isSplit]
}

async function matching(words: readonly string[]): Promise<readonly Candidate[]> {
  const word = words.at(-1) ?? ''
  const candidates = words.length < 2 ? await verbCandidates() : await argumentCandidates(words, word)
  return candidates.filter(({ text }) => text.startsWith(word))
}

async function verbCandidates(): Promise<Candidate[]> {
  return (await loadVerbs()).map(({ name, summary }) => ({ text: name, description: summary }))
}

async function argumentCandidates([name, ...rest]: readonly string[], word: string): Promise<Candidate[]> {
  const verb = await loadVerb(name!)
  if (verb === undefined) return []
  const options = [...verb.options, ...commonOptions]
  const { waiting, positionals, catalog } = placeOf(rest.slice(0, -1), options)
  if (waiting !== undefined) {
    if (waiting === catalogOption) return catalogCandidates()
    if (waiting.names !== undefined) return refCandidates(waiting.names, positionals[0], catalog)
    return (waiting.choices ?? []).map((text) => ({ text, description: '' }))
  }
  if (word.startsWith('-')) return options.map(optionCandidate)
  const argument = verb.arguments[positionals.length]
  switch (argument?.name) {
    case tableArgument.name:
      return tableCandidates(word, catalog)
    case catalogArgument.name:
      return catalogCandidates()
    default:
      return (argument?.choices ?? []).map((text) => ({ text, description: '' }))
  }
}

interface Place {
  /** The option whose value the word is. */
  readonly waiting: OptionSpec | undefined
  /** Arguments before the word. */
  readonly positionals: readonly string[]
  readonly catalog: string | undefined
}

function placeOf(before: readonly string[], options: readonly OptionSpec[]): Place {
  let waiting: OptionSpec | undefined
  const positionals: string[] = []
  let catalog: string | undefined
  for (const word of before) {
    if (waiting !== undefined) {
      if (waiting === catalogOption) catalog = word
      waiting = undefined
    } else if (word.startsWith('-')) {
      const [flag, value] = word.split(/=(.*)/s)
      const option = options.find((candidate) => flagsOf(candidate).includes(flag!))
      if (option === catalogOption && value !== undefined) catalog = value
      if (option?.flags.includes('<') && value === undefined) waiting = option
    } else positionals.push(word)
  }
  return { waiting, positionals, catalog }
}

function flagsOf({ flags }: OptionSpec): readonly string[] {
  return flags.split(/[ ,]+/).filter((flag) => flag.startsWith('-'))
}

function optionCandidate(option: OptionSpec): Candidate {
  return { text: flagsOf(option).at(-1)!, description: option.description }
}

async function catalogCandidates(): Promise<Candidate[]> {
  const { catalogs } = await loadConfig({ cwd: process.cwd(), env: process.env })
  return Array.from(catalogs, ([text, { file }]) => ({ text, description: file }))
}

async function refCandidates(
  names: 'ref' | 'branch',
  table: string | undefined,
  catalog: string | undefined,
): Promise<Candidate[]> {
  if (table === undefined) return []
  const { refs } = await openNamedTable(table, optionsOf(catalog))
  return [...refs]
    .filter(([, { type }]) => names === 'ref' || type === 'branch')
    .map(([text, { type }]) => ({ text, description: type }))
}

async function tableCandidates(word: string, catalog: string | undefined): Promise<Candidate[]> {
  if (isLocation(word)) return []
  const dot = word.lastIndexOf('.')
  const parent = dot === -1 ? [] : parseNamePaths(word.slice(0, dot), 'table')[0]!.parts
  const lake = await openExistingLake(optionsOf(catalog))
  const [namespaces, tables] = await Promise.all([lake.listNamespaces(parent), tablesOf(lake, parent)])
  return [
    ...namespaces.map((namespace) => ({ text: `${formatNamePath(namespace)}.`, description: 'namespace' })),
    ...tables.map((table) => ({ text: formatNamePath([...parent, table]), description: 'table' })),
  ]
}

function optionsOf(catalog: string | undefined): VerbOptions {
  return { format: 'text', ...(catalog === undefined ? {} : { catalog }) }
}

async function tablesOf(lake: Lake, namespace: readonly string[]): Promise<readonly string[]> {
  return namespace.length === 0 ? [] : lake.listTables(namespace)
}
