/**
 * A proxy before an S3 server that does to requests what networks and services do. The Host header passes through, so
 * that signatures hold.
 */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * What befalls a request:
 *
 * - `refuse`, `refuse-after`: answered by 503; the server never saw it, or has done it.
 * - `drop`, `drop-after`: the connection is cut; the server never saw it, or has done it.
 * - `late`: the connection is cut, and the server does it a little later.
 * - `twice`: the server gets it twice, and the second answer counts.
 * - `truncate`, `stall`: the second half of the answer's body is missing, and the connection is cut, or stays.
 * - `delay`: all goes well, slowly.
 */
export type ProxyFault =
  | 'refuse'
  | 'refuse-after'
  | 'drop'
  | 'drop-after'
  | 'late'
  | 'twice'
  | 'truncate'
  | 'stall'
  | 'delay'
export const PROXY_FAULTS: readonly ProxyFault[] = [
  'refuse',
  'refuse-after',
  'drop',
  'drop-after',
  'late',
  'twice',
  'truncate',
  'stall',
  'delay',
]

export interface ProxiedRequest {
  readonly method: string
  /** Path and query, as sent. */
  readonly url: string
  /** Whether it is a conditional write. */
  readonly isConditional: boolean
}

/** Chooses what befalls a request; undefined lets it pass. */
export type ChooseFault = (request: ProxiedRequest) => ProxyFault | undefined

export interface FaultProxy {
  readonly endpoint: string
  /** How often each fault struck. */
  readonly struck: ReadonlyMap<ProxyFault, number>
  readonly requests: number
  /** Lets everything pass from now on, once what is late has landed. */
  calm(): Promise<void>
  stop(): Promise<void>
}

interface Forwarded {
  readonly status: number
  readonly headers: IncomingMessage['rawHeaders']
  readonly body: Buffer
}

const LATE_MS = 30
const DELAY_MS = 40

/** Strikes every `1 / rate`-th request on the average, with one fault as often as with another. */
export function seededFaults(
  seed: number,
  rate: number,
  faults: readonly ProxyFault[] = PROXY_FAULTS,
): ChooseFault {
  let state = seed >>> 0
  // Mulberry32.
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return () => (random() < rate ? faults[Math.floor(random() * faults.length)] : undefined)
}

/** Strikes the first request that `isIt` says, and no other. */
export function faultOnce(fault: ProxyFault, isIt: (request: ProxiedRequest) => boolean): ChooseFault {
  let isDone = false
  return (request) => {
    if (isDone || !isIt(request)) return undefined
    isDone = true
    return fault
  }
}

/** Stands before the server at `target`, on a free port of this machine. */
export async function startFaultProxy(target: string, choose: ChooseFault): Promise<FaultProxy> {
  const { hostname, port } = new URL(target)
  const agent = new Agent({ keepAlive: true })
  const struck = new Map<ProxyFault, number>()
  const late = new Set<Promise<unknown>>()
  let requests = 0
  let isCalm = false

  const forward = (incoming: IncomingMessage, body: Buffer): Promise<Forwarded> =>
    new Promise((done, failed) => {
      const { method, url, rawHeaders } = incoming
      const outgoing = request(
        { hostname, port, method, path: url, headers: rawHeaders, agent },
        (answer) => {
          collect(answer).then(
            (bytes) => done({ status: answer.statusCode ?? 502, headers: answer.rawHeaders, body: bytes }),
            failed,
          )
        },
      )
      outgoing.once('error', failed)
      outgoing.end(body)
    })

  const strike = async (
    fault: ProxyFault,
    incoming: IncomingMessage,
    body: Buffer,
    answer: ServerResponse,
  ) => {
    switch (fault) {
      case 'refuse':
        return slowDown(answer)
      case 'refuse-after':
        await forward(incoming, body)
        return slowDown(answer)
      case 'drop':
        return void incoming.socket.destroy()
      case 'drop-after':
        await forward(incoming, body)
        return void incoming.socket.destroy()
      case 'late': {
        incoming.socket.destroy()
        const landing = delay(LATE_MS)
          .then(() => forward(incoming, body))
          .catch(() => undefined)
          .finally(() => late.delete(landing))
        late.add(landing)
        return
      }
      case 'twice':
        await forward(incoming, body)
        return reply(answer, await forward(incoming, body))
      case 'truncate':
      case 'stall':
        return half(answer, await forward(incoming, body), fault)
      case 'delay':
        await delay(DELAY_MS)
        return reply(answer, await forward(incoming, body))
    }
  }

  const serve = async (incoming: IncomingMessage, answer: ServerResponse) => {
    requests++
    const body = await collect(incoming)
    const { method = 'GET', url = '/', headers } = incoming
    const isConditional = 'if-none-match' in headers || 'if-match' in headers
    const fault = isCalm ? undefined : choose({ method, url, isConditional })
    if (fault === undefined) return reply(answer, await forward(incoming, body))
    struck.set(fault, (struck.get(fault) ?? 0) + 1)
    await strike(fault, incoming, body, answer)
  }

  const server = createServer((incoming, answer) => {
    serve(incoming, answer).catch(() => incoming.socket.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    struck,
    get requests() {
      return requests
    },
    async calm() {
      isCalm = true
      await Promise.all(late)
    },
    async stop() {
      await Promise.all(late)
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      agent.destroy()
    },
  }
}

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function reply(answer: ServerResponse, { status, headers, body }: Forwarded): void {
  answer.writeHead(status, withoutFraming(headers, body.length))
  answer.end(body)
}

/** Half of the body, with the length of the whole announced. */
function half(answer: ServerResponse, forwarded: Forwarded, fault: 'truncate' | 'stall'): void {
  const { status, headers, body } = forwarded
  if (body.length < 2) {
    reply(answer, forwarded)
    return
  }
  answer.writeHead(status, withoutFraming(headers, body.length))
  answer.write(body.subarray(0, body.length >> 1), () => {
    if (fault === 'truncate') answer.socket?.destroy()
  })
}

/** The answer is buffered, so its length is known; a HEAD keeps the length that it tells. */
function withoutFraming(headers: readonly string[], length: number): string[] {
  const kept: string[] = []
  let hasLength = false
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    if (name === 'transfer-encoding' || name === 'connection' || name === 'keep-alive') continue
    if (name === 'content-length') hasLength = true
    kept.push(headers[i]!, headers[i + 1]!)
  }
  return hasLength ? kept : [...kept, 'Content-Length', String(length)]
}

function slowDown(answer: ServerResponse): void {
  answer.writeHead(503, { 'Content-Type': 'application/xml' })
  answer.end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>')
}
