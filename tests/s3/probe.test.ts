import { afterEach, describe, expect, it, vi } from 'vitest'
import { connect, schema, t } from '../../index.ts'
import { S3Store } from '../../storage/s3-store.ts'
import { moraine } from '../cli/shell.ts'
import { newBucket } from './bucket.ts'
import { serverKind } from './s3-server.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('a server that keeps its word', () => {
  it('is fit by every check of the command, and has nothing in it afterwards', async () => {
    const { location, properties } = await newBucket()
    stubCredentials(properties)
    const { stdout, stderr, code } = await moraine(['doctor', location])
    console.info(serverKind(), stdout)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout.match(/ green /g)).toHaveLength(12)
    expect(await locationsIn(new S3Store({ properties }), location)).toEqual([])
  })

  it('is probed before the first write, once, and never for reads', async () => {
    const { location, properties } = await newBucket()
    const reader = await connect(location, { properties })
    await expect(reader.loadTable('shop.orders')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(reader.counters.puts).toBe(0)
    const writer = await connect(location, { properties })
    const table = await writer.createTable('shop.orders', { schema: schema({ id: t.long() }) })
    expect(writer.counters.puts).toBeGreaterThanOrEqual(320)
    const another = await connect(location, { properties })
    await (await another.loadTable('shop.orders')).append([{ id: 1 }])
    expect(another.counters.puts).toBeLessThan(20)
    for (const place of await locationsIn(new S3Store({ properties }), location)) {
      expect(place.startsWith(table.location)).toBe(true)
    }
    for (const lake of [reader, writer, another]) await lake.close()
  })

  it('is told from one that does not take the credentials', async () => {
    const { location, properties } = await newBucket()
    stubCredentials({ ...properties, 's3.secret-access-key': 'a wrong one' })
    const { stdout, stderr, code } = await moraine(['doctor', location])
    expect(code).toBe(1)
    expect(stderr).toMatch(/not fit: credentials red/)
    expect(stdout).toMatch(/reachable +green/)
    expect(stdout).not.toContain('a wrong one')
  })

  it('without the bucket is red once', async () => {
    const { properties } = await newBucket()
    stubCredentials(properties)
    const { stdout, stderr, code } = await moraine(['doctor', 's3://no-such-bucket-here/wh'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/not fit: reachable red/)
    expect(stdout.match(/ red /g)).toHaveLength(1)
    expect(stdout).toMatch(/reachable +red +.*no bucket 'no-such-bucket-here'/)
  })
})

/** As every AWS tool takes them. */
function stubCredentials(properties: Readonly<Record<string, string>>): void {
  vi.stubEnv('AWS_ENDPOINT_URL_S3', properties['s3.endpoint']!)
  vi.stubEnv('AWS_REGION', 'us-east-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', properties['s3.access-key-id']!)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', properties['s3.secret-access-key']!)
}

async function locationsIn(store: S3Store, location: string): Promise<string[]> {
  const locations: string[] = []
  for await (const found of store.list(`${location}/`)) locations.push(found.location)
  return locations
}
