import { describe, expect, it } from 'vitest'
import { openStore } from '../../../storage/open-store.ts'
import { s3Properties } from '../../../storage/s3/s3-properties.ts'
import { type S3Options, s3PropertiesOf, s3Settings } from '../../../storage/s3/s3-settings.ts'
import { S3Store } from '../../../storage/s3-store.ts'

const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })
const withProperties = (properties: Readonly<Record<string, string>>) => s3Settings({ properties })

describe('the properties of S3', () => {
  it("are read by Iceberg's names", () => {
    const settings = withProperties({
      's3.endpoint': 'http://127.0.0.1:9000',
      'client.region': 'eu-west-1',
      's3.access-key-id': 'id',
      's3.secret-access-key': 'secret',
      's3.session-token': 'token',
      's3.path-style-access': 'false',
      's3.connect-timeout': '1.5',
      's3.request-timeout': '60',
      's3.retry.num-retries': '7',
      's3.multipart.part-size-bytes': '33554432',
      's3.delete.batch-size': '250',
      's3.sse.type': 'kms',
      's3.sse.key': 'arn:aws:kms:eu-west-1:1:key/k',
      's3.acl': 'private',
      's3.write.storage-class': 'INTELLIGENT_TIERING',
    })
    expect(settings).toMatchObject({
      endpoint: 'http://127.0.0.1:9000',
      region: 'eu-west-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' },
      forcePathStyle: false,
      connectTimeoutMs: 1500,
      requestTimeoutMs: 60_000,
      retry: { numRetries: 7 },
      partSizeBytes: 33554432,
      deleteBatchSize: 250,
      encryption: { type: 'kms', keyId: 'arn:aws:kms:eu-west-1:1:key/k' },
      acl: 'private',
      storageClass: 'INTELLIGENT_TIERING',
    })
  })

  it('leave what is not given to the chain that AWS tools ask', () => {
    expect(withProperties({})).toMatchObject({
      endpoint: undefined,
      region: undefined,
      credentials: undefined,
      profile: undefined,
      forcePathStyle: undefined,
    })
  })

  it("know PyIceberg's names for the same things", () => {
    expect(withProperties({ 's3.region': 'eu-west-1' }).region).toBe('eu-west-1')
    expect(withProperties({ 's3.anonymous': 'true' }).credentials).toBe('anonymous')
    expect(withProperties({ 's3.profile-name': 'work' }).profile).toBe('work')
    expect(withProperties({ 'client.profile-name': 'work' }).profile).toBe('work')
    expect(withProperties({ 's3.force-virtual-addressing': 'true' }).forcePathStyle).toBe(false)
    expect(
      withProperties({ 'client.access-key-id': 'id', 'client.secret-access-key': 's' }).credentials,
    ).toEqual({ accessKeyId: 'id', secretAccessKey: 's' })
  })

  it.each([
    ['s3.acces-key-id', /did you mean 's3\.access-key-id'/],
    ['s3.path-style', /did you mean|see docs/],
    ['region', /did you mean '(s3|client)\.region'/],
    ['colour', /there is no property 'colour'/],
  ])('are refused by a name that nobody knows: %s', (name, message) => {
    expect(() => withProperties({ [name]: 'canary' })).toThrow(code('INVALID_ARGUMENT'))
    expect(() => withProperties({ [name]: 'canary' })).toThrow(message)
    expect(() => withProperties({ [name]: 'canary' })).not.toThrow(/canary/)
  })

  it('are refused where they cannot be obeyed, and passed over where they only tune another client', () => {
    expect(() => withProperties({ 's3.remote-signing-enabled': 'true' })).toThrow(code('UNSUPPORTED'))
    expect(() => withProperties({ 's3.write.tags.team': 'x' })).toThrow(code('UNSUPPORTED'))
    expect(() => withProperties({ 'client.assume-role.arn': 'x' })).toThrow(code('UNSUPPORTED'))
    withProperties({
      's3.remote-signing-enabled': 'false',
      's3.crt.enabled': 'true',
      's3.staging-dir': '/tmp',
    })
  })

  it.each([
    ['s3.endpoint', 'ftp://host'],
    ['s3.endpoint', 'http://canary:canary@host'],
    ['s3.request-timeout', '0'],
    ['s3.request-timeout', 'soon'],
    ['s3.multipart.part-size-bytes', '1024'],
    ['s3.delete.batch-size', '1001'],
    ['s3.sse.type', 'custom'],
    ['s3.path-style-access', 'maybe'],
    ['s3.retry.num-retries', '-1'],
  ])('are refused with a value that is none: %s = %s', (name, value) => {
    expect(() => withProperties({ [name]: value })).toThrow(code('INVALID_ARGUMENT'))
    expect(() => withProperties({ [name]: value })).toThrow(name)
    expect(() => withProperties({ [name]: value })).not.toThrow(/canary/)
  })

  it('ask for both halves of a key', () => {
    expect(() => withProperties({ 's3.access-key-id': 'id' })).toThrow(/s3\.secret-access-key/)
  })

  it('say in a sentence each what they do', () => {
    for (const [name, { sentence }] of Object.entries(s3Properties)) expect(sentence, name).toMatch(/\.$/)
  })
})

describe('options', () => {
  it('come before properties', () => {
    const settings = s3Settings({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'mine', secretAccessKey: 'too' },
      properties: {
        's3.region': 'us-east-1',
        'client.region': 'us-east-2',
        's3.access-key-id': 'theirs',
        's3.secret-access-key': 'x',
        's3.session-token': 'y',
      },
    })
    expect(settings.region).toBe('eu-west-1')
    expect(settings.credentials).toEqual({ accessKeyId: 'mine', secretAccessKey: 'too' })
  })

  it('are told to a worker thread as properties, from which it makes the same settings', () => {
    const options: S3Options = {
      region: 'eu-west-1',
      endpoint: 'http://127.0.0.1:1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' },
      profile: 'work',
      forcePathStyle: false,
      properties: { 's3.delete.batch-size': '7', 's3.sse.type': 's3' },
    }
    const described = structuredClone(new S3Store(options).describe())
    expect(openStore(described).describe()).toEqual(described)
    expect(s3Settings({ properties: described.options as Record<string, string> })).toEqual(
      s3Settings(options),
    )
  })

  it('name the keys of credentials that are none, and nothing that they hold', () => {
    const settings = (credentials: unknown) => () => s3Settings({ credentials } as S3Options)
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [{ accessKey: 'hidden', secretAccessKey: 'hidden' }, /no option 'accessKey'; did you mean/],
      [{ accessKeyId: 'hidden' }, /as texts, .*found accessKeyId$/],
      [{ accessKeyId: 'hidden', secretAccessKey: 5 }, /as texts/],
      [{}, /found none/],
      ['hidden', /found a string/],
      [null, /found null/],
    ]
    for (const [credentials, message] of cases) {
      expect(settings(credentials)).toThrowError(code('INVALID_ARGUMENT'))
      expect(settings(credentials)).toThrowError(message)
      expect(settings(credentials)).not.toThrowError(/hidden/)
    }
    const fromProvider = { accessKeyId: 'id', secretAccessKey: 's', expiration: new Date(0), accountId: '1' }
    expect(settings(fromProvider)().credentials).toEqual({ accessKeyId: 'id', secretAccessKey: 's' })
  })

  it('keep a provider of credentials in its own thread', () => {
    const credentials = async () => ({ accessKeyId: 'id', secretAccessKey: 'secret' })
    expect(s3Settings({ credentials }).credentials).toBe(credentials)
    const properties = { 's3.access-key-id': 'a', 's3.secret-access-key': 'b' }
    expect(Object.keys(s3PropertiesOf({ credentials, properties }))).toEqual([])
  })
})
