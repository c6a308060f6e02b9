import { describe, expect, test } from 'vitest'
import { fileRanges } from '../../format/key-index/file-ranges.ts'
import type { KeyEntries } from '../../format/key-index/key-entries.ts'
import type { IndexedFile } from '../../format/key-index/run-file.ts'
import { joinRuns, RunBuilder, type UnwrittenRun } from '../../writers/key-index/run-builder.ts'

const whole = (path: string, recordCount: number) => ({ path, sizeInBytes: 100, recordCount })

function add(builder: RunBuilder, keys: readonly number[]): void {
  const low = Uint32Array.from(keys)
  builder.add(
    { length: keys.length, high: new Int32Array(keys.length), low, rest: undefined },
    new Float64Array(keys.length).fill(-1),
  )
}

/** `key@file:position` in the order of keys. */
function texts({ entries, files }: UnwrittenRun): string[] {
  const { low, file, position } = entries as KeyEntries
  return Array.from(low, (key, i) => `${key}@${files[file[i]!]!.path}:${position[i]}`)
}

describe('a run of entries', () => {
  test('ends within a file when it has enough, and the next goes on there', () => {
    const builder = new RunBuilder(4)
    builder.begin(whole('a', 3))
    add(builder, [30, 10, 20])
    expect(builder.full()).toBeUndefined()
    builder.begin(whole('b', 4))
    add(builder, [15, 25])
    const first = builder.full()!
    expect(texts(first)).toEqual(['10@a:1', '15@b:0', '20@a:2', '25@b:1', '30@a:0'])
    add(builder, [5, 1])
    const second = builder.rest()!
    expect(texts(second)).toEqual(['1@b:3', '5@b:2'])
    expect(second.files).toEqual([{ ...whole('b', 4), first: 2, rows: 2 }])
    const ranges = fileRanges([first.files, second.files])
    expect(ranges.covers('a', 100, 3) && ranges.covers('b', 100, 4)).toBe(true)
    expect(fileRanges([first.files]).covers('b', 100, 4)).toBe(false)
    expect(builder.rest()).toBeUndefined()
  })

  test('leaves out a file that was dropped, and that alone', () => {
    const builder = new RunBuilder(100)
    builder.begin(whole('a', 1))
    add(builder, [1])
    builder.begin(whole('b', 2))
    add(builder, [2])
    builder.drop()
    builder.begin(whole('c', 1))
    add(builder, [3])
    expect(texts(builder.rest()!)).toEqual(['1@a:0', '3@c:0'])
  })

  test('joined with others has each row once, whichever of them have it', () => {
    const run = (path: string, first: number, keys: readonly number[], recordCount = 6): UnwrittenRun => {
      const { length } = keys
      const files: IndexedFile[] = [{ ...whole(path, recordCount), first, rows: length }]
      return {
        entries: {
          length,
          high: new Int32Array(length),
          low: Uint32Array.from(keys),
          rest: undefined,
          file: new Uint32Array(length),
          position: Uint32Array.from(keys, (_, i) => first + i),
          rowId: new Float64Array(length).fill(-1),
        },
        files,
      }
    }
    const runs = [
      run('a', 0, [1, 2, 3, 4]),
      run('a', 2, [3, 4, 5, 6]),
      run('a', 0, [1, 2, 3]),
      run('b', 0, [9], 1),
    ]
    const joined = joinRuns(runs)
    expect(texts(joined)).toEqual(['1@a:0', '2@a:1', '3@a:2', '4@a:3', '5@a:4', '6@a:5', '9@b:0'])
    expect(fileRanges([joined.files]).covers('a', 100, 6)).toBe(true)
    expect(fileRanges(runs.map(({ files }) => files)).covers('a', 100, 6)).toBe(true)
  })
})

test('rows that no run has are not covered, nor a file of another size', () => {
  const files = (first: number, rows: number) => [{ ...whole('a', 10), first, rows }]
  expect(fileRanges([files(0, 4), files(5, 5)]).covers('a', 100, 10)).toBe(false)
  expect(fileRanges([files(0, 4), files(5, 5), files(3, 3)]).covers('a', 100, 10)).toBe(true)
  expect(fileRanges([files(0, 10)]).covers('a', 101, 10)).toBe(false)
  expect(fileRanges([files(0, 10)]).covers('a', 100, 9)).toBe(false)
})
