/** Tables that PyIceberg writes, changes, evolves and adds files to, at every step as PyIceberg reads them. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTable } from '../../index.ts'
import { difference, expectColumnsAlone, linesOf, sameRows } from './canonical.ts'
import { enginesInstalled } from './judge.ts'
import { agreed, printMatrix } from './matrix.ts'

interface Step {
  readonly table: string
  readonly step: string
  readonly metadata: string
  readonly lines: readonly string[]
}

const root = resolve(import.meta.dirname, '../..')
let folder: string
let steps: readonly Step[]

beforeAll(async () => {
  if (!enginesInstalled) return
  folder = await mkdtemp(join(tmpdir(), 'moraine-pyiceberg-'))
  const python = join(root, '.tools/venv/bin/python')
  await promisify(execFile)(python, [join(root, 'tests/interop/judges/write-pyiceberg.py'), folder])
  steps = JSON.parse(await readFile(join(folder, 'steps.json'), 'utf8'))
})

afterAll(async () => {
  if (!enginesInstalled) return
  printMatrix()
  await rm(folder, { recursive: true })
})

const tables = ['full', 'parted', 'added'].flatMap((name) => [`${name}_v1`, `${name}_v2`])

describe.skipIf(!enginesInstalled)('a table that PyIceberg writes', () => {
  test.each(tables)('has the same rows after every step, by file and by folder: %s', async (name) => {
    const story = steps.filter(({ table }) => table === name)
    expect(story.length).toBeGreaterThan(1)
    for (const { step, metadata, lines } of story) {
      const table = await openTable(metadata)
      expect(difference(await linesOf(table.scan()), lines), step).toEqual(sameRows)
      agreed(name, 'pyiceberg', lines.length)
    }
    const last = story.at(-1)!
    const byFolder = await openTable(join(folder, 'db', name))
    expect(byFolder.metadataLocation).toBe(last.metadata)
    await expectColumnsAlone(byFolder, last.lines)
  })
})
