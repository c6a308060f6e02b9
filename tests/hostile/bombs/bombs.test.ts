/** Bombs of every format: refused by a typed error, in bounded memory and time, before they are unpacked. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { readLimits } from '../../../index.ts'
import { code } from '../../table/support.ts'
import { avroBombs } from './avro-bombs.ts'
import { type Bomb, MIB } from './bomb.ts'
import { jsonBombs } from './json-bombs.ts'
import { parquetBombs } from './parquet-bombs.ts'
import { puffinBombs } from './puffin-bombs.ts'
import { variantBombs } from './variant-bombs.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const kinds: readonly [string, readonly Bomb[]][] = [
  ['JSON', jsonBombs],
  ['Avro', avroBombs],
  ['Parquet', parquetBombs],
  ['Puffin', puffinBombs],
  ['variant', variantBombs],
]

describe.for(kinds)('a %s bomb is refused', ([, bombs]) => {
  test.for(bombs)('$name', { timeout: 10_000 }, async ({ code: expected, explode }) => {
    collectGarbage()
    const before = process.memoryUsage.rss()
    await expect((async () => explode())()).rejects.toThrow(code(expected))
    // What was unpacked up to the limit, garbage by now, and 256 MiB.
    expect(process.memoryUsage.rss() - before).toBeLessThan(readLimits().blockBytes + 256 * MIB)
  })
})

test('there are sixty bombs', () => {
  expect(kinds.flatMap(([, bombs]) => bombs).length).toBeGreaterThanOrEqual(60)
})
