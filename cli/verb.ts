/** What a verb is: its words, its help with one real example, and a function from arguments to output. */
import type { Readable } from 'node:stream'
import type { Output } from './render.ts'

/** Options that every verb takes, parsed. */
export interface GlobalOptions {
  readonly catalog?: string
  readonly format: 'text' | 'json' | 'ndjson' | 'csv'
}

/** What a verb may touch of the process around it. */
export interface VerbContext {
  readonly stdin: Readable
  /** To standard error; takes whole lines. */
  error(text: string): void
  /** Called with a line about how far a long job is; shown only on a terminal. */
  progress(line: string): void
  /** Runs a job that has something to take back: while it runs, Ctrl-C fires the signal instead of ending the process. */
  interruptible<T>(job: (signal: AbortSignal) => Promise<T>): Promise<T>
}

export interface OptionSpec {
  /** As commander takes it: `--limit <rows>`. */
  readonly flags: string
  readonly description: string
  /** May be given more than once; the value is then an array. */
  readonly repeatable?: boolean
  readonly choices?: readonly string[]
  /** The value names one of these of the table, which the shell may complete. */
  readonly names?: 'ref' | 'branch'
  readonly default?: string
}

export interface ArgumentSpec {
  /** As commander takes it: `<table>`, `[uri]`. */
  readonly name: string
  readonly description: string
  readonly choices?: readonly string[]
}

export interface Verb {
  readonly name: string
  readonly summary: string
  readonly arguments: readonly ArgumentSpec[]
  readonly options: readonly OptionSpec[]
  /** One real command line. */
  readonly example: string
  run(args: readonly string[], options: VerbOptions, context: VerbContext): Promise<Output>
}

export type VerbOptions = GlobalOptions &
  Readonly<Record<string, string | readonly string[] | boolean | undefined>>

/** An option's value as text; undefined when it was not given. */
export function textOption(options: VerbOptions, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

export const catalogOption: OptionSpec = {
  flags: '-c, --catalog <catalog>',
  description:
    'where tables are looked up by name: a folder, a URI (s3://bucket/prefix), or a catalog of the config; default: MORAINE_CATALOG, then default-catalog of the config',
}

/** Those that every verb takes. */
export const commonOptions: readonly OptionSpec[] = [
  catalogOption,
  {
    flags: '-f, --format <format>',
    description: 'how the output is written',
    choices: ['text', 'json', 'ndjson', 'csv'],
    default: 'text',
  },
]

export const catalogArgument = { name: '[catalog]', description: 'as --catalog takes it' } as const

export const tableArgument = {
  name: '<table>',
  description: 'a name in the catalog (shop.orders), the location of a table, or the path of a metadata.json',
} as const

/** For verbs that create or change tables, which only a catalog can. */
export const tableNameArgument = {
  name: '<table>',
  description: 'a name in the catalog: shop.orders',
} as const

export const remapOption: OptionSpec = {
  flags: '--remap <FROM=TO>',
  description: 'read a table that was copied from FROM to TO, paths or URIs; may be repeated',
  repeatable: true,
}

/** For verbs that write. */
export const probeOption: OptionSpec = {
  flags: '--no-probe',
  description: 'do not probe a bucket before the first write; for one that `moraine doctor` found fit',
}

export const atOptions: readonly OptionSpec[] = [
  { flags: '--snapshot <id>', description: 'read this snapshot' },
  {
    flags: '--as-of <time>',
    description: 'read what was current then: ISO time (UTC unless it has a zone) or milliseconds since 1970',
  },
  { flags: '--ref <name>', description: 'read this branch or tag', names: 'ref' },
]
