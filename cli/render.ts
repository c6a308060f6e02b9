/** The one renderer: what a verb returns, as text for people or JSON, NDJSON or CSV for programs. */
import { type JsonValue, type MoraineError, stringifyJson } from '../index.ts'

export type OutputFormat = 'text' | 'json' | 'ndjson' | 'csv'

/** One row of a listing; keys in column order. Values are plain: strings, numbers, bigints, booleans, null, nested. */
export type Record_ = Readonly<Record<string, unknown>>

/**
 * What a verb returns. `records`: a listing, pulled row by row. `facts`: one thing described by names and values.
 * `lines`: finished lines (the lossless NDJSON of `scan`, which has its own encoder; a script).
 */
export type Output =
  | {
      readonly kind: 'records'
      readonly columns: readonly string[]
      readonly records: AsyncIterable<Record_> | Iterable<Record_>
      /** The command ends with this error after the listing, which tells what led to it. */
      readonly failure?: MoraineError
    }
  | { readonly kind: 'facts'; readonly facts: Record_ }
  | { readonly kind: 'lines'; readonly lines: AsyncIterable<string> | Iterable<string> }

/** Where text goes; `write` resolves when the reader can take more. */
export interface Sink {
  write(text: string): Promise<void>
}

/** Text is gathered to pieces of about this many characters: a write for each row would cost more than the row. */
const PIECE_LENGTH = 64 * 1024

/** Prints the output. When it fails midway, what came before the failure is printed. */
export async function render(output: Output, format: OutputFormat, sink: Sink): Promise<void> {
  let piece = ''
  try {
    for await (const text of textOf(output, format)) {
      piece += text
      if (piece.length < PIECE_LENGTH) continue
      const full = piece
      piece = ''
      await sink.write(full)
    }
  } finally {
    if (piece !== '') await sink.write(piece)
  }
}

async function* textOf(output: Output, format: OutputFormat): AsyncGenerator<string> {
  switch (output.kind) {
    case 'lines':
      for await (const line of output.lines) yield `${line}\n`
      return
    case 'facts':
      yield format === 'text' ? factsAsText(output.facts) : factsAs(format, output.facts)
      return
    case 'records':
      yield* recordsAs(format, output.columns, output.records)
  }
}

type Records = AsyncIterable<Record_> | Iterable<Record_>

async function* recordsAs(
  format: OutputFormat,
  columns: readonly string[],
  records: Records,
): AsyncGenerator<string> {
  switch (format) {
    case 'text':
      return yield* tableOf(columns, records)
    case 'csv':
      yield csvLine(columns)
      for await (const record of records) yield csvLine(columns.map((column) => record[column]))
      return
    case 'ndjson':
      for await (const record of records) yield `${toJson(record)}\n`
      return
    case 'json': {
      let separator = '['
      for await (const record of records) {
        yield `${separator}\n  ${toJson(record)}`
        separator = ','
      }
      yield separator === '[' ? '[]\n' : '\n]\n'
    }
  }
}

/** Columns are as wide as the first thousand rows need; a later row that needs more spills over. */
async function* tableOf(columns: readonly string[], records: Records): AsyncGenerator<string> {
  let layout: Layout | undefined
  let held: Record_[] = []
  function* flush() {
    if (layout === undefined) {
      layout = layoutOf(columns, held)
      yield tableLine(columns.map(cell), layout)
    }
    for (const record of held) {
      yield tableLine(
        columns.map((column) => cell(record[column])),
        layout,
      )
    }
    held = []
  }
  for await (const record of records) {
    held.push(record)
    if (layout !== undefined || held.length === 1000) yield* flush()
  }
  yield* flush()
}

interface Layout {
  readonly widths: readonly number[]
  /** Columns of numbers stand to the right. */
  readonly numeric: readonly boolean[]
}

function layoutOf(columns: readonly string[], sample: readonly Record_[]): Layout {
  const widthOf = (column: string) =>
    sample.reduce(
      (width, record) => Math.max(width, displayWidth(cell(record[column]))),
      displayWidth(cell(column)),
    )
  const isNumeric = (column: string) => {
    const values = sample.map((record) => record[column] ?? null).filter((value) => value !== null)
    return values.length > 0 && values.every((value) => ['number', 'bigint'].includes(typeof value))
  }
  return { widths: columns.map(widthOf), numeric: columns.map(isNumeric) }
}

function tableLine(cells: readonly string[], { widths, numeric }: Layout): string {
  const padded = cells.map((text, i) => {
    const space = ' '.repeat(Math.max(0, widths[i]! - displayWidth(text)))
    return numeric[i] ? space + text : text + space
  })
  return `${padded.join('  ').trimEnd()}\n`
}

function displayWidth(text: string): number {
  return [...text].length
}

function factsAsText(facts: Record_): string {
  const names = Object.keys(facts)
  const width = Math.max(0, ...names.map((name) => name.length))
  return names.map((name) => factLines(name.padEnd(width), width, facts[name])).join('')
}

function factLines(name: string, width: number, value: unknown): string {
  const lines = Array.isArray(value) ? value.map(cell) : cell(value).split('\n')
  const first = `${name}  ${lines[0] ?? ''}`.trimEnd()
  return [first, ...lines.slice(1).map((line) => `${' '.repeat(width)}  ${line}`)]
    .map((line) => `${line}\n`)
    .join('')
}

function factsAs(format: Exclude<OutputFormat, 'text'>, facts: Record_): string {
  if (format === 'json') return `${toJson(facts, 2)}\n`
  if (format === 'ndjson') return `${toJson(facts)}\n`
  return [['name', 'value'], ...Object.entries(facts)].map(csvLine).join('')
}

/** One value in a table: nested values as JSON, null as nothing, control characters escaped for the terminal's sake. */
function cell(value: unknown): string {
  return escaped(plain(value), /\p{Cc}/gu)
}

/** Text that may go to a terminal: all control characters but the ends of lines and tabs escaped. */
export function withoutControls(text: string): string {
  return escaped(text, /(?![\n\t])\p{Cc}/gu)
}

function escaped(text: string, characters: RegExp): string {
  return text.replace(characters, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function plain(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? toJson(value) : String(value)
}

function csvLine(cells: readonly unknown[]): string {
  return `${cells.map(csvCell).join(',')}\n`
}

/** RFC 4180; null is an empty cell, an empty text a quoted one. */
function csvCell(value: unknown): string {
  const text = plain(value)
  return value === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function toJson(value: unknown, indent?: number): string {
  return stringifyJson(value as JsonValue, indent)
}
