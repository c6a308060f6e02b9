import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { describe, expect, inject, it } from 'vitest'
import { openStore } from '../../storage/open-store.ts'
import { S3Store } from '../../storage/s3-store.ts'
import { objectStoreContract } from '../contracts/object-store.ts'
import { newBucket } from './bucket.ts'

const MiB = 1024 * 1024
const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })

objectStoreContract('S3Store', async () => {
  const { location, properties } = await newBucket()
  return { store: new S3Store({ properties }), base: `${location}/base/` }
})

describe('S3Store', () => {
  it('lists and deletes more objects than fit into one request', async () => {
    const { location, properties } = await newBucket()
    const store = new S3Store({ properties })
    const names = Array.from({ length: 1005 }, (_, i) => `${location}/many/${String(i).padStart(5, '0')}`)
    for (let i = 0; i < names.length; i += 67) {
      await Promise.all(names.slice(i, i + 67).map((name) => store.put(name, new Uint8Array(1))))
    }
    const { lists, deletes } = { ...store.counters }
    expect(await locationsOf(store, `${location}/many/`)).toEqual(names)
    expect(store.counters.lists - lists).toBe(2)
    await store.delete(names)
    expect(store.counters.deletes - deletes).toBe(1005)
    expect(await locationsOf(store, location)).toEqual([])
  })

  it('streams an object of many parts, and never over another', async () => {
    const { location, properties } = await newBucket()
    const store = new S3Store({
      properties: { ...properties, 's3.multipart.part-size-bytes': String(5 * MiB) },
    })
    const content = new Uint8Array(17 * MiB + 3).map((_, i) => (i >> 9) ^ i)
    const [first, second] = [await store.openWrite(`${location}/a`), await store.openWrite(`${location}/a`)]
    for (let i = 0; i < content.length; i += 777_777) {
      await first.write(content.subarray(i, i + 777_777))
      await second.write(content.subarray(i, i + 777_777))
    }
    expect(await first.close()).toEqual({ ...(await store.head(`${location}/a`)), lastModifiedMs: undefined })
    await expect(second.close()).rejects.toEqual(code('ALREADY_EXISTS'))
    await second.abort()
    expect(Buffer.compare(await store.get(`${location}/a`), content)).toBe(0)
    expect(await openUploads(location)).toBe(0)
  })

  it('leaves no part of a stream that is aborted', async () => {
    const { location, properties } = await newBucket()
    const store = new S3Store({
      properties: { ...properties, 's3.multipart.part-size-bytes': String(5 * MiB) },
    })
    const writer = await store.openWrite(`${location}/a`)
    for (let i = 0; i < 12; i++) await writer.write(new Uint8Array(MiB))
    expect(await openUploads(location)).toBe(1)
    await writer.abort()
    expect(await openUploads(location)).toBe(0)
    expect(await locationsOf(store, location)).toEqual([])
  })

  it('is rebuilt from its description, and takes s3a: and s3n: for s3:', async () => {
    const { location, properties } = await newBucket()
    const first = new S3Store({ properties })
    await first.put(`${location}/a`, new Uint8Array(3))
    const second = openStore(structuredClone(first.describe()))
    for (const scheme of ['s3:', 's3a:', 's3n:']) {
      const alias = `${location}/a`.replace('s3:', scheme)
      expect(await second.get(alias)).toEqual(new Uint8Array(3))
      expect(await second.head(alias)).toMatchObject({ location: `${location}/a` })
    }
  })
})

async function locationsOf(store: S3Store, prefix: string): Promise<string[]> {
  const all: string[] = []
  for await (const { location } of store.list(prefix)) all.push(location)
  return all
}

/** Uploads that were begun and neither completed nor aborted. */
async function openUploads(location: string): Promise<number> {
  const { endpoint, accessKeyId, secretAccessKey } = inject('s3')
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
  // MinIO tells uploads of one object only.
  const command = new ListMultipartUploadsCommand({ Bucket: location.slice('s3://'.length), Prefix: 'a' })
  const { Uploads = [] } = await client.send(command)
  client.destroy()
  return Uploads.length
}
