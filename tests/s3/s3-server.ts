/** A real S3 server: one of the test's own on this machine, or one that runs already. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface S3Server {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  stop(): Promise<void>
}

type S3ServerKind = 'versitygw' | 'minio'

const root = resolve(import.meta.dirname, '../..')
const accessKeyId = 'moraine-test'
const secretAccessKey = 'moraine-test-secret'

const KINDS = {
  versitygw: {
    install: 'github.com/versity/versitygw/cmd/versitygw@v1.8.0',
    command: (port: number, folder: string) => [
      ['--quiet', '--port', `127.0.0.1:${port}`, 'posix', folder],
      { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
    ],
  },
  minio: {
    install: 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c',
    command: (port: number, folder: string) => [
      ['server', '--quiet', '--address', `127.0.0.1:${port}`, folder],
      {
        MINIO_ROOT_USER: accessKeyId,
        MINIO_ROOT_PASSWORD: secretAccessKey,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
      },
    ],
  },
} as const satisfies Record<
  S3ServerKind,
  {
    readonly install: string
    readonly command: (port: number, folder: string) => [readonly string[], Readonly<Record<string, string>>]
  }
>

/** The server that MORAINE_S3_SERVER names: `versitygw`, the default, `minio`, or the URL of one that runs already. */
export function serverKind(): string {
  return process.env['MORAINE_S3_SERVER'] || 'versitygw'
}

/**
 * Starts a server on an empty folder and a free port; `stop` ends it and removes the folder. One that runs already is
 * asked with the credentials of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and keeps the buckets of the tests.
 */
export async function startS3Server(kind = serverKind()): Promise<S3Server> {
  if (kind === 'versitygw' || kind === 'minio') return startServer(kind)
  if (!URL.canParse(kind))
    throw new Error(`MORAINE_S3_SERVER must be versitygw, minio or a URL, found '${kind}'`)
  return {
    endpoint: kind,
    accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? accessKeyId,
    secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? secretAccessKey,
    stop: async () => undefined,
  }
}

async function startServer(kind: S3ServerKind): Promise<S3Server> {
  const { install, command } = KINDS[kind]
  const binary = join(root, '.tools/bin', kind)
  if (!existsSync(binary)) {
    throw new Error(`${binary} is missing: install it by GOBIN="$PWD/.tools/bin" go install ${install}`)
  }
  await mkdir(join(root, '.tmp'), { recursive: true })
  const top = await mkdtemp(join(root, '.tmp/s3-'))
  const folder = join(top, 'data')
  await mkdir(folder)
  const port = await freePort()
  const [args, env] = command(port, folder)
  const log = openSync(join(top, 'log'), 'w')
  const server = spawn(binary, args, {
    env: { PATH: process.env['PATH'], HOME: top, ...env },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const stop = async () => {
    await ended(server)
    await rm(top, { recursive: true, force: true })
  }
  const endpoint = `http://127.0.0.1:${port}`
  try {
    await answering(endpoint, server)
  } catch (error) {
    await stop()
    throw error
  }
  return { endpoint, accessKeyId, secretAccessKey, stop }
}

/** Any answer will do; an unsigned request is refused by one that is up. */
async function answering(endpoint: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (server.exitCode !== null) throw new Error(`the S3 server ended with ${server.exitCode}`)
    const isUp = await fetch(endpoint).then(
      ({ status }) => status < 500,
      () => false,
    )
    if (isUp) return
    await delay(50)
  }
  throw new Error(`the S3 server at ${endpoint} does not answer`)
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const exit = new Promise((done) => server.once('exit', done))
  server.kill('SIGKILL')
  await exit
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
