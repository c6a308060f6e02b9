import type { Readable } from 'node:stream'
import type { CompleteMultipartUploadCommandInput, PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import { MoraineError } from '../../format/errors.ts'
import type { MutableCounters } from '../counters.ts'
import type { ObjectInfo, PutResult, RequestOptions } from '../object-store.ts'
import { type Exchange, exchange } from './exchange.ts'
import { readBody } from './read-body.ts'
import type { S3Api, S3GetOptions, S3Object, S3Page, S3PageOptions, S3PutOptions } from './s3-api.ts'
import { s3Error, s3Failure } from './s3-error.ts'
import type { S3Place } from './s3-place.ts'
import type { S3Settings } from './s3-settings.ts'
import { type LoadedSdk, loadSdk, type Sdk } from './sdk-client.ts'

/** In an object's user metadata: which writer made it. */
const TOKEN = 'moraine-writer'

const ENCRYPTION = { s3: 'AES256', kms: 'aws:kms', 'dsse-kms': 'aws:kms:dsse' } as const

/** An `S3Api` over the AWS SDK, which is loaded by the first request. Counts each request that it sends. */
export function sdkApi(settings: S3Settings, counters: MutableCounters): S3Api {
  let loading: Promise<LoadedSdk> | undefined
  const written = writeOptions(settings)

  /** Sends one request; `rescue` turns failures that are answers into results. */
  async function request<T>(
    place: S3Place,
    action: string,
    options: RequestOptions & { readonly sentBytes?: number },
    send: (client: S3Client, sdk: Sdk, exchange: Exchange) => Promise<T>,
    rescue: (code: string, status: number | undefined) => T | undefined = () => undefined,
  ): Promise<T> {
    const { location } = place
    loading ??= loadSdk(settings)
    const { client, sdk } = await loading
    const limits = {
      action: `${action} ${location}`,
      timeoutMs: settings.requestTimeoutMs,
      sentBytes: options.sentBytes ?? 0,
      signal: options.signal,
    }
    return exchange(limits, async (running) => {
      try {
        return await send(client, sdk, running)
      } catch (error) {
        if (error instanceof MoraineError) throw error
        const failure = s3Failure(error)
        const rescued = rescue(failure.code, failure.status)
        if (rescued !== undefined) return rescued
        throw s3Error(failure, location, action)
      }
    })
  }

  return {
    get(place, options = {}) {
      counters.gets++
      return request<S3Object | 'unsatisfiable'>(
        place,
        'read',
        options,
        async (client, sdk, running) => {
          const object = await getObject(client, sdk, place, options, running)
          counters.bytesRead += object.bytes.length
          return object
        },
        (code, status) => (code === 'InvalidRange' || status === 416 ? 'unsatisfiable' : undefined),
      )
    },

    async head(place, options = {}) {
      counters.heads++
      return request(place, 'look up', options, async (client, sdk, { signal }) => {
        const { bucket: Bucket, key: Key } = place
        const command = new sdk.HeadObjectCommand({ Bucket, Key })
        const found = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
          const { code, status } = s3Failure(error)
          if (status === 404 && code !== 'NoSuchBucket') return undefined
          throw error
        })
        return (
          found && {
            location: place.location,
            size: found.ContentLength ?? 0,
            etag: found.ETag ?? '',
            lastModifiedMs: wholeSeconds(found.LastModified),
            token: found.Metadata?.[TOKEN],
          }
        )
      })
    },

    put(place, body, options = {}) {
      counters.puts++
      return request<PutResult>(
        place,
        'write',
        { ...options, sentBytes: body.length },
        async (client, sdk, { signal }) => {
          const input: PutObjectCommandInput = {
            Bucket: place.bucket,
            Key: place.key,
            Body: body,
            ContentLength: body.length,
            ...conditionOf(options),
            ...(options.token === undefined ? {} : { Metadata: { [TOKEN]: options.token } }),
            ...written,
          }
          const { ETag } = await client.send(new sdk.PutObjectCommand(input), { abortSignal: signal })
          counters.bytesWritten += body.length
          return { status: 'written', etag: ETag ?? '' }
        },
        (code, status) => lostCondition(options, code, status),
      )
    },

    list(prefix, page) {
      counters.lists++
      return request(prefix, 'list', page, (client, sdk, { signal }) =>
        listObjects(client, sdk, prefix, page, signal),
      )
    },

    async deleteOne(place, options = {}) {
      counters.deletes++
      await request(
        place,
        'delete',
        options,
        async (client, sdk, { signal }) => {
          const command = new sdk.DeleteObjectCommand({ Bucket: place.bucket, Key: place.key })
          await client.send(command, { abortSignal: signal })
          return true
        },
        (code) => (isNothingThere(code, place.key) ? true : undefined),
      )
    },

    deleteMany(bucket, keys, options = {}) {
      counters.deletes += keys.length
      const place = { bucket, key: '', location: `s3://${bucket}/ (${keys.length} objects)` }
      return request(place, 'delete', options, async (client, sdk, { signal }) => {
        const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true }
        const command = new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete })
        const { Errors = [] } = await client.send(command, { abortSignal: signal })
        return Errors.map(({ Key = '', Code = 'unknown error' }) => ({ key: Key, code: Code })).filter(
          ({ key, code }) => !isNothingThere(code, key),
        )
      })
    },

    createUpload(place, token, options = {}) {
      counters.puts++
      return request(place, 'write', options, async (client, sdk, { signal }) => {
        const { bucket: Bucket, key: Key } = place
        const command = new sdk.CreateMultipartUploadCommand({
          Bucket,
          Key,
          Metadata: { [TOKEN]: token },
          ...written,
        })
        const { UploadId } = await client.send(command, { abortSignal: signal })
        if (UploadId === undefined) throw noField(place, 'UploadId')
        return UploadId
      })
    },

    uploadPart(place, { uploadId, partNumber, body }, options = {}) {
      counters.puts++
      return request(
        place,
        'write',
        { ...options, sentBytes: body.length },
        async (client, sdk, { signal }) => {
          const command = new sdk.UploadPartCommand({
            Bucket: place.bucket,
            Key: place.key,
            UploadId: uploadId,
            PartNumber: partNumber,
            Body: body,
            ContentLength: body.length,
          })
          const { ETag } = await client.send(command, { abortSignal: signal })
          if (ETag === undefined) throw noField(place, 'ETag')
          counters.bytesWritten += body.length
          return ETag
        },
      )
    },

    completeUpload(place, { uploadId, etags }, options = {}) {
      counters.puts++
      return request<PutResult | { readonly status: 'gone' }>(
        place,
        'write',
        options,
        async (client, sdk, { signal }) => {
          const input: CompleteMultipartUploadCommandInput = {
            Bucket: place.bucket,
            Key: place.key,
            UploadId: uploadId,
            MultipartUpload: { Parts: etags.map((ETag, i) => ({ ETag, PartNumber: i + 1 })) },
            IfNoneMatch: '*',
          }
          const command = new sdk.CompleteMultipartUploadCommand(input)
          const { ETag } = await client.send(command, { abortSignal: signal })
          return { status: 'written', etag: ETag ?? '' }
        },
        (code, status) =>
          code === 'NoSuchUpload' ? { status: 'gone' } : lostCondition({ condition: 'create' }, code, status),
      )
    },

    async abortUpload(place, uploadId) {
      await request(
        place,
        'abort the upload of',
        {},
        async (client, sdk, { signal }) => {
          const { bucket: Bucket, key: Key } = place
          const command = new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId: uploadId })
          await client.send(command, { abortSignal: signal })
          return true
        },
        (code) => (code === 'NoSuchUpload' ? true : undefined),
      )
    },

    close() {
      loading?.then(({ client }) => client.destroy()).catch(() => undefined)
      loading = undefined
    },
  }
}

async function getObject(
  client: S3Client,
  sdk: Sdk,
  place: S3Place,
  { range }: S3GetOptions,
  { signal, begins, progresses }: Exchange,
): Promise<S3Object> {
  const { bucket: Bucket, key: Key, location } = place
  const command = new sdk.GetObjectCommand({ Bucket, Key, ...(range === undefined ? {} : { Range: range }) })
  const answer = await client.send(command, { abortSignal: signal })
  const body = answer.Body as Readable
  if (signal.aborted) {
    body.destroy()
    throw signal.reason
  }
  const length = answer.ContentLength
  begins(length ?? Number.POSITIVE_INFINITY)
  const bytes = await readBody(body, { location, length, progresses })
  const etag = answer.ETag ?? ''
  const size = Number(/\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1] ?? Number.NaN)
  return Number.isNaN(size)
    ? { bytes, etag, size: bytes.length, isWhole: true }
    : { bytes, etag, size, isWhole: false }
}

async function listObjects(
  client: S3Client,
  sdk: Sdk,
  place: S3Place,
  { delimiter, continuationToken }: S3PageOptions,
  abortSignal: AbortSignal,
): Promise<S3Page> {
  const { bucket, key } = place
  const command = new sdk.ListObjectsV2Command({
    Bucket: bucket,
    Prefix: key,
    ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
    ...(continuationToken === undefined ? {} : { ContinuationToken: continuationToken }),
  })
  const {
    Contents = [],
    CommonPrefixes = [],
    IsTruncated,
    NextContinuationToken,
  } = await client.send(command, {
    abortSignal,
  })
  // Else what was cut short would be taken for the whole.
  if (IsTruncated && !NextContinuationToken) throw noField(place, 'NextContinuationToken')
  const objects = Contents.map(
    ({ Key, Size, ETag, LastModified }): ObjectInfo => ({
      location: `s3://${bucket}/${Key}`,
      size: Size ?? 0,
      etag: ETag ?? '',
      lastModifiedMs: wholeSeconds(LastModified),
    }),
  )
  return {
    objects,
    folders: CommonPrefixes.flatMap(({ Prefix }) => Prefix ?? []),
    continuationToken: IsTruncated ? NextContinuationToken : undefined,
  }
}

/** A listing may tell more than a header can. */
function wholeSeconds(time: Date | undefined): number {
  return Math.floor((time?.getTime() ?? 0) / 1000) * 1000
}

function conditionOf({ condition }: S3PutOptions): Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'> {
  if (condition === undefined) return {}
  return condition === 'create' ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch }
}

/** 412; a missing object does not match an etag either, and most servers say 404 then. */
function lostCondition(
  { condition }: S3PutOptions,
  code: string,
  status: number | undefined,
): PutResult | undefined {
  const isLost =
    condition !== undefined &&
    (status === 412 ||
      code === 'PreconditionFailed' ||
      (typeof condition === 'object' && code === 'NoSuchKey'))
  return isLost ? { status: 'precondition-failed' } : undefined
}

/** A delete's error that only says so. versitygw takes a folder that holds objects for the marker that it has not. */
function isNothingThere(code: string, key: string): boolean {
  return code === 'NoSuchKey' || (code === 'ErrDirectoryNotEmpty' && key.endsWith('/'))
}

function writeOptions({ encryption, acl, storageClass }: S3Settings): Partial<PutObjectCommandInput> {
  const keyId = encryption?.keyId
  return {
    ...(encryption === undefined ? {} : { ServerSideEncryption: ENCRYPTION[encryption.type] }),
    ...(keyId === undefined ? {} : { SSEKMSKeyId: keyId }),
    ...(acl === undefined ? {} : { ACL: acl as NonNullable<PutObjectCommandInput['ACL']> }),
    ...(storageClass === undefined
      ? {}
      : { StorageClass: storageClass as NonNullable<PutObjectCommandInput['StorageClass']> }),
  }
}

function noField({ location }: S3Place, field: string): MoraineError {
  return new MoraineError('UNAVAILABLE', `${location}: the server's answer lacks ${field}`, {
    context: { location },
  })
}
