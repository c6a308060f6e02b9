import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openScratchFile } from '../../storage/scratch-file.ts'

const before = process.env['TMPDIR']
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moraine-scratch-'))
  process.env['TMPDIR'] = folder
})
afterEach(async () => {
  if (before === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = before
  await rm(folder, { recursive: true, force: true })
})

test('a scratch file reads back what was written, and never has a name', async () => {
  const file = await openScratchFile()
  expect(await readdir(folder)).toEqual([])
  const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i * 31)
  await file.write(bytes.subarray(0, 7))
  await file.write(bytes.subarray(7))
  expect(Buffer.compare(await file.read(5, 100_000), bytes.subarray(5, 100_005))).toBe(0)
  expect((await file.read(8, 8)).byteOffset).toBe(0)
  await expect(file.read(199_999, 2)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await file.close()
  expect(await readdir(folder)).toEqual([])
})

test('a folder for temporary files that is not there is named', async () => {
  process.env['TMPDIR'] = join(folder, 'gone')
  await expect(openScratchFile()).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringMatching(/cannot make a temporary file in .*gone.*; TMPDIR names another folder/),
  })
})
