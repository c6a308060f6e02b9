import { S3Store } from '../../storage/s3-store.ts'
import type { StruckPlace, WorldFiles } from '../simulation/struck-world.ts'
import { newBucket } from './bucket.ts'

/** Buckets of a real server, one for each table. */
export function struckBucket(): StruckPlace {
  return { name: 'a bucket', cost: 8, files: bucketFiles, remove: async () => undefined }
}

async function bucketFiles(): Promise<WorldFiles> {
  const { location, properties } = await newBucket()
  const store = new S3Store({ properties })
  const etags = async () => {
    const found = new Map<string, string>()
    for await (const { location: object, etag } of store.list(`${location}/`)) found.set(object, etag)
    return found
  }
  const copied = async () => {
    const kept = await etags()
    const bodies = new Map<string, Uint8Array>()
    for (const object of kept.keys()) bodies.set(object, await store.get(object))
    return async () => {
      const found = await etags()
      await store.delete([...found.keys()].filter((object) => !kept.has(object)))
      for (const [object, body] of bodies) {
        if (found.get(object) !== kept.get(object)) await store.put(object, body)
      }
      return store
    }
  }
  const digest = async () => JSON.stringify([...(await etags())])
  return { warehouse: `${location}/wh`, store, copied, digest }
}
