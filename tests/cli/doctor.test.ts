import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { moraine, output, scratchFolder } from './shell.ts'

test('doctor says that a folder is fit for many writers, and leaves it as it was', async () => {
  const folder = await scratchFolder()
  const checks: { check: string; result: string }[] = JSON.parse(
    await output('doctor', folder, '--format', 'json'),
  )
  expect(checks.map(({ check }) => check)).toEqual([
    'reachable',
    'credentials',
    'put and get',
    'listing',
    'create races',
    'delete and create',
    'if-match races',
    'if-match stale',
    'if-match missing',
    'multipart',
    'clock',
    'clean-up',
  ])
  expect(checks.filter(({ result }) => result === 'red')).toEqual([])
  expect(await readdir(folder)).toEqual([])
})

test('doctor ends with 1 when a check is red, after it has printed what was seen', async () => {
  const folder = await scratchFolder()
  await writeFile(join(folder, '_moraine'), 'a file where a folder should be')
  const { code, stdout, stderr } = await moraine(['doctor', folder])
  expect(code).toBe(1)
  expect(stdout).toMatch(/^check +result +seen\n/)
  expect(stdout).toMatch(/put and get +red +.*_moraine/)
  expect(stderr).toMatch(/is not fit: .*create races/)
})

test('doctor does not make a folder that is not there', async () => {
  const { code, stderr } = await moraine(['doctor', join(await scratchFolder(), 'nowhere')])
  expect(code).toBe(1)
  expect(stderr).toMatch(/no such folder/)
})
