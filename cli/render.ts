/** The one renderer: what a verb returns, as text for people or JSON, NDJSON or CSV for programs. */
import { type JsonValue, stringifyJson } from '../index.ts'

export type OutputFormat = 'text' | 'json' | 'ndjson' | 'csv'

/** One row of a listing; keys in column order. Values are plain: strings, numbers, bigints, booleans, null, nested. */
export type Record_ = Readonly<Record<string, unknown>>

/**
 * What a verb returns. `records`: a listing, pulled row by row. `facts`: one thing described by names and values.
 * `lines`: finished lines (the lossless NDJSON of `scan`, which has its own encoder).
 */
export type Output =
  | {
      readonly kind: 'records'
      readonly columns: readonly string[]
      readonly records: AsyncIterable<Record_> | Iterable<Record_>
    }
  | { readonly kind: 'facts'; readonly facts: Record_ }
  | { readonly kind: 'lines'; readonly lines: AsyncIterable<string> }

/** Where text goes; `write` resolves when the reader can take more. */
export interface Sink {
  write(text: string): Promise<void>
}

export async function render(output: Output, format: OutputFormat, sink: Sink): Promise<void> {
  switch (output.kind) {
    case 'lines':
      for await (const line of output.lines) await sink.write(`${line}\n`)
      return
    case 'facts':
      await sink.write(format === 'text' ? factsAsText(output.facts) : factsAs(format, output.facts))
      return
    case 'records':
      await renderRecords(output.columns, output.records, format, sink)
  }
}

async function renderRecords(
  columns: readonly string[],
  records: AsyncIterable<Record_> | Iterable<Record_>,
  format: OutputFormat,
  sink: Sink,
): Promise<void> {
  switch (format) {
    case 'text':
      return renderTable(columns, records, sink)
    case 'csv':
      await sink.write(`${columns.map(csvCell).join(',')}\n`)
      for await (const record of records) {
        await sink.write(`${columns.map((column) => csvCell(plain(record[column]))).join(',')}\n`)
      }
      return
    case 'ndjson':
      for await (const record of records) await sink.write(`${toJson(record)}\n`)
      return
    case 'json': {
      let separator = '['
      for await (const record of records) {
        await sink.write(`${separator}\n  ${toJson(record)}`)
        separator = ','
      }
      await sink.write(separator === '[' ? '[]\n' : '\n]\n')
    }
  }
}

/** Columns are as wide as the first thousand rows need; a later row that needs more spills over. */
async function renderTable(
  columns: readonly string[],
  records: AsyncIterable<Record_> | Iterable<Record_>,
  sink: Sink,
): Promise<void> {
  let layout: Layout | undefined
  let held: Record_[] = []
  const flush = async () => {
    if (layout === undefined) {
      layout = layoutOf(columns, held)
      await sink.write(tableLine(columns, layout))
    }
    for (const record of held)
      await sink.write(
        tableLine(
          columns.map((column) => cell(record[column])),
          layout,
        ),
      )
    held = []
  }
  for await (const record of records) {
    held.push(record)
    if (layout !== undefined || held.length === 1000) await flush()
  }
  await flush()
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
      displayWidth(column),
    )
  const isNumeric = (column: string) =>
    sample.length > 0 && sample.every((record) => ['number', 'bigint'].includes(typeof record[column]))
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
  return [
    'name,value',
    ...Object.entries(facts).map(([name, value]) => `${csvCell(name)},${csvCell(plain(value))}`),
    '',
  ].join('\n')
}

/** One value in a table: nested values as JSON, null as nothing, control characters escaped for the terminal's sake. */
function cell(value: unknown): string {
  return plain(value).replace(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function plain(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? toJson(value) : String(value)
}

/** RFC 4180. */
function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function toJson(value: unknown, indent?: number): string {
  return stringifyJson(value as JsonValue, indent)
}
