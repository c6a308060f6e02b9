/** What a verb is: its words, its help with one real example, and a function from arguments to output. */
import type { Output } from './render.ts'

/** Options that every verb takes, parsed. */
export interface GlobalOptions {
  readonly catalog?: string
  readonly remap?: readonly string[]
  readonly format: 'text' | 'json' | 'ndjson' | 'csv'
}

/** What a verb may touch of the process around it. */
export interface VerbContext {
  readonly stdin: AsyncIterable<Uint8Array>
  /** Called with a line about how far a long job is; shown only on a terminal. */
  progress(line: string): void
}

export interface OptionSpec {
  /** As commander takes it: `--limit <rows>`. */
  readonly flags: string
  readonly description: string
  /** May be given more than once; the value is then an array. */
  readonly repeatable?: boolean
}

export interface Verb {
  readonly name: string
  readonly summary: string
  /** Positional arguments, as commander takes them: `<table>`, `[uri]`. */
  readonly arguments: readonly { readonly name: string; readonly description: string }[]
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

export const tableArgument = {
  name: '<table>',
  description: 'a name in the catalog (shop.orders), the location of a table, or the path of a metadata.json',
} as const

export const atOptions: readonly OptionSpec[] = [
  { flags: '--snapshot <id>', description: 'read this snapshot' },
  { flags: '--as-of <time>', description: 'read what was current then: ISO time or milliseconds' },
  { flags: '--ref <name>', description: 'read this branch or tag' },
]
