/** The AWS SDK's client, made from settings when it is first needed: loading it costs more than reading a folder. */
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import type { S3Settings } from './s3-settings.ts'

export type Sdk = typeof import('@aws-sdk/client-s3')

export interface LoadedSdk {
  readonly sdk: Sdk
  readonly client: S3Client
}

export async function loadSdk(settings: S3Settings): Promise<LoadedSdk> {
  const sdk = await import('@aws-sdk/client-s3')
  return { sdk, client: new sdk.S3Client(clientConfig(sdk, settings)) }
}

/**
 * The SDK's own retries are off: it would send a conditional write again without asking what became of the first one.
 * Its checksums are left to requests that need one, since many services refuse its defaults.
 */
function clientConfig(sdk: Sdk, settings: S3Settings): S3ClientConfig {
  const { profile, connectTimeoutMs } = settings
  const endpoint = endpointOf(settings)
  return {
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // It would open a connection of its own for each large body.
    expectContinueHeader: false,
    requestHandler: { connectionTimeout: connectTimeoutMs },
    region: regionOf(sdk, settings),
    forcePathStyle: settings.forcePathStyle ?? endpoint !== undefined,
    useAccelerateEndpoint: settings.useAccelerateEndpoint,
    useDualstackEndpoint: settings.useDualstackEndpoint,
    useArnRegion: settings.useArnRegion,
    followRegionRedirects: settings.followRegionRedirects,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
    ...credentialsConfig(settings),
  }
}

/** The SDK reads these variables too, but leaves buckets in the host name. */
function endpointOf({ endpoint }: S3Settings): string | undefined {
  return endpoint ?? process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL']
}

function credentialsConfig({ credentials }: S3Settings): S3ClientConfig {
  if (credentials === undefined) return {}
  if (credentials !== 'anonymous') return { credentials }
  return {
    credentials: { accessKeyId: '', secretAccessKey: '' },
    signer: { sign: async (request) => request },
  }
}

/** The SDK asks for it with every request; it is looked up until it is found. */
function regionOf(sdk: Sdk, settings: S3Settings): NonNullable<S3ClientConfig['region']> {
  if (settings.region !== undefined) return settings.region
  let found: Promise<string> | undefined
  return () => {
    found ??= regionFound(sdk, settings).catch((error: unknown) => {
      found = undefined
      throw error
    })
    return found
  }
}

/**
 * Of a service with an endpoint of its own the region is a formality: where the SDK finds none, it gets the one that
 * such services take.
 */
async function regionFound(sdk: Sdk, settings: S3Settings): Promise<string> {
  const { profile } = settings
  const formality = endpointOf(settings) === undefined ? undefined : 'us-east-1'
  const fallback = process.env['AWS_DEFAULT_REGION'] ?? formality
  const asking = new sdk.S3Client(profile === undefined ? {} : { profile })
  try {
    return await asking.config.region()
  } catch (error) {
    if (fallback !== undefined) return fallback
    throw error
  } finally {
    asking.destroy()
  }
}
