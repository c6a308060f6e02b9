/** S3 servers that look before they write, so that several clients win one name: what a probe must find. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { S3Server } from '../s3/s3-server.ts'

export type BadServerKind = 's3mock' | 's3s-fs'

const root = resolve(import.meta.dirname, '../..')
const credentials = { accessKeyId: 'moraine-test', secretAccessKey: 'moraine-test-secret' }
const jar =
  process.env['MORAINE_S3MOCK_JAR'] ??
  join(homedir(), '.m2/repository/com/adobe/testing/s3mock/5.2.0/s3mock-5.2.0-exec.jar')

const KINDS = {
  s3mock: {
    file: jar,
    install: 'mvn dependency:get -Dartifact=com.adobe.testing:s3mock:5.2.0:jar:exec -Dtransitive=false',
    command: async (port: number) => [
      'java',
      '-Xmx512m',
      '-jar',
      jar,
      '--server.address=127.0.0.1',
      `--http.port=${port}`,
      `--server.port=${await freePort()}`,
    ],
  },
  's3s-fs': {
    file: join(root, '.tools/bin/s3s-fs'),
    install: 'cargo install s3s-fs@0.14.1 --features binary --root .tools',
    command: async (port: number, folder: string) => [
      join(root, '.tools/bin/s3s-fs'),
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--access-key',
      credentials.accessKeyId,
      '--secret-key',
      credentials.secretAccessKey,
      folder,
    ],
  },
} as const

/** Starts a server on a free port; `stop` ends it and removes its folder. */
export async function startBadServer(kind: BadServerKind): Promise<S3Server> {
  const { file, install, command } = KINDS[kind]
  if (!existsSync(file)) throw new Error(`${file} is missing: install it by ${install}`)
  await mkdir(join(root, '.tmp'), { recursive: true })
  const folder = await mkdtemp(join(root, '.tmp/bad-store-'))
  const port = await freePort()
  const [program, ...args] = await command(port, folder)
  const server = spawn(program!, args, { stdio: 'ignore', env: { ...process.env, TMPDIR: folder } })
  const exited = new Promise((done) => server.once('exit', done))
  const endpoint = `http://127.0.0.1:${port}`
  const stop = async () => {
    server.kill('SIGKILL')
    await exited
    await rm(folder, { recursive: true, force: true })
  }
  for (let attempt = 0; attempt < 600; attempt++) {
    if (server.exitCode !== null) throw new Error(`${kind} ended with ${server.exitCode}`)
    if (await answers(endpoint)) return { endpoint, ...credentials, stop }
    await delay(100)
  }
  await stop()
  throw new Error(`${kind} at ${endpoint} does not answer`)
}

function answers(endpoint: string): Promise<boolean> {
  return fetch(endpoint).then(
    ({ status }) => status < 500,
    () => false,
  )
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer()
    probe.once('error', failed)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
