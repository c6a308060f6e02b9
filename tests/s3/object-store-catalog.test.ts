import { objectStoreCatalog } from '../../catalog/object-store-catalog.ts'
import { S3Store } from '../../storage/s3-store.ts'
import { catalogContract } from '../contracts/catalog.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { newBucket } from './bucket.ts'

catalogContract('the object-store catalog in a bucket', async () => {
  const { location, properties } = await newBucket()
  const warehouse = `${location}/wh`
  const client = (seed: number) =>
    objectStoreCatalog({
      store: new S3Store({ properties }),
      warehouse,
      environment: testEnvironment(seed),
      // Each test has a bucket of its own; probing is tested by itself.
      probe: false,
    })
  return { catalog: client(1), other: client(2), store: new S3Store({ properties }) }
})
