/**
 * The catalog properties of S3 as one typed table, by the names that Iceberg Java and PyIceberg give them. Where the
 * two name one thing differently, both names stand here.
 */
import { invalidArgument, unsupported } from '../../format/errors.ts'
import { nearNames } from '../../format/near-names.ts'
import { boolean, integer, oneOf, type PropertyParser, string } from '../../format/property-parsers.ts'
import { describeKind } from '../../format/values/mismatch.ts'

interface S3PropertyDefinition<T> {
  readonly parser: PropertyParser<T>
  /** What the property does, in one sentence. */
  readonly sentence: string
  /** The value is kept out of messages. */
  readonly isSecret?: true
}

const MIN_PART_BYTES = 5 * 1024 * 1024

/** PyIceberg's unit for timeouts. */
const seconds: PropertyParser<number> = {
  expected: 'a number of seconds above 0',
  parse: (text) => (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0 ? Number(text) : undefined),
}

const endpointUrl: PropertyParser<string> = {
  expected: 'an http or https URL without user name, password and query',
  parse: (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    const isPlain = url !== undefined && url.username === '' && url.password === '' && url.search === ''
    return isPlain && /^https?:$/.test(url.protocol) ? text : undefined
  },
}

export const s3Properties = {
  's3.endpoint': secret(endpointUrl, 'Where an S3-compatible service answers; AWS is asked when unset.'),
  's3.region': define(string, 'The region; also client.region.'),
  'client.region': define(string, 'The region; also s3.region.'),
  's3.access-key-id': secret(string, 'Static credentials; the provider chain of AWS is asked when unset.'),
  's3.secret-access-key': secret(string, 'Static credentials.'),
  's3.session-token': secret(string, 'Of temporary static credentials.'),
  'client.access-key-id': secret(string, 'As s3.access-key-id.'),
  'client.secret-access-key': secret(string, 'As s3.secret-access-key.'),
  'client.session-token': secret(string, 'As s3.session-token.'),
  's3.profile-name': define(string, 'A profile of the shared configuration files.'),
  'client.profile-name': define(string, 'As s3.profile-name.'),
  's3.anonymous': define(boolean, 'Sends unsigned requests.'),
  's3.path-style-access': define(boolean, 'Buckets in the path instead of the host name.'),
  's3.force-virtual-addressing': define(boolean, 'The opposite of s3.path-style-access.'),
  's3.connect-timeout': define(seconds, 'For a connection; seconds.'),
  's3.request-timeout': define(seconds, 'For an answer to begin, and for each piece of it; seconds.'),
  's3.retry.num-retries': define(integer(), 'How often a request is sent again.'),
  's3.retry.min-wait-ms': define(integer(), 'The longest wait before it is sent again the first time.'),
  's3.retry.max-wait-ms': define(integer(), 'The longest wait before it is sent again.'),
  's3.multipart.part-size-bytes': define(
    integer(MIN_PART_BYTES),
    'Larger objects are uploaded in such parts.',
  ),
  's3.multipart.num-threads': define(integer(1), 'How many parts are uploaded at once, over all objects.'),
  's3.delete.batch-size': define(batchSize(), 'How many objects one request deletes.'),
  's3.sse.type': define(oneOf('none', 's3', 'kms', 'dsse-kms'), 'Encryption by the server.'),
  's3.sse.key': define(string, 'The id or ARN of the KMS key.'),
  's3.acl': define(string, 'A canned ACL for new objects.'),
  's3.write.storage-class': define(string, 'The storage class of new objects.'),
  's3.acceleration-enabled': define(boolean, 'Uses transfer acceleration.'),
  's3.dualstack-enabled': define(boolean, 'Uses endpoints that answer on IPv6 too.'),
  's3.use-arn-region-enabled': define(boolean, 'Follows the region in the ARN of an access point.'),
  's3.cross-region-access-enabled': define(boolean, 'Follows a bucket to its region.'),
} as const satisfies Record<string, S3PropertyDefinition<unknown>>

export type S3PropertyName = keyof typeof s3Properties
export type S3PropertyValue<N extends S3PropertyName> =
  (typeof s3Properties)[N] extends S3PropertyDefinition<infer T> ? T : never

/** A property's value, or undefined when it is not set. Throws INVALID_ARGUMENT for a bad value. */
export function readS3Property<N extends S3PropertyName>(
  properties: Readonly<Record<string, string>>,
  name: N,
): S3PropertyValue<N> | undefined
export function readS3Property(properties: Readonly<Record<string, string>>, name: S3PropertyName): unknown {
  const text = Object.hasOwn(properties, name) ? properties[name] : undefined
  if (text === undefined) return undefined
  const { parser, isSecret }: S3PropertyDefinition<unknown> = s3Properties[name]
  const value = parser.parse(text.trim())
  if (value !== undefined) return value
  const found = isSecret ? '' : `, found '${text.slice(0, 100)}'`
  throw invalidArgument(`the property '${name}' must be ${parser.expected}${found}`, { property: name })
}

/** Throws for a name that nobody knows (INVALID_ARGUMENT), or that cannot be obeyed (UNSUPPORTED). */
export function checkS3Properties(properties: Readonly<Record<string, unknown>>): void {
  checkPropertyNames(properties)
  for (const [name, value] of Object.entries(properties)) {
    if (isKnown(name) || value === 'false') continue
    throw unsupported(`the property '${name}' is not served by this version; leave it out`, {
      property: name,
    })
  }
}

/** Throws INVALID_ARGUMENT for a name that nobody knows: all that is asked of properties where no S3 is. */
export function checkPropertyNames(properties: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value !== 'string') {
      throw invalidArgument(`the property '${name}' must be a text, found ${describeKind(value)}`, {
        property: name,
      })
    }
    if (isKnown(name) || isForeign(name)) continue
    const near = nearNames(name, Object.keys(s3Properties))
    const hint =
      near.length > 0 ? `did you mean '${near.join("' or '")}'?` : 'see docs/s3.md for those there are'
    throw invalidArgument(`there is no property '${name}'; ${hint}`, { property: name })
  }
}

function isKnown(name: string): boolean {
  return Object.hasOwn(s3Properties, name) || isTuning(name)
}

/** How other clients go about their requests; changes no result, and is passed over. */
function isTuning(name: string): boolean {
  return TUNING.some((known) => (known.endsWith('.') ? name.startsWith(known) : name === known))
}

const TUNING = [
  's3.crt.',
  's3.analytics-accelerator.',
  's3.directory-bucket.',
  'http-client.',
  's3.staging-dir',
  's3.checksum-enabled',
  's3.preload-client-enabled',
  's3.read.num-threads',
  's3.delete.num-threads',
  's3.multipart.threshold',
  's3.resolve-region',
  's3.retry-strategy-impl',
]

/** What would change where requests go, who sends them, or what is stored. */
function isForeign(name: string): boolean {
  return FOREIGN.some((known) => (known.endsWith('.') ? name.startsWith(known) : name === known))
}

const FOREIGN = [
  's3.access-grants.',
  's3.access-points.',
  's3.delete.tags.',
  's3.signer.',
  's3.write.tags.',
  'client.assume-role.',
  'client.credentials-provider.',
  'client.credentials-provider',
  'client.factory',
  'client.role-arn',
  'client.role-session-name',
  's3.client-factory-impl',
  's3.delete-enabled',
  's3.proxy-uri',
  's3.remote-signing-enabled',
  's3.role-arn',
  's3.role-session-name',
  's3.session-token-expires-at-ms',
  's3.signer',
  's3.sse.md5',
  's3.write.namespace-tag-enabled',
  's3.write.table-tag-enabled',
]

function batchSize(): PropertyParser<number> {
  return {
    expected: 'an integer from 1 to 1000',
    parse: (text) => (/^\d{1,4}$/.test(text) && +text >= 1 && +text <= 1000 ? +text : undefined),
  }
}

function define<T>(parser: PropertyParser<T>, sentence: string): S3PropertyDefinition<T> {
  return { parser, sentence }
}

function secret<T>(parser: PropertyParser<T>, sentence: string): S3PropertyDefinition<T> {
  return { parser, sentence, isSecret: true }
}
