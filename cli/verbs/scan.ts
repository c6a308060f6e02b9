import { encodeRowJson, invalidArgument, parseWhere, type ScanOptions, stringifyJson } from '../../index.ts'
import { atOption } from '../at-option.ts'
import { openNamedTable } from '../catalog-arguments.ts'
import { parseNamePaths } from '../name-path.ts'
import type { Record_ } from '../render.ts'
import { atOptions, remapOption, tableArgument, textOption, type Verb, type VerbOptions } from '../verb.ts'

/** `--format ndjson` is a contract that scripts rely on: docs/ndjson.md. */
export const scan: Verb = {
  name: 'scan',
  summary: 'the rows of a table',
  arguments: [tableArgument],
  options: [
    {
      flags: '--select <columns>',
      description: 'comma-separated, at any depth: a,b.c; quote names: "a b","c,d".e',
    },
    {
      flags: '--where <predicate>',
      description: "only rows that match: amount > 100 and city in ('Ulm', 'Bonn')",
    },
    { flags: '--limit <rows>', description: 'stop after this many rows' },
    ...atOptions,
    remapOption,
  ],
  example: `moraine scan shop.orders --select order_id,customer.address.city --where "amount > 100" --limit 20`,
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const prepared = table.scan(scanOptions(options))
    const encoded = (async function* () {
      for await (const row of prepared.rows({ variants: 'exact' })) yield encodeRowJson(row, prepared.fields)
    })()
    if (options.format === 'ndjson') return { kind: 'lines', lines: encoded }
    if (options.format === 'json') return { kind: 'lines', lines: asArray(encoded) }
    return { kind: 'records', columns: prepared.fields.map((f) => f.name), records: cellsOf(prepared) }
  },
}

/** In text and CSV a scalar is its NDJSON value without quotes; what is nested is JSON. */
async function* cellsOf({ fields, rows }: ReturnType<Awaited<ReturnType<typeof openNamedTable>>['scan']>) {
  for await (const row of rows({ variants: 'exact' })) {
    const record: Record<string, unknown> = Object.create(null)
    for (const field of fields) {
      const only = encodeRowJson(row, [field])
      const text = only.slice(stringifyJson(field.name).length + 2, -1)
      record[field.name] = text === 'null' ? null : unquoted(text, row[field.name])
    }
    yield record as Record_
  }
}

function unquoted(text: string, value: unknown): unknown {
  if (typeof value === 'string') return value
  if (typeof value === 'number' && !text.startsWith('"')) return value
  if (typeof value === 'bigint' && !text.startsWith('"')) return value
  return text.startsWith('"') ? text.slice(1, -1) : text
}

async function* asArray(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let before: string | undefined
  yield '['
  for await (const line of lines) {
    if (before !== undefined) yield `  ${before},`
    before = line
  }
  if (before !== undefined) yield `  ${before}`
  yield ']'
}

function scanOptions(options: VerbOptions): ScanOptions {
  const select = textOption(options, 'select')
  const where = textOption(options, 'where')
  const limit = textOption(options, 'limit')
  const at = atOption(options)
  return {
    ...(select === undefined ? {} : { select: columnsOf(select) }),
    ...(where === undefined ? {} : { where: parseWhere(where) }),
    ...(limit === undefined ? {} : { limit: parseLimit(limit) }),
    ...(at === undefined ? {} : { at }),
  }
}

function parseLimit(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw invalidArgument(`--limit: expected a whole number of rows, found '${text}'`)
}

/** A column with a quoted part is an exact path, one without is a full name. */
function columnsOf(select: string): (string | readonly string[])[] {
  return parseNamePaths(select, '--select').map(({ parts, quoted }) => (quoted ? parts : parts.join('.')))
}
