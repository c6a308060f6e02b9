import { type ErrorCode, MoraineError, messageOf } from '../../format/errors.ts'

/** What is known of a failed request: an answer of the server, or why there was none. */
export interface S3Failure {
  /** The error code of S3 (`NoSuchKey`), of the system (`ECONNRESET`), or a class name of the SDK. */
  readonly code: string
  /** HTTP; undefined when there was no answer. */
  readonly status: number | undefined
  readonly message: string
  readonly requestId: string | undefined
  /** The region that the server says the bucket is in. */
  readonly region: string | undefined
}

/** The facts of an error that the SDK threw. Nothing else of it is kept: it may hold headers and keys. */
export function s3Failure(error: unknown): S3Failure {
  const thrown = (typeof error === 'object' && error !== null ? error : {}) as Partial<SdkError>
  const status = thrown.$metadata?.httpStatusCode
  const region = thrown.Region ?? thrown.$response?.headers?.['x-amz-bucket-region']
  return {
    code: codeOf(thrown),
    status,
    message: messageOf(error),
    requestId: thrown.$metadata?.requestId,
    region: typeof region === 'string' ? region : undefined,
  }
}

/** The typed form of a failed request. Anything unforeseen is UNAVAILABLE: the outcome is not known. */
export function s3Error(failure: S3Failure, location: string, action: string): MoraineError {
  const { code, status, message, requestId } = failure
  const typed = errorCodeFor(failure)
  return new MoraineError(typed, `cannot ${action} ${location}: ${reasonFor(failure, location)}`, {
    context: { location, s3Code: code, status, requestId },
    cause: new Error(status === undefined ? withCode(code, message) : `${code} (${status}): ${message}`),
  })
}

interface SdkError {
  readonly name: string
  readonly code: unknown
  readonly Code: unknown
  readonly Region: unknown
  readonly $metadata: { readonly httpStatusCode?: number; readonly requestId?: string }
  readonly $response: { readonly headers?: Readonly<Record<string, string>> }
}

function codeOf({ name, code, Code }: Partial<SdkError>): string {
  if (typeof Code === 'string') return Code
  if (typeof code === 'string') return code
  return name ?? 'unknown error'
}

/** Codes that mean the same whatever their status. A 200 of a multipart completion may carry any of them. */
const BY_CODE: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: 'NOT_FOUND',
  NoSuchBucket: 'INVALID_ARGUMENT',
  InvalidBucketName: 'INVALID_ARGUMENT',
  PermanentRedirect: 'INVALID_ARGUMENT',
  TemporaryRedirect: 'UNAVAILABLE',
  AuthorizationHeaderMalformed: 'INVALID_ARGUMENT',
  // A server over a file system, where one name cannot be a file and a folder.
  ExistingObjectIsDirectory: 'INVALID_ARGUMENT',
  ObjectParentIsFile: 'INVALID_ARGUMENT',
  KeyTooLongError: 'INVALID_ARGUMENT',
  ExpiredToken: 'UNAUTHORIZED',
  InvalidToken: 'UNAUTHORIZED',
  TokenRefreshRequired: 'UNAUTHORIZED',
  InvalidAccessKeyId: 'UNAUTHORIZED',
  // versitygw's word for it, with a status of 404.
  XAdminUserNotFound: 'UNAUTHORIZED',
  CredentialsProviderError: 'UNAUTHORIZED',
  RequestTimeout: 'UNAVAILABLE',
  IncompleteBody: 'UNAVAILABLE',
  BadDigest: 'UNAVAILABLE',
  XAmzContentSHA256Mismatch: 'UNAVAILABLE',
  SlowDown: 'UNAVAILABLE',
  InternalError: 'UNAVAILABLE',
  ServiceUnavailable: 'UNAVAILABLE',
  // Another write to the key is under way: neither won nor lost.
  ConditionalRequestConflict: 'UNAVAILABLE',
  OperationAborted: 'UNAVAILABLE',
  NotImplemented: 'UNSUPPORTED',
}

/** Whether a code means that the same request may succeed later. */
export function isPassingCode(code: string): boolean {
  return Object.hasOwn(BY_CODE, code) && BY_CODE[code] === 'UNAVAILABLE'
}

function errorCodeFor(failure: S3Failure): ErrorCode {
  const { code, status, message } = failure
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined
  if (known !== undefined) return known
  if (status === undefined) return isMissingRegion(message) ? 'INVALID_ARGUMENT' : 'UNAVAILABLE'
  if (status === 401 || status === 403) return 'UNAUTHORIZED'
  if (status === 404) return 'NOT_FOUND'
  if (status === 405 || status === 501) return 'UNSUPPORTED'
  if (status === 301 || (status >= 400 && status < 500 && !isPassing(status))) return 'INVALID_ARGUMENT'
  return 'UNAVAILABLE'
}

/** Refusals that say "later": timeout, conflict, too early, too many. */
function isPassing(status: number): boolean {
  return status === 408 || status === 409 || status === 425 || status === 429
}

function reasonFor({ code, status, message, region }: S3Failure, location: string): string {
  const bucket = /^s3:\/\/([^/]*)/.exec(location)?.[1] ?? ''
  switch (code) {
    case 'NoSuchKey':
      return 'there is no such object'
    case 'NoSuchBucket':
      return `there is no bucket '${bucket}' at this endpoint; make it first, or mend the location`
    case 'PermanentRedirect':
    case 'AuthorizationHeaderMalformed':
      return region === undefined
        ? `the bucket '${bucket}' is not in the region that was asked; give its region (${message})`
        : `the bucket '${bucket}' is in the region ${region}; connect with { region: '${region}' }`
    case 'ExistingObjectIsDirectory':
    case 'ObjectParentIsFile':
      return 'this server keeps objects as files, and cannot hold x beside x/y'
    case 'InvalidAccessKeyId':
    case 'XAdminUserNotFound':
    case 'SignatureDoesNotMatch':
      return `the server does not accept the credentials (${code})`
    case 'CredentialsProviderError':
      return `no credentials were found (${message}); give s3.access-key-id and s3.secret-access-key, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile`
    case 'AccessDenied':
      return 'access denied; S3 says so as well of objects that are not there, where the bucket may not be listed'
    case 'NotFound':
      return 'there is no such object or bucket'
    default:
      if (isMissingRegion(message)) return 'no region was found; give { region }, client.region or AWS_REGION'
      return status === undefined ? withCode(code, message) : `${code} (HTTP ${status}): ${message}`
  }
}

/** The system's messages (`connect ECONNREFUSED 127.0.0.1:9000`) hold their code. */
function withCode(code: string, message: string): string {
  return message.includes(code) ? message : `${code}: ${message}`
}

function isMissingRegion(message: string): boolean {
  return message.startsWith('Region is missing')
}
