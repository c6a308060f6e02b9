import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { completionScripts } from '../../cli/completion-scripts.ts'
import { loadVerbs } from '../../cli/verbs.ts'
import { file, lines, moraine, output, scratchFolder } from './shell.ts'

const before = process.env['MORAINE_CATALOG']
let lake = ''

beforeEach(async () => {
  lake = await scratchFolder()
  const rows = await file('rows.ndjson', '{"id":1}\n')
  for (const table of ['shop.orders', 'shop.returns', 'shop.eu.orders', 'web."odd name"']) {
    await output('append', table, rows, '-c', lake, '--create')
  }
  process.env['MORAINE_CATALOG'] = lake
})
afterEach(() => {
  if (before === undefined) delete process.env['MORAINE_CATALOG']
  else process.env['MORAINE_CATALOG'] = before
})

/** The candidates for the last word, without what they are. */
async function candidates(...words: string[]): Promise<string[]> {
  return lines(await output('__complete', '--', ...words)).map((line) => line.split('\t')[0]!)
}

describe('completion', () => {
  test('offers the verbs, with what they do', async () => {
    const verbs = await loadVerbs()
    expect(await candidates('')).toEqual(verbs.map(({ name }) => name))
    expect(await output('__complete', '--', 'desc')).toBe(
      'describe\twhat a table is: schema, partitioning, current snapshot, totals\n',
    )
    expect(await candidates('nonsense', '')).toEqual([])
  })

  test('offers the options of the verb, and the values that they have', async () => {
    expect(await candidates('files', '--p')).toEqual(['--partition'])
    expect(await candidates('ls', '--')).toEqual(['--catalog', '--format'])
    expect(await candidates('scan', 'shop.orders', '--format', '')).toEqual(['text', 'json', 'ndjson', 'csv'])
    expect(await candidates('scan', '-f', 'nd')).toEqual(['ndjson'])
    expect(await candidates('scan', '--limit', '')).toEqual([])
  })

  test('offers tables of the catalog, a namespace at a time', async () => {
    expect(await candidates('scan', '')).toEqual(['shop.', 'web.'])
    expect(await candidates('scan', '--limit', '5', 'shop.')).toEqual([
      'shop.eu.',
      'shop.orders',
      'shop.returns',
    ])
    expect(await candidates('append', 'shop.eu.o')).toEqual(['shop.eu.orders'])
    expect(await candidates('scan', 'web.')).toEqual(['web."odd name"'])
    delete process.env['MORAINE_CATALOG']
    expect(await candidates('scan', '-c', lake, 'shop.r')).toEqual(['shop.returns'])
    expect(await candidates('scan', `--catalog=${lake}`, 'shop.r')).toEqual(['shop.returns'])
  })

  test('offers the references of the table, of a branch option only branches', async () => {
    await output('tag', 'shop.orders', 'v1')
    await output('branch', 'shop.orders', 'audit')
    expect(await candidates('scan', 'shop.orders', '--ref', '')).toEqual(['main', 'v1', 'audit'])
    expect(await candidates('scan', '-c', lake, 'shop.orders', '--ref', 'a')).toEqual(['audit'])
    expect(await candidates('rollback', 'shop.orders', '--branch', '')).toEqual(['main', 'audit'])
    expect(await candidates('scan', '--ref', '')).toEqual([])
  })

  test('completes a value behind =, which bash makes a word of its own', async () => {
    expect(await candidates('ls', '--format=nd')).toEqual(['--format=ndjson'])
    expect(await candidates('ls', '--format', '=', 'nd')).toEqual(['ndjson'])
    expect(await candidates('ls', '--format', '=')).toEqual(['text', 'json', 'ndjson', 'csv'])
    delete process.env['MORAINE_CATALOG']
    expect(await candidates('scan', '--catalog', '=', lake, 'shop.r')).toEqual(['shop.returns'])
  })

  test('offers the shells that have a script', async () => {
    expect(await candidates('completion', '')).toEqual(['bash', 'zsh', 'fish'])
  })

  test('leaves files to the shell, and has no answer where something is wrong', async () => {
    expect(await candidates('append', 'shop.orders', '')).toEqual([])
    expect(await candidates('scan', './sh')).toEqual([])
    const nowhere = await moraine(['__complete', '--', 'scan', '-c', '/nowhere/at/all', ''])
    expect(nowhere).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('has a script for each shell, and refuses others', async () => {
    for (const [shell, script] of Object.entries(completionScripts)) {
      expect(await output('completion', shell)).toBe(`${script}\n`)
      expect(script).toContain('__complete --')
    }
    const { code, stderr } = await moraine(['completion', 'tcsh'])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('expected bash, zsh, fish') })
  })

  test('of bash hands over the words up to the cursor, and takes what comes back', async () => {
    const script = `${completionScripts.bash}
moraine() { printf '<%s>' "$@" >&3; printf 'shop.a b\\ttable\\nshop.c\\ttable\\n'; }
exec 3>&1
COMP_WORDS=(moraine scan "two words" shop. behind); COMP_CWORD=3
_moraine
printf '\\n%s' "\${COMPREPLY[@]}"`
    const { stdout } = await promisify(execFile)('bash', ['-c', script])
    expect(stdout).toBe('<__complete><--><scan><two words><shop.>\nshop.a\\ b\nshop.c')
  })
})
