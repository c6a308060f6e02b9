import { afterEach, expect, test, vi } from 'vitest'
import { readLimits, setReadLimits } from '../../index.ts'
import { file, moraine, scratchFolder } from './shell.ts'

const defaults = readLimits()
afterEach(() => {
  vi.unstubAllEnvs()
  setReadLimits(defaults)
})

test('MORAINE_READ_LIMITS sets what the command reads at once', async () => {
  const lake = await scratchFolder()
  const rows = await file('rows.csv', 'id\n1\n')
  expect(await moraine(['append', 'a.t', rows, '-c', lake, '--create'])).toMatchObject({ code: 0 })
  vi.stubEnv('MORAINE_READ_LIMITS', 'metadataBytes=100, pageBytes=5000')
  const refused = await moraine(['scan', 'a.t', '-c', lake])
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(
    /more than 100 bytes .* MORAINE_READ_LIMITS=metadataBytes=<number> allows more/,
  )
  vi.stubEnv('MORAINE_READ_LIMITS', 'metadataBytes=1000000')
  expect(await moraine(['scan', 'a.t', '-c', lake, '--format', 'csv'])).toMatchObject({ stdout: 'id\n1\n' })
  for (const wrong of ['pageBytes', 'pageBytes=-1', 'pages=3']) {
    vi.stubEnv('MORAINE_READ_LIMITS', wrong)
    const { code, stderr } = await moraine(['ls', '-c', lake])
    expect(code).toBe(2)
    expect(stderr).toMatch(/MORAINE_READ_LIMITS|no limit 'pages'/)
  }
})
