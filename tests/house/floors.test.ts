import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/** What a room may import, besides itself. `index` stands for index.ts at the root. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  format: [],
  threads: [],
  storage: ['format'],
  catalog: ['storage', 'format'],
  writers: ['storage', 'format'],
  snapshot: ['catalog', 'storage', 'format'],
  readers: ['snapshot', 'catalog', 'storage', 'format'],
  compaction: ['readers', 'writers', 'snapshot', 'catalog', 'storage', 'format', 'threads'],
  table: ['compaction', 'readers', 'writers', 'snapshot', 'catalog', 'storage', 'format', 'threads'],
  index: ['table', 'compaction', 'readers', 'writers', 'snapshot', 'catalog', 'storage', 'format', 'threads'],
  cli: ['index'],
}
const rooms = Object.keys(mayImport).filter((room) => room !== 'index')

interface Import {
  readonly from: string
  readonly to: string
}

const files = [...rooms.flatMap((room) => sourcesBelow(join(root, room))), join(root, 'index.ts')]
const imports = files.flatMap(importsOf)

describe('the house', () => {
  test('has sources in it, and its imports are seen', () => {
    expect(files.length).toBeGreaterThan(40)
    expect(imports.length).toBeGreaterThan(100)
  })

  test('no room imports a room that stands above it', () => {
    const upward = imports
      .filter(({ from, to }) => roomOf(from) !== roomOf(to) && !mayImport[roomOf(from)]?.includes(roomOf(to)))
      .map(({ from, to }) => `${from} → ${to}`)
    expect(upward).toEqual([])
  })

  test('no import goes in a circle', () => {
    expect(firstCycle()).toEqual([])
  })

  test('every room has a README of five lines that says what it is for', () => {
    for (const room of [...rooms, 'spec', 'tests', 'bench', 'docs', 'examples']) {
      const text = readFileSync(join(root, room, 'README.md'), 'utf8')
      for (const word of ['Purpose', 'Words it owns', 'In', 'Out', 'May import']) {
        expect(text, `${room}/README.md`).toMatch(new RegExp(`^- \\*\\*${word}\\*\\*`, 'm'))
      }
    }
  })

  test('no metadata is parsed with JSON.parse, which rounds 64-bit integers', () => {
    const bare = files
      .filter((file) => !file.endsWith('lossless-json.ts'))
      .filter((file) => /\bJSON\.parse\(/.test(readFileSync(file, 'utf8')))
      .map((file) => relative(root, file))
    expect(bare).toEqual([])
  })

  test('the AWS SDK is loaded where it is needed, and not before', () => {
    const eager = files
      .filter((file) => /^import (?!type )[^;]*?'@aws-sdk\//m.test(readFileSync(file, 'utf8')))
      .map((file) => relative(root, file))
    expect(eager).toEqual([])
    expect(readFileSync(join(root, 'storage/s3/sdk-client.ts'), 'utf8')).toContain("await import('@aws-sdk/")
  })

  test('no loop goes over the inherited names of an object', () => {
    const loops = files
      .filter((file) => /\bfor\s*\(\s*(?:const|let|var)\s+\w+\s+in\s/.test(readFileSync(file, 'utf8')))
      .map((file) => relative(root, file))
    expect(loops).toEqual([])
  })
})

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  const specifiers = text.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)'(\.{1,2}\/[^']+)'/g)
  return [...specifiers].map(([, specifier]) => ({
    from: relative(root, file),
    to: relative(root, resolve(dirname(file), specifier!)),
  }))
}

function roomOf(file: string): string {
  return file === 'index.ts' ? 'index' : file.split('/')[0]!
}

function firstCycle(): string[] {
  const next = new Map<string, string[]>()
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to])
  const done = new Set<string>()
  const walk = (file: string, trail: readonly string[]): string[] => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file]
    if (done.has(file)) return []
    for (const to of next.get(file) ?? []) {
      const cycle = walk(to, [...trail, file])
      if (cycle.length > 0) return cycle
    }
    done.add(file)
    return []
  }
  for (const file of next.keys()) {
    const cycle = walk(file, [])
    if (cycle.length > 0) return cycle
  }
  return []
}
