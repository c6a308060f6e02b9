import { checkOptions } from '../../format/check-options.ts'
import { invalidArgument } from '../../format/errors.ts'
import { checkS3Properties, readS3Property, type S3PropertyValue } from './s3-properties.ts'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** As the AWS SDK's credential providers are: asked again when `expiration` is near. */
export type S3CredentialsProvider = () => Promise<S3Credentials & { readonly expiration?: Date }>

/** Where S3 is and who asks. What is not given is found as every AWS tool finds it: environment, profiles, roles. */
export interface S3Options {
  readonly region?: string
  /** Of an S3-compatible service, `http://127.0.0.1:9000`. */
  readonly endpoint?: string
  readonly credentials?: S3Credentials | S3CredentialsProvider
  /** A profile of the shared AWS configuration files. */
  readonly profile?: string
  /** Buckets in the path instead of the host name. Default: true where an endpoint is given. */
  readonly forcePathStyle?: boolean
  /** Iceberg's catalog properties (`s3.endpoint`, `client.region`, …), verbatim. The options above come first. */
  readonly properties?: Readonly<Record<string, string>>
}

/** Everything that a client needs, typed once. */
export interface S3Settings {
  readonly region: string | undefined
  readonly endpoint: string | undefined
  readonly credentials: S3Credentials | S3CredentialsProvider | 'anonymous' | undefined
  readonly profile: string | undefined
  readonly forcePathStyle: boolean | undefined
  readonly useAccelerateEndpoint: boolean
  readonly useDualstackEndpoint: boolean
  readonly useArnRegion: boolean
  readonly followRegionRedirects: boolean
  readonly encryption: S3Encryption | undefined
  readonly acl: string | undefined
  readonly storageClass: string | undefined
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly retry: RetryPolicy
  readonly partSizeBytes: number
  /** Over all uploads of the store. */
  readonly partsAtOnce: number
  readonly deleteBatchSize: number
}

export interface S3Encryption {
  readonly type: Exclude<S3PropertyValue<'s3.sse.type'>, 'none'>
  readonly keyId: string | undefined
}

export interface RetryPolicy {
  readonly numRetries: number
  /** Before the first retry; doubled for each later one. */
  readonly minWaitMs: number
  readonly maxWaitMs: number
}

const MiB = 1024 * 1024

/** Throws INVALID_ARGUMENT for a bad value or an unknown property, UNSUPPORTED for one that cannot be obeyed. */
export function s3Settings(options: S3Options): S3Settings {
  checkCredentials(options.credentials)
  const properties = s3PropertiesOf(options)
  checkS3Properties(properties)
  return {
    region: readS3Property(properties, 's3.region') ?? readS3Property(properties, 'client.region'),
    endpoint: readS3Property(properties, 's3.endpoint'),
    credentials: credentialsOf(options, properties),
    profile:
      readS3Property(properties, 's3.profile-name') ?? readS3Property(properties, 'client.profile-name'),
    forcePathStyle: forcePathStyleOf(properties),
    useAccelerateEndpoint: readS3Property(properties, 's3.acceleration-enabled') ?? false,
    useDualstackEndpoint: readS3Property(properties, 's3.dualstack-enabled') ?? false,
    useArnRegion: readS3Property(properties, 's3.use-arn-region-enabled') ?? false,
    followRegionRedirects: readS3Property(properties, 's3.cross-region-access-enabled') ?? false,
    encryption: encryptionOf(properties),
    acl: readS3Property(properties, 's3.acl'),
    storageClass: readS3Property(properties, 's3.write.storage-class'),
    connectTimeoutMs: 1000 * (readS3Property(properties, 's3.connect-timeout') ?? 5),
    requestTimeoutMs: 1000 * (readS3Property(properties, 's3.request-timeout') ?? 30),
    retry: {
      numRetries: readS3Property(properties, 's3.retry.num-retries') ?? 5,
      minWaitMs: readS3Property(properties, 's3.retry.min-wait-ms') ?? 100,
      maxWaitMs: readS3Property(properties, 's3.retry.max-wait-ms') ?? 20_000,
    },
    partSizeBytes: readS3Property(properties, 's3.multipart.part-size-bytes') ?? 8 * MiB,
    partsAtOnce: readS3Property(properties, 's3.multipart.num-threads') ?? 8,
    deleteBatchSize: readS3Property(properties, 's3.delete.batch-size') ?? 1000,
  }
}

/** All options but a credentials provider as properties, from which `s3Settings` makes the same settings. */
export function s3PropertiesOf(options: S3Options): Readonly<Record<string, string>> {
  const properties: Record<string, string> = Object.assign(Object.create(null), options.properties)
  const set = (names: readonly string[], value: string | undefined) => {
    if (value === undefined) return
    for (const name of names) delete properties[name]
    properties[names[0]!] = value
  }
  set(['s3.region', 'client.region'], options.region)
  set(['s3.endpoint'], options.endpoint)
  set(['s3.profile-name', 'client.profile-name'], options.profile)
  set(['s3.path-style-access', 's3.force-virtual-addressing'], options.forcePathStyle?.toString())
  if (options.credentials !== undefined) {
    for (const name of CREDENTIAL_NAMES.flat()) delete properties[name]
    if (typeof options.credentials === 'object') {
      set(['s3.access-key-id'], options.credentials.accessKeyId)
      set(['s3.secret-access-key'], options.credentials.secretAccessKey)
      set(['s3.session-token'], options.credentials.sessionToken)
    }
  }
  return properties
}

/** Names keys, never what they hold. */
function checkCredentials(credentials: unknown): void {
  if (credentials === undefined || typeof credentials === 'function') return
  const expected =
    'credentials: expected { accessKeyId, secretAccessKey } as texts, or a function that gives them'
  if (typeof credentials !== 'object' || credentials === null) {
    throw invalidArgument(`${expected}, found ${credentials === null ? 'null' : `a ${typeof credentials}`}`)
  }
  checkOptions('credentials', credentials, CREDENTIAL_KEYS)
  const given = credentials as Readonly<Record<string, unknown>>
  const { accessKeyId, secretAccessKey, sessionToken = '' } = given
  if ([accessKeyId, secretAccessKey, sessionToken].every((text) => typeof text === 'string')) return
  throw invalidArgument(`${expected}, found ${Object.keys(given).join(', ') || 'none'}`)
}

/** The last ones are what the AWS SDK's own providers add. */
const CREDENTIAL_KEYS = [
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  'expiration',
  'accountId',
  'credentialScope',
  '$source',
]

const CREDENTIAL_NAMES = [
  ['s3.access-key-id', 's3.secret-access-key', 's3.session-token'],
  ['client.access-key-id', 'client.secret-access-key', 'client.session-token'],
] as const

function credentialsOf(
  options: S3Options,
  properties: Readonly<Record<string, string>>,
): S3Settings['credentials'] {
  if (typeof options.credentials === 'function') return options.credentials
  for (const [idName, secretName, tokenName] of CREDENTIAL_NAMES) {
    const accessKeyId = readS3Property(properties, idName)
    const secretAccessKey = readS3Property(properties, secretName)
    const sessionToken = readS3Property(properties, tokenName)
    if (accessKeyId !== undefined && secretAccessKey !== undefined) {
      return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
    }
    if (accessKeyId !== undefined || secretAccessKey !== undefined) {
      throw invalidArgument(`${idName} and ${secretName} must be given together`)
    }
  }
  return readS3Property(properties, 's3.anonymous') ? 'anonymous' : undefined
}

function forcePathStyleOf(properties: Readonly<Record<string, string>>): boolean | undefined {
  const isVirtual = readS3Property(properties, 's3.force-virtual-addressing')
  return (
    readS3Property(properties, 's3.path-style-access') ?? (isVirtual === undefined ? undefined : !isVirtual)
  )
}

function encryptionOf(properties: Readonly<Record<string, string>>): S3Encryption | undefined {
  const type = readS3Property(properties, 's3.sse.type') ?? 'none'
  return type === 'none' ? undefined : { type, keyId: readS3Property(properties, 's3.sse.key') }
}
