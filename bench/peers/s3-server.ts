import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export const S3_SERVER = 'versitygw'

export interface BenchS3Server {
  /** `s3://<bucket>`, empty. */
  readonly bucket: string
  /** What `connect` needs to reach it. */
  readonly properties: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/** The S3 server that `.ci/run` installs, on a new folder; undefined where it is not installed. */
export async function startS3Server(): Promise<BenchS3Server | undefined> {
  const program = resolve('.tools/bin', S3_SERVER)
  if (!existsSync(program)) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'moraine-s3-'))
  await mkdir(join(folder, 'bench'))
  const address = `127.0.0.1:${await freePort()}`
  const keys = { ROOT_ACCESS_KEY: 'moraine-bench', ROOT_SECRET_KEY: 'moraine-bench-secret' }
  const server = spawn(program, ['--quiet', '--port', address, 'posix', folder], {
    env: { PATH: process.env['PATH'], HOME: folder, ...keys },
    stdio: 'ignore',
  })
  const stop = async () => {
    const exit = new Promise((done) => server.once('exit', done))
    if (server.exitCode === null && server.kill('SIGKILL')) await exit
    await rm(folder, { recursive: true, force: true })
  }
  const endpoint = `http://${address}`
  for (let attempt = 0; attempt < 200; attempt++) {
    if (
      await fetch(endpoint).then(
        () => true,
        () => false,
      )
    )
      break
    await delay(50)
  }
  return {
    bucket: 's3://bench',
    properties: {
      's3.endpoint': endpoint,
      's3.access-key-id': keys.ROOT_ACCESS_KEY,
      's3.secret-access-key': keys.ROOT_SECRET_KEY,
      's3.path-style-access': 'true',
      'client.region': 'us-east-1',
    },
    stop,
  }
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
