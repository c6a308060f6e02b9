import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { file, scratchFolder } from './shell.ts'

const root = resolve(import.meta.dirname, '../..')

/** The packages that are loaded before the first line runs: those of static imports that are not only types. */
function packagesOf(file: string, seen = new Set<string>(), packages = new Set<string>()): Set<string> {
  if (seen.has(file)) return packages
  seen.add(file)
  const statements = readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type )[^']*?from '([^']+)'/gm)
  for (const [, specifier] of statements) {
    if (specifier!.startsWith('.')) packagesOf(resolve(file, '..', specifier!), seen, packages)
    else if (!specifier!.startsWith('node:')) packages.add(specifier!)
  }
  return packages
}

test('the command starts without Arrow, Parquet and CSV, which half of its verbs never need', () => {
  expect([...packagesOf(resolve(root, 'cli/main.ts'))]).toEqual(['commander'])
})

test('a warning is a line of the command, once, and none where Node is told to be silent', async () => {
  const lake = await scratchFolder()
  const rows = await file('rows.csv', 'id\n1\n')
  const append = async (table: string, env: Record<string, string>) => {
    const args = ['append', table, rows, '-c', lake, '--create']
    args.push('--property', 'write.parquet.compression-level=3')
    const main = resolve(root, 'dist/cli/main.js')
    const { stderr } = await promisify(execFile)(process.execPath, [main, ...args], { env })
    return stderr
  }
  expect(await append('a.t', {})).toBe(
    "warning: write.parquet.compression-level is not honoured: files are compressed at the codec's default level\n",
  )
  expect(await append('a.u', { NODE_NO_WARNINGS: '1' })).toBe('')
})

test('neither does the library load Arrow for those who look at metadata', () => {
  expect([...packagesOf(resolve(root, 'index.ts'))]).toEqual([])
})
