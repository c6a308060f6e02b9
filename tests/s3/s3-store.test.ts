import { S3Store } from '../../storage/s3-store.ts'
import { objectStoreContract } from '../contracts/object-store.ts'
import { newBucket } from './bucket.ts'

objectStoreContract('S3Store', async () => {
  const { location, properties } = await newBucket()
  return { store: new S3Store({ properties }), base: `${location}/base/` }
})
