/** Files that `append` and `create` take: Parquet, NDJSON and CSV, from a path or from standard input. */
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { parse as parseCsv } from 'csv-parse'
import {
  decodeRowJson,
  isMoraineError,
  type JsonValue,
  MoraineError,
  messageOf,
  type NestedField,
  parseJson,
  type RecordBatch,
  readParquet,
} from '../index.ts'
import { csvValue } from './csv-value.ts'

export type InputFormat = 'parquet' | 'ndjson' | 'csv'

export interface Input {
  readonly format: InputFormat
  /** `-` is standard input. */
  readonly path: string
  readonly stdin: AsyncIterable<Uint8Array>
}

/** The format that `--input-format` names, else that the file's ending tells. */
export function inputFormat(path: string, given: string | undefined): InputFormat {
  const name = given ?? /\.(parquet|ndjson|jsonl|csv)$/i.exec(path)?.[1]?.toLowerCase()
  if (name === 'parquet' || name === 'csv' || name === 'ndjson') return name
  if (name === 'jsonl') return 'ndjson'
  throw new MoraineError(
    'INVALID_ARGUMENT',
    given === undefined
      ? `what is in '${path}'? give --input-format parquet, ndjson or csv`
      : `--input-format: expected parquet, ndjson or csv, found '${given}'`,
  )
}

/** Rows or batches as `Table.append` takes them, for a table of these fields. */
export async function* readInput(
  input: Input,
  fields: readonly NestedField[],
): AsyncGenerator<Record<string, unknown> | RecordBatch> {
  switch (input.format) {
    case 'parquet':
      yield* withFile(input, async function* (path) {
        yield* (await readParquet(path)).batches()
      })
      return
    case 'ndjson':
      for await (const { json, line } of jsonLines(input)) {
        yield atLine(input, line, () => decodeRowJson(json, fields))
      }
      return
    case 'csv':
      for await (const { cells, line } of csvRecords(input))
        yield atLine(input, line, () => csvRow(cells, fields))
  }
}

/** Parsed lines, numbered from 1; blank ones are passed over. */
export async function* jsonLines(
  input: Input,
): AsyncGenerator<{ readonly json: JsonValue; readonly line: number }> {
  let line = 0
  for await (const text of linesOf(bytesOf(input))) {
    line++
    if (text.trim() !== '') yield { json: atLine(input, line, () => parseJson(text)), line }
  }
}

/** The records below the header, by its names. An empty unquoted cell is null, a quoted one an empty text. */
export async function* csvRecords(
  input: Input,
): AsyncGenerator<{ readonly cells: ReadonlyMap<string, string | null>; readonly line: number }> {
  const parser = parseCsv({
    bom: true,
    info: true,
    cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
  })
  const source = Readable.from(bytesOf(input), { objectMode: false })
  source.on('error', (error) => parser.destroy(error))
  let header: readonly string[] | undefined
  try {
    for await (const { record, info } of source.pipe(parser) as AsyncIterable<CsvRecord>) {
      if (header === undefined) header = checkedHeader(input, record)
      else yield { cells: cellsByName(header, record), line: info.lines }
    }
  } catch (error) {
    if (isMoraineError(error)) throw error
    throw new MoraineError('INVALID_DATA', `${input.path}: ${messageOf(error)}`, { cause: error })
  }
}

interface CsvRecord {
  readonly record: readonly (string | null)[]
  readonly info: { readonly lines: number }
}

function cellsByName(
  header: readonly string[],
  record: CsvRecord['record'],
): ReadonlyMap<string, string | null> {
  return new Map(header.map((name, i) => [name, record[i] ?? null]))
}

function checkedHeader(input: Input, record: CsvRecord['record']): readonly string[] {
  const names = record.map((name) => name ?? '')
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined || names.includes('')) {
    const problem = twice === undefined ? 'a column without a name' : `two columns named '${twice}'`
    throw new MoraineError('INVALID_DATA', `${input.path}: the header has ${problem}`)
  }
  return names
}

function csvRow(
  cells: ReadonlyMap<string, string | null>,
  fields: readonly NestedField[],
): Record<string, unknown> {
  const byName = new Map(fields.map((field) => [field.name, field]))
  const row: Record<string, unknown> = Object.create(null)
  for (const [name, text] of cells) {
    const field = byName.get(name)
    row[name] = field === undefined || text === null ? text : csvValue(field, text)
  }
  return row
}

/** Parquet needs its footer first, so that standard input goes to a temporary file. */
async function* withFile<T>(input: Input, use: (path: string) => AsyncGenerator<T>): AsyncGenerator<T> {
  if (input.path !== '-') return yield* use(input.path)
  const folder = await mkdtemp(join(tmpdir(), 'moraine-'))
  try {
    const path = join(folder, 'stdin.parquet')
    await writeFile(path, input.stdin)
    yield* use(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function* bytesOf(input: Input): AsyncGenerator<Uint8Array> {
  try {
    yield* input.path === '-' ? input.stdin : createReadStream(input.path)
  } catch (error) {
    throw new MoraineError('NOT_FOUND', `cannot read ${input.path}: ${messageOf(error)}`, { cause: error })
  }
}

/** Lines without their ends. A line above the limit is refused rather than gathered. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()!
    yield* lines
    if (rest.length > MAX_LINE_LENGTH)
      throw new MoraineError('INVALID_DATA', `a line has over ${MAX_LINE_LENGTH} characters`)
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}

const MAX_LINE_LENGTH = 64 * 1024 * 1024

function atLine<T>(input: Input, line: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new MoraineError('INVALID_DATA', `${input.path}, line ${line}: ${messageOf(error)}`, {
      context: { file: input.path, line },
      cause: error,
    })
  }
}
