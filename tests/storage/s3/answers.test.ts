/** What becomes of the answers of a server, and of those that never come. */
import { inspect } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { isMoraineError } from '../../../format/errors.ts'
import { connect } from '../../../index.ts'
import type { ObjectStore } from '../../../storage/object-store.ts'
import {
  fail,
  type Script,
  type ScriptedServer,
  SECRETS,
  scriptedServer,
  storeOf,
} from './scripted-server.ts'

const servers: ScriptedServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})
async function serve(script: Script): Promise<ScriptedServer> {
  const server = await scriptedServer(script)
  servers.push(server)
  return server
}

const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })
const location = 's3://bucket/a/b'
const body = new TextEncoder().encode('0123456789')

describe('an error of the server', () => {
  it.each([
    [404, 'NoSuchKey', 'NOT_FOUND', /no such object/],
    [404, 'NoSuchBucket', 'INVALID_ARGUMENT', /no bucket 'bucket'/],
    [403, 'AccessDenied', 'UNAUTHORIZED', /access denied/],
    [403, 'SignatureDoesNotMatch', 'UNAUTHORIZED', /does not accept the credentials/],
    [404, 'XAdminUserNotFound', 'UNAUTHORIZED', /does not accept the credentials/],
    [403, 'RequestTimeTooSkewed', 'UNAUTHORIZED', /RequestTimeTooSkewed/],
    [400, 'ExpiredToken', 'UNAUTHORIZED', /ExpiredToken/],
    [400, 'InvalidRequest', 'INVALID_ARGUMENT', /about InvalidRequest/],
    [301, 'PermanentRedirect', 'INVALID_ARGUMENT', /not in the region/],
    [501, 'NotImplemented', 'UNSUPPORTED', /NotImplemented/],
    [500, 'InternalError', 'UNAVAILABLE', /InternalError \(HTTP 500\)/],
    [503, 'SlowDown', 'UNAVAILABLE', /SlowDown/],
    [429, 'TooManyRequests', 'UNAVAILABLE', /TooManyRequests/],
    [400, 'RequestTimeout', 'UNAVAILABLE', /RequestTimeout/],
  ])('%i %s is %s, and says so in words', async (status, s3Code, expected, message) => {
    const server = await serve((_, answer) => fail(answer, status, s3Code))
    const store = storeOf(server, { 's3.retry.num-retries': '2' })
    const error: unknown = await store.get(location).catch((thrown: unknown) => thrown)
    expect(error).toEqual(code(expected))
    expect(isMoraineError(error) && error.message).toMatch(message)
    expect(isMoraineError(error) && error.message).toContain(location)
    expect(isMoraineError(error) && error.context).toMatchObject({ status, s3Code })
    expect(server.seen).toHaveLength(expected === 'UNAVAILABLE' ? 3 : 1)
  })

  it('names the region that a bucket is in', async () => {
    const server = await serve((_, answer) => {
      answer.setHeader('x-amz-bucket-region', 'ap-south-1')
      fail(answer, 400, 'AuthorizationHeaderMalformed', '<Region>ap-south-1</Region>')
    })
    const get = storeOf(server).get(location)
    await expect(get).rejects.toThrow(/region ap-south-1; connect with \{ region: 'ap-south-1' \}/)
  })

  it('in place of x beside x/y is told from a conflict', async () => {
    const server = await serve((_, answer) => fail(answer, 409, 'ExistingObjectIsDirectory'))
    await expect(storeOf(server).put(location, body, { mode: 'create' })).rejects.toEqual(
      code('INVALID_ARGUMENT'),
    )
    expect(server.seen).toHaveLength(1)
  })
})

it('tells the code of a refused connection once', async () => {
  const server = await scriptedServer(() => {})
  await server.stop()
  const store = storeOf(server, { 's3.retry.num-retries': '0' })
  const error: unknown = await store.get(location).catch((thrown: unknown) => thrown)
  expect(isMoraineError(error, 'UNAVAILABLE') && error.message.match(/ECONNREFUSED/g)).toHaveLength(1)
})

describe('a conditional put', () => {
  it('that is answered by 409 is sent again, the same bytes to the same name', async () => {
    const server = await serve((_, answer, count) => {
      if (count < 2) fail(answer, 409, 'ConditionalRequestConflict')
      else answer.writeHead(200, { ETag: '"e"' }).end()
    })
    const result = await storeOf(server).put(location, body, { mode: 'create' })
    expect(result).toEqual({ status: 'written', etag: '"e"' })
    expect(server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array(3).fill('PUT /bucket/a/b?x-id=PutObject'),
    )
    for (const request of server.seen) {
      expect(request.headers['if-none-match']).toBe('*')
      expect(request.body).toEqual(Buffer.from(body))
    }
  })

  it.each([
    ['its own bytes', body, { status: 'written', etag: '"mine"' }],
    ["another's", new Uint8Array(3), { status: 'precondition-failed' }],
  ])(
    'whose answer was lost, and whose name then holds %s, is settled by a look',
    async (_, found, expected) => {
      const server = await serve(({ method }, answer, count) => {
        if (count === 0) answer.socket?.destroy()
        else if (method === 'PUT') fail(answer, 412, 'PreconditionFailed')
        else answer.writeHead(200, { ETag: '"mine"', 'Content-Length': found.length }).end(found)
      })
      expect(await storeOf(server).put(location, body, { mode: 'create' })).toEqual(expected)
      expect(server.seen.map(({ method }) => method)).toEqual(['PUT', 'PUT', 'GET'])
    },
  )

  it('that is refused at once is lost without a look', async () => {
    const server = await serve((_, answer) => fail(answer, 412, 'PreconditionFailed'))
    const result = await storeOf(server).put(location, body, { mode: 'create' })
    expect(result).toEqual({ status: 'precondition-failed' })
    expect(server.seen).toHaveLength(1)
  })

  it('that is never answered ends as UNAVAILABLE, which leaves its outcome open', async () => {
    const server = await serve((_, answer) => fail(answer, 500, 'InternalError'))
    const put = storeOf(server, { 's3.retry.num-retries': '3' }).put(location, body, { mode: 'create' })
    await expect(put).rejects.toEqual(code('UNAVAILABLE'))
    await expect(put).rejects.toThrow(/cannot tell whether .* was written/)
    expect(server.seen).toHaveLength(4)
  })

  it('on one version is sent once', async () => {
    const server = await serve((_, answer) => fail(answer, 500, 'InternalError'))
    const put = storeOf(server).put(location, body, { mode: { ifMatch: '"e"' } })
    await expect(put).rejects.toEqual(code('UNAVAILABLE'))
    expect(server.seen).toHaveLength(1)
  })
})

describe('an answer that does not come, or not whole', () => {
  it.each<[string, Script]>([
    ['headers', () => undefined],
    [
      'the rest of the body',
      (_, answer) => {
        answer.writeHead(200, { 'Content-Length': 10 })
        answer.write('01234')
      },
    ],
  ])('ends the call in time where %s never come', async (_, script) => {
    const server = await serve(script)
    const store = storeOf(server, { 's3.retry.num-retries': '0', 's3.request-timeout': '0.3' })
    const get = store.get(location)
    await expect(get).rejects.toEqual(code('UNAVAILABLE'))
    await expect(get).rejects.toThrow(/no answer, or no more of it, after \d+ ms/)
    await expectNoConnections(server)
  })

  it.each<[string, Script]>([
    ['headers', () => undefined],
    [
      'the rest of the body',
      (_, answer) => {
        answer.writeHead(200, { 'Content-Length': 10 })
        answer.write('01234')
      },
    ],
  ])("ends when the caller's signal fires while %s are waited for", async (_, script) => {
    const controller = new AbortController()
    const server = await serve((request, answer, count) => {
      script(request, answer, count)
      setImmediate(() => controller.abort(new Error('enough')))
    })
    const store = storeOf(server)
    await expect(store.get(location, { signal: controller.signal })).rejects.toEqual(code('ABORTED'))
    await expectNoConnections(server)
  })

  it('is asked for again when the body ends early, and never taken for the object', async () => {
    const server = await serve((_, answer, count) => {
      answer.writeHead(200, { 'Content-Length': 10 })
      if (count > 0) return void answer.end('0123456789')
      answer.write('01234', () => answer.socket?.destroy())
    })
    expect(await storeOf(server).get(location)).toEqual(body)
    expect(server.seen).toHaveLength(2)
  })

  it('ends even where credentials never come', async () => {
    const server = await serve((_, answer) => answer.end())
    const { S3Store } = await import('../../../storage/s3-store.ts')
    const store = new S3Store({
      endpoint: server.endpoint,
      region: 'eu-west-1',
      credentials: () => new Promise(() => undefined),
      properties: { 's3.request-timeout': '0.2', 's3.retry.num-retries': '0' },
    })
    await expect(store.get(location)).rejects.toEqual(code('UNAVAILABLE'))
    expect(server.seen).toHaveLength(0)
  })
})

describe('a range', () => {
  it('of a server that ignores ranges is cut from the whole', async () => {
    const server = await serve((_, answer) => answer.writeHead(200, { 'Content-Length': 10 }).end(body))
    const store = storeOf(server)
    expect(await store.get(location, { range: { start: 2, end: 5 } })).toEqual(body.slice(2, 5))
    expect(await store.get(location, { range: { suffixLength: 3 } })).toEqual(body.slice(7))
    expect(server.seen.map(({ headers }) => headers.range)).toEqual(['bytes=2-4', 'bytes=-3'])
  })

  it('that the server cuts short is not taken for the range', async () => {
    const server = await serve((_, answer) =>
      answer.writeHead(206, { 'Content-Length': 2, 'Content-Range': 'bytes 0-1/10' }).end('01'),
    )
    const get = storeOf(server).get(location, { range: { start: 0, end: 5 } })
    await expect(get).rejects.toEqual(code('UNAVAILABLE'))
  })
})

describe('a multipart upload', () => {
  const MiB = 1024 * 1024
  const started = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>'
  const done = '<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>'

  /** The object is that of the upload, and is seen at the `seenAt`-th look. */
  const upload = (complete: Script, seenAt = 1): Script => {
    let token = ''
    let looks = 0
    return (request, answer, count) => {
      const { method, url, headers } = request
      if (url.includes('uploads')) {
        token = String(headers['x-amz-meta-moraine-writer'])
        answer.end(started)
      } else if (method === 'PUT') answer.writeHead(200, { ETag: '"p"' }).end()
      else if (method === 'POST') complete(request, answer, count)
      else if (method === 'DELETE') answer.writeHead(204).end()
      else if (method === 'HEAD' && ++looks >= seenAt)
        answer.writeHead(200, { ETag: '"whole"', 'x-amz-meta-moraine-writer': token }).end()
      else fail(answer, 404, 'NoSuchKey')
    }
  }

  async function stream(store: ObjectStore, size: number) {
    const writer = await store.openWrite(location)
    for (let i = 0; i < size; i += MiB) await writer.write(new Uint8Array(MiB))
    return writer
  }
  const parts = { 's3.multipart.part-size-bytes': String(5 * MiB) }

  it('that ends in 200 with an error in the body is ended again', async () => {
    let ends = 0
    const server = await serve(
      upload((_, answer) => {
        if (ends++ === 0) return void answer.writeHead(200).end('<Error><Code>InternalError</Code></Error>')
        answer.end(done)
      }),
    )
    const writer = await stream(storeOf(server, parts), 6 * MiB)
    expect(await writer.close()).toEqual({ location, size: 6 * MiB, etag: '"whole"' })
    expect(ends).toBe(2)
    const [end] = server.seen.filter(({ method, url }) => method === 'POST' && !url.includes('uploads'))
    expect(end?.headers['if-none-match']).toBe('*')
  })

  it('that is said to be complete when it was asked for again is complete once the object is seen', async () => {
    let ends = 0
    const server = await serve(
      upload((_, answer) => {
        if (ends++ === 0) fail(answer, 503, 'SlowDown')
        else answer.end(done)
      }, 3),
    )
    const writer = await stream(storeOf(server, parts), 6 * MiB)
    expect(await writer.close()).toEqual({ location, size: 6 * MiB, etag: '"whole"' })
    expect(ends).toBe(4)
  })

  it('is aborted with its parts, and leaves the name alone', async () => {
    const server = await serve(upload((_, answer) => answer.end(done)))
    const writer = await stream(storeOf(server, parts), 6 * MiB)
    await writer.abort()
    await writer.abort()
    const calls = server.seen.map(({ method, url }) => `${method} ${url.split('?')[1]}`)
    expect(calls.filter((call) => call.startsWith('DELETE'))).toEqual([
      'DELETE uploadId=u&x-id=AbortMultipartUpload',
    ])
    expect(calls.some((call) => call === 'POST uploadId=u')).toBe(false)
  })

  it('fails the writer when a part cannot be stored', async () => {
    const server = await serve((request, answer, count) => {
      if (request.url.includes('partNumber=1')) fail(answer, 403, 'AccessDenied')
      else upload((_, answering) => answering.end(done))(request, answer, count)
    })
    const writer = await stream(storeOf(server, parts), 6 * MiB)
    await expect(writer.close()).rejects.toEqual(code('UNAUTHORIZED'))
    await writer.abort()
    expect(server.seen.at(-1)?.method).toBe('DELETE')
  })

  it('holds few parts, however slow the server is', async () => {
    let most = 0
    const waiting: (() => void)[] = []
    const answerAll = () => {
      for (const answer of waiting.splice(0)) answer()
    }
    const server = await serve((request, answer, count) => {
      if (!request.url.includes('partNumber'))
        return upload((_, end) => end.end(done))(request, answer, count)
      waiting.push(() => answer.writeHead(200, { ETag: '"p"' }).end())
      most = Math.max(most, waiting.length)
      setTimeout(answerAll, most < 2 ? 2000 : 20)
    })
    const store = storeOf(server, { ...parts, 's3.multipart.num-threads': '2' })
    const writers = await Promise.all([stream(store, 21 * MiB), stream(store, 21 * MiB)])
    for (const writer of writers) await writer.close()
    expect(most).toBe(2)
  })
})

describe('requests', () => {
  it('to an endpoint have the bucket in the path unless told otherwise', async () => {
    const server = await serve((_, answer) => answer.writeHead(200, { ETag: '"e"' }).end())
    await storeOf(server).put(location, body)
    const local = { ...server, endpoint: server.endpoint.replace('127.0.0.1', 'localhost') }
    const virtual = storeOf(local, { 's3.path-style-access': 'false', 's3.retry.num-retries': '0' })
    await virtual.put(location, body).catch(() => undefined)
    expect(server.seen[0]?.url).toMatch(/^\/bucket\/a\/b/)
    expect(server.seen[1]?.url ?? '/a/b').toMatch(/^\/a\/b/)
  })

  it('carry the encryption, ACL and storage class that were asked for', async () => {
    const server = await serve((_, answer) => answer.writeHead(200, { ETag: '"e"' }).end())
    const store = storeOf(server, {
      's3.sse.type': 'kms',
      's3.sse.key': 'key-1',
      's3.acl': 'bucket-owner-full-control',
      's3.write.storage-class': 'STANDARD_IA',
    })
    await store.put(location, body)
    expect(server.seen[0]?.headers).toMatchObject({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
      'x-amz-acl': 'bucket-owner-full-control',
      'x-amz-storage-class': 'STANDARD_IA',
    })
  })

  it('are not signed where none is asked for', async () => {
    const server = await serve((_, answer) => answer.writeHead(200, { 'Content-Length': 0 }).end())
    const { S3Store } = await import('../../../storage/s3-store.ts')
    const store = new S3Store({ endpoint: server.endpoint, properties: { 's3.anonymous': 'true' } })
    await store.get(location)
    expect(server.seen[0]?.headers.authorization).toBeUndefined()
  })

  it('have a region that is looked up once, and is a formality of an endpoint of the environment too', async () => {
    const server = await serve((_, answer) => answer.writeHead(404).end())
    vi.stubEnv('AWS_CONFIG_FILE', '/nowhere')
    vi.stubEnv('AWS_ENDPOINT_URL_S3', server.endpoint)
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) vi.stubEnv(name, undefined)
    const regionsOf = () =>
      server.seen.map(({ headers }) => /\/([a-z0-9-]+)\/s3\//.exec(headers.authorization ?? '')?.[1])
    const { S3Store } = await import('../../../storage/s3-store.ts')
    const store = new S3Store({ credentials: SECRETS })
    await store.head(location)
    vi.stubEnv('AWS_REGION', 'ap-south-1')
    await store.head(location)
    await new S3Store({ credentials: SECRETS }).head(location)
    expect(regionsOf()).toEqual(['us-east-1', 'us-east-1', 'ap-south-1'])
    vi.unstubAllEnvs()
  })

  it('do not take a listing that was cut short for the whole', async () => {
    const server = await serve((_, answer) =>
      answer.end(
        '<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>k/1</Key></Contents></ListBucketResult>',
      ),
    )
    const listing = (async () => {
      for await (const { location: listed } of storeOf(server).list('s3://bucket/k/')) expect(listed).toBe('')
    })()
    await expect(listing).rejects.toEqual(code('UNAVAILABLE'))
    await expect(listing).rejects.toThrow('NextContinuationToken')
  })

  it('delete a thousand at a time, and name the first that could not be', async () => {
    const server = await serve(({ body: sent }, answer) => {
      const isBad = sent.includes('<Key>k/3</Key>')
      answer.end(
        `<DeleteResult>${isBad ? '<Error><Key>k/3</Key><Code>AccessDenied</Code></Error>' : ''}</DeleteResult>`,
      )
    })
    const store = storeOf(server)
    const locations = Array.from({ length: 2001 }, (_, i) => `s3://bucket/k/${i}`)
    const deleting = store.delete(locations)
    await expect(deleting).rejects.toEqual(code('UNAUTHORIZED'))
    await expect(deleting).rejects.toThrow('s3://bucket/k/3 (AccessDenied)')
    const counts = server.seen.map(({ body: sent }) => sent.toString().match(/<Key>/g)?.length ?? 0)
    expect(counts).toEqual([1000, 1000, 0])
    expect(server.seen[2]?.method).toBe('DELETE')
  })
})

describe('secrets', () => {
  it('stay out of a lake that was connected with them, and out of what it refuses', async () => {
    const properties = {
      's3.access-key-id': SECRETS.accessKeyId,
      's3.secret-access-key': SECRETS.secretAccessKey,
      's3.session-token': SECRETS.sessionToken,
    }
    const bad = {
      ...properties,
      's3.endpoint': `http://${SECRETS.accessKeyId}:${SECRETS.secretAccessKey}@host`,
    }
    for (const shown of [
      await connect('s3://bucket/lake', { properties }),
      await connect({ warehouse: 's3://bucket/lake', ...properties }),
      await connect('s3://bucket/lake', { properties: bad }).catch((error: unknown) => error),
      await connect('s3://bucket/lake', {
        properties: { ...properties, 's3.colour': SECRETS.sessionToken },
      }).catch((error: unknown) => error),
    ]) {
      const text = [
        inspect(shown, { depth: 10, showHidden: true }),
        JSON.stringify(shown),
        String(shown),
      ].join()
      for (const secret of Object.values(SECRETS)) expect(text).not.toContain(secret)
    }
  })

  it('stay out of errors and stores, in every form in which those are shown', async () => {
    const server = await serve(({ headers }, answer, count) => {
      // A server that repeats what it was sent.
      const echo = `<StringToSign>${headers.authorization}${headers['x-amz-security-token']}</StringToSign>`
      if (count % 2 === 0) fail(answer, 403, 'SignatureDoesNotMatch', echo)
      else answer.socket?.destroy()
    })
    const store = storeOf(server, { 's3.retry.num-retries': '0' })
    const errors = [
      await store.get(location).catch((error: unknown) => error),
      await store.put(location, body).catch((error: unknown) => error),
    ]
    for (const shown of [store, ...errors]) {
      const text = [
        inspect(shown, { depth: 10, showHidden: true }),
        JSON.stringify(shown),
        String(shown),
      ].join()
      for (const secret of Object.values(SECRETS)) expect(text).not.toContain(secret)
    }
  })
})

/** Sockets go when their requests do; the kernel tells the server a moment later. */
async function expectNoConnections(server: ScriptedServer): Promise<void> {
  await expect.poll(() => server.connections()).toBe(0)
}
