/** Files that `append` and `create` take: Parquet, NDJSON and CSV, from a path or from standard input. */
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { addAbortSignal, Readable } from 'node:stream'
import {
  decodeRowJson,
  invalidArgument,
  isMoraineError,
  type JsonValue,
  MoraineError,
  messageOf,
  type NestedField,
  parseJson,
  type RecordBatch,
  readParquet,
  type Schema,
} from '../index.ts'
import { asUtf8, withNulls } from './csv-cells.ts'
import { csvValue } from './csv-value.ts'

export type InputFormat = 'parquet' | 'ndjson' | 'csv'

export interface Input {
  readonly format: InputFormat
  /** For messages: the path as the user typed it, or `standard input`. */
  readonly name: string
  /** Where the bytes are: a path, or the stream of standard input, which can be read once. */
  readonly source: string | Readable
  readonly signal?: AbortSignal | undefined
}

/** The input that a path names. `format` is that of `--input-format`, if given. */
export function openInput(
  path: string,
  format: string | undefined,
  stdin: Readable,
  signal?: AbortSignal,
): Input {
  const [name, source] = path === '-' ? (['standard input', stdin] as const) : ([path, path] as const)
  const input = { format: inputFormat(path, name, format), name, source, signal }
  if (input.format !== 'parquet' && /^s3[an]?:/i.test(path)) {
    throw new MoraineError(
      'UNSUPPORTED',
      `cannot read ${path}: of what is in S3, only Parquet is read; pipe ${input.format} in, with '-' for the file`,
    )
  }
  return input
}

/** An input that can be read more than once. */
export type FileInput = Input & { readonly source: string }

/** Standard input goes to a temporary file, which `remove` deletes; a file stays where it is. */
export async function localFile(
  input: Input,
): Promise<{ readonly file: FileInput; remove(): Promise<void> }> {
  const { source } = input
  if (typeof source === 'string') return { file: { ...input, source }, remove: async () => {} }
  const folder = await mkdtemp(join(tmpdir(), 'moraine-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const path = join(folder, 'stdin')
    await writeFile(path, bytesOf(input))
    return { file: { ...input, source: path }, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** The format that `--input-format` names, else that the file's ending tells. */
function inputFormat(path: string, name: string, given: string | undefined): InputFormat {
  const format = given ?? /\.(parquet|ndjson|jsonl|csv)$/i.exec(path)?.[1]?.toLowerCase()
  if (format === 'parquet' || format === 'csv' || format === 'ndjson') return format
  if (format === 'jsonl') return 'ndjson'
  throw invalidArgument(
    given === undefined
      ? `what is in ${name}? give --input-format parquet, ndjson or csv`
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
      yield* parquetBatches(input)
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

/** Parquet begins at its end, so that it is read from a file. */
async function* parquetBatches(input: Input): AsyncGenerator<RecordBatch> {
  const { file, remove } = await localFile(input)
  try {
    yield* (await readParquet(file.source)).batches()
  } catch (error) {
    throw parquetError(file, error)
  } finally {
    await remove()
  }
}

export async function parquetSchema(file: FileInput): Promise<Schema> {
  try {
    return (await readParquet(file.source)).schema
  } catch (error) {
    throw parquetError(file, error)
  }
}

/** The reader tells the location of a file, which for standard input is a temporary one. */
function parquetError({ name, source }: FileInput, error: unknown): unknown {
  const location = `file://${resolve(source)}`
  if (!isMoraineError(error) || !error.message.includes(location)) return error
  return new MoraineError(error.code, error.message.replaceAll(location, name), {
    context: { ...error.context, file: name },
    cause: error,
  })
}

/** Parsed lines, numbered from 1; blank ones are passed over. */
export async function* jsonLines(
  input: Input,
): AsyncGenerator<{ readonly json: JsonValue; readonly line: number }> {
  let line = 0
  for await (const text of linesOf(input)) {
    line++
    if (text.trim() !== '') yield { json: atLine(input, line, () => parseJson(text)), line }
  }
}

/** The records below the header, by its names. An empty unquoted cell is null, a quoted one an empty text. */
export async function* csvRecords(
  input: Input,
): AsyncGenerator<{ readonly cells: ReadonlyMap<string, string | null>; readonly line: number }> {
  const { parse: parseCsv } = await import('csv-parse')
  const parser = parseCsv({ bom: true, info: true, raw: true })
  const source = Readable.from(asUtf8(bytesOf(input)), { objectMode: false })
  source.on('error', (error) => parser.destroy(error))
  let header: readonly string[] | undefined
  try {
    for await (const { record, raw, info } of source.pipe(parser) as AsyncIterable<CsvRecord>) {
      if (header === undefined) header = checkedHeader(input, record)
      else yield { cells: cellsByName(header, withNulls(record, raw)), line: info.lines }
    }
  } catch (error) {
    throw isMoraineError(error) ? error : unreadable(input, messageOf(error), error)
  }
}

interface CsvRecord {
  readonly record: readonly string[]
  /** The text of the record, with the end of its line. */
  readonly raw: string
  readonly info: { readonly lines: number }
}

function cellsByName(
  header: readonly string[],
  cells: readonly (string | null)[],
): ReadonlyMap<string, string | null> {
  return new Map(header.map((name, i) => [name, cells[i] ?? null]))
}

function checkedHeader(input: Input, names: readonly string[]): readonly string[] {
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined || names.includes('')) {
    const problem = twice === undefined ? 'a column without a name' : `two columns named '${twice}'`
    throw unreadable(input, `the header has ${problem}`)
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

async function* bytesOf({ name, source, signal }: Input): AsyncGenerator<Uint8Array> {
  try {
    const stream = typeof source === 'string' ? createReadStream(source) : source
    yield* signal === undefined ? stream : addAbortSignal(signal, stream)
  } catch (error) {
    if (signal?.aborted)
      throw new MoraineError('ABORTED', 'stopped while reading the input', { cause: error })
    throw new MoraineError('NOT_FOUND', `cannot read ${name}: ${messageOf(error)}`, { cause: error })
  }
}

/** Lines without their ends. A line above the limit is refused rather than gathered. */
async function* linesOf(input: Input): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let parts: string[] = []
  let length = 0
  for await (const chunk of bytesOf(input)) {
    const lines = decoded(input, () => decoder.decode(chunk, { stream: true })).split('\n')
    const rest = lines.pop()!
    if (lines.length > 0) {
      yield parts.join('') + lines[0]
      yield* lines.slice(1)
      parts = []
      length = 0
    }
    parts.push(rest)
    length += rest.length
    if (length > MAX_LINE_LENGTH) throw unreadable(input, `a line has over ${MAX_LINE_LENGTH} characters`)
  }
  parts.push(decoded(input, () => decoder.decode()))
  const last = parts.join('')
  if (last !== '') yield last
}

const MAX_LINE_LENGTH = 64 * 1024 * 1024

function decoded(input: Input, decode: () => string): string {
  try {
    return decode()
  } catch (error) {
    throw unreadable(input, 'expected UTF-8 text, found other bytes', error)
  }
}

function unreadable({ name }: Input, problem: string, cause?: unknown): MoraineError {
  return new MoraineError('INVALID_DATA', `${name}: ${problem}`, { context: { file: name }, cause })
}

function atLine<T>(input: Input, line: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new MoraineError('INVALID_DATA', `${input.name}, line ${line}: ${messageOf(error)}`, {
      context: { file: input.name, line },
      cause: error,
    })
  }
}
