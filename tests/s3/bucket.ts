import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { inject } from 'vitest'
import type { S3Server } from './s3-server.ts'

export interface Bucket {
  /** `s3://<bucket>`. */
  readonly location: string
  /** What `connect` and `S3Store` need to reach it, by Iceberg's names. */
  readonly properties: Readonly<Record<string, string>>
}

/** Who may ask, and where; of the server of the run unless another is named. */
export function serverProperties(
  server: Omit<S3Server, 'stop'> = inject('s3'),
): Readonly<Record<string, string>> {
  return {
    's3.endpoint': server.endpoint,
    's3.access-key-id': server.accessKeyId,
    's3.secret-access-key': server.secretAccessKey,
    's3.path-style-access': 'true',
    'client.region': 'us-east-1',
  }
}

let made = 0

/** Makes an empty bucket. */
export async function newBucket(server: Omit<S3Server, 'stop'> = inject('s3')): Promise<Bucket> {
  const name = `moraine-${process.pid}-${Date.now().toString(36)}-${made++}`
  const { endpoint, accessKeyId, secretAccessKey } = server
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
  await client.send(new CreateBucketCommand({ Bucket: name }))
  client.destroy()
  return { location: `s3://${name}`, properties: serverProperties(server) }
}
