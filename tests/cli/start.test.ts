import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

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

test('neither does the library load Arrow for those who look at metadata', () => {
  expect([...packagesOf(resolve(root, 'index.ts'))]).toEqual([])
})
