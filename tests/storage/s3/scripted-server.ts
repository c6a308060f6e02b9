import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { S3Store } from '../../../storage/s3-store.ts'
import { testEnvironment } from '../../contracts/test-environment.ts'

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export interface ScriptedServer {
  readonly endpoint: string
  readonly seen: readonly SeenRequest[]
  /** Open connections of clients. */
  connections(): Promise<number>
  stop(): Promise<void>
}

export type Script = (request: SeenRequest, answer: ServerResponse, count: number) => void

/** A server that answers each request as the script says; `count` counts from 0. */
export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const seen: SeenRequest[] = []
  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming
      const request = { method, url, headers, body: Buffer.concat(chunks) }
      seen.push(request)
      script(request, answer, seen.length - 1)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    connections: () =>
      new Promise((done, failed) =>
        server.getConnections((error, count) => (error ? failed(error) : done(count))),
      ),
    async stop() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

/** An S3 error as servers write it. */
export function fail(answer: ServerResponse, status: number, code: string, more = ''): void {
  answer.writeHead(status, { 'Content-Type': 'application/xml' })
  answer.end(`<Error><Code>${code}</Code><Message>about ${code}</Message>${more}</Error>`)
}

export const SECRETS = {
  accessKeyId: 'canary-id-1f',
  secretAccessKey: 'canary-secret-2e',
  sessionToken: 'canary-token-3d',
}

/** A store of that server, whose retries take no time. */
export function storeOf(
  { endpoint }: ScriptedServer,
  properties: Readonly<Record<string, string>> = {},
): S3Store {
  return new S3Store({
    endpoint,
    region: 'eu-west-1',
    credentials: SECRETS,
    properties: { 's3.request-timeout': '10', ...properties },
    timing: testEnvironment(1),
  })
}
