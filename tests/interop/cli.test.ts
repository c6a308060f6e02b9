/** The built command as a process of its own: pipes, signals and exit codes. `npm run build` comes first. */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'

const main = resolve(import.meta.dirname, '../../dist/cli/main.js')
const rowCount = 20_000
const rows = Array.from({ length: rowCount }, (_, i) => `{"id":${i},"text":"row ${i}"}\n`).join('')

let lake: string

beforeAll(async () => {
  lake = await mkdtemp(join(tmpdir(), 'moraine-process-'))
  const created = await shell('node "$MAIN" append a.t - --create --input-format ndjson', rows)
  expect(created).toMatchObject({ code: 0, stderr: '' })
})

afterAll(() => rm(lake, { recursive: true, force: true }))

/** Runs a line of bash in which `$MAIN` is the command; the pipe's first failure is the exit code. */
async function shell(line: string, stdin = '') {
  const child = spawn('bash', ['-o', 'pipefail', '-c', line], {
    env: { ...process.env, MAIN: main, MORAINE_CATALOG: lake },
  })
  child.stdin.end(stdin)
  return outcomeOf(child)
}

async function outcomeOf(child: ReturnType<typeof spawn>) {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const code = await new Promise<number | null>((done) => child.on('close', done))
  return { code, stdout, stderr }
}

test('a scan goes through a pipe whole', async () => {
  const { code, stdout } = await shell('node "$MAIN" scan a.t --format ndjson')
  expect(code).toBe(0)
  expect(stdout).toBe(rows)
})

test('a reader that leaves early ends the scan quietly', async () => {
  const outcome = await shell('node "$MAIN" scan a.t --format ndjson | head -n 1')
  expect(outcome).toEqual({ code: 0, stdout: '{"id":0,"text":"row 0"}\n', stderr: '' })
})

test('exit codes and streams: help on stdout, errors on stderr', async () => {
  expect(await shell('node "$MAIN" --version')).toMatchObject({ code: 0, stderr: '' })
  expect(await shell('node "$MAIN" scan --help')).toMatchObject({ code: 0, stderr: '' })
  expect(await shell('node "$MAIN" scan a.nothing')).toMatchObject({ code: 1, stdout: '' })
  expect(await shell('node "$MAIN" scan a.t --bogus')).toMatchObject({ code: 2, stdout: '' })
})

test.for(['SIGINT', 'SIGTERM'] as const)('%s during an append leaves nothing of it', async (signal) => {
  const before = await readdir(lake, { recursive: true })
  const child = spawn(process.execPath, [main, 'append', 'a.t', '-', '--input-format', 'ndjson'], {
    env: { ...process.env, MORAINE_CATALOG: lake },
  })
  child.stdin.on('error', () => {})
  child.stdin.write(rows)
  await delay(1500)
  child.kill(signal)
  const { code, stdout, stderr } = await outcomeOf(child)
  expect({ code, stdout, stderr }).toEqual({
    code: 130,
    stdout: '',
    stderr: 'moraine: stopped while reading the input\n',
  })
  expect(await readdir(lake, { recursive: true })).toEqual(before)
})
