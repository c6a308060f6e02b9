import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { schemaToJson } from '../../format/schema-json.ts'
import { stringifyJson } from '../../index.ts'
import { randomTable } from './random-lines.ts'
import { file, lines, moraine, output, scratchFolder } from './shell.ts'

test('lines of any schema come back letter by letter, also after a second round', async () => {
  await fc.assert(
    fc.asyncProperty(randomTable, async ({ schema, lines: given }) => {
      const lake = await scratchFolder()
      const schemaFile = await file('schema.json', stringifyJson(schemaToJson(schema)))
      for (const table of ['a.first', 'a.second']) {
        const create = ['create', table, '-c', lake, '--schema', schemaFile, '--property', 'format-version=3']
        expect(await moraine(create)).toMatchObject({ code: 0, stderr: '' })
      }
      const append = async (table: string, text: string) => {
        const args = ['append', table, '-', '--input-format', 'ndjson', '-c', lake]
        expect(await moraine(args, { stdin: text })).toMatchObject({ code: 0, stderr: '' })
        return output('scan', table, '-c', lake, '--format', 'ndjson')
      }
      const first = await append('a.first', given.join('\n'))
      expect(lines(first)).toEqual(given)
      expect(await append('a.second', first)).toBe(first)
    }),
    { seed: 20261121, numRuns: 15 },
  )
})

/** Lines that a table of one column `v` gives back after it took them. */
async function roundTrip(type: unknown, texts: readonly string[]): Promise<string[]> {
  const lake = await scratchFolder()
  const fields = [{ id: 1, name: 'v', required: false, type }]
  const schemaFile = await file('schema.json', JSON.stringify({ type: 'struct', 'schema-id': 0, fields }))
  await output('create', 'a.t', '-c', lake, '--schema', schemaFile, '--property', 'format-version=3')
  const rows = await file('rows.ndjson', texts.map((text) => `{"v":${text}}\n`).join(''))
  await output('append', 'a.t', rows, '-c', lake)
  const found = lines(await output('scan', 'a.t', '-c', lake, '-f', 'ndjson'))
  return found.map((line) => line.slice('{"v":'.length, -1))
}

const field = (id: number, name: string, type: string) => ({ id, name, required: false, type })

/** One for each row of the table in `docs/ndjson.md`: the row's types and the texts that the page promises. */
const promises: readonly (readonly [row: string, type: unknown, texts: readonly string[]])[] = [
  ['boolean', 'boolean', ['true', 'false', 'null']],
  ['int, long', 'int', ['-2147483648', '2147483647']],
  ['int, long', 'long', ['9007199254740993', '-9223372036854775808', '9223372036854775807']],
  ['float, double', 'double', ['0.1', '1e+21', '100000000000000000000', '5', '5e-324']],
  ['float, double', 'float', ['0.10000000149011612', '16777216']],
  ['', 'double', ['"NaN"', '"Infinity"', '"-Infinity"', '"-0.0"', '0']],
  ['', 'float', ['"NaN"', '"Infinity"', '"-Infinity"', '"-0.0"', '0']],
  ['decimal(p, s)', 'decimal(4, 2)', ['"-0.05"', '"99.99"', '"0.00"']],
  ['date', 'date', ['"2026-11-21"', '"1969-12-31"', '"+12026-01-01"', '"-0044-03-15"']],
  ['time', 'time', ['"22:31:08.123456"', '"00:00:00.000000"']],
  ['timestamp', 'timestamp', ['"2026-11-21T22:31:08.123456"', '"1969-12-31T23:59:59.999999"']],
  ['timestamptz', 'timestamptz', ['"2026-11-21T22:31:08.123456+00:00"']],
  ['timestamp_ns, timestamptz_ns', 'timestamp_ns', ['"2026-11-21T22:31:08.123456789"']],
  ['timestamp_ns, timestamptz_ns', 'timestamptz_ns', ['"2026-11-21T22:31:08.123456789+00:00"']],
  ['string', 'string', ['"Ulm"', '""', '"\\u0000\\n\\"\\\\"']],
  ['uuid', 'uuid', ['"f79c3e09-677c-4bbd-a479-3f349cb785e7"']],
  ['fixed, binary, geometry, geography', 'fixed[2]', ['"00ff"']],
  ['fixed, binary, geometry, geography', 'binary', ['"00ff"', '""']],
  [
    'struct',
    { type: 'struct', fields: [field(2, 'city', 'string'), field(3, 'zip', 'string')] },
    ['{"city":"Ulm","zip":null}', 'null'],
  ],
  [
    'list',
    { type: 'list', 'element-id': 2, element: 'int', 'element-required': false },
    ['[1,null,3]', '[]', 'null'],
  ],
  [
    'map',
    { type: 'map', 'key-id': 2, key: 'string', 'value-id': 3, value: 'int', 'value-required': false },
    ['[["a",1],["b",null]]', '[["b",1],["a",2]]', '[]'],
  ],
]

test.for(promises)('%s: %s is written as docs/ndjson.md has it', async ([, type, texts]) => {
  expect(await roundTrip(type, texts)).toEqual(texts)
})

test('every row and every example of docs/ndjson.md is among the tested ones', () => {
  const page = readFileSync(new URL('../../docs/ndjson.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| (?!type|---)(.*?) *\| .*? \| (.*?) \|$/gm)]
  expect(rows.length).toBeGreaterThan(15)
  const untested = rows
    .filter(([, name]) => name !== 'unknown')
    .flatMap(([, name, examples]) =>
      examples!.split(', `').map((text) => [name!, text.replaceAll('`', '')] as const),
    )
    .filter(([name, text]) => !promises.some(([row, , texts]) => row === name && texts.includes(text)))
  expect(untested).toEqual([])
})

test('an unknown column is null', async () => {
  const lake = await scratchFolder()
  const fields = [field(1, 'a', 'int'), field(2, 'u', 'unknown')]
  const schemaFile = await file('schema.json', JSON.stringify({ type: 'struct', fields }))
  await output('create', 'a.t', '-c', lake, '--schema', schemaFile, '--property', 'format-version=3')
  await output('append', 'a.t', await file('rows.ndjson', '{"a":1,"u":null}'), '-c', lake)
  expect(await output('scan', 'a.t', '-c', lake, '-f', 'ndjson')).toBe('{"a":1,"u":null}\n')
})
