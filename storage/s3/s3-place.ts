/** Where an object lies in S3: a bucket and a key, which is the literal text after the bucket's '/'. */
import { invalidArgument } from '../../format/errors.ts'
import { checkPath } from '../location.ts'

export interface S3Place {
  readonly bucket: string
  readonly key: string
  /** In the form `s3://bucket/key`. */
  readonly location: string
}

const MAX_KEY_BYTES = 1024

/**
 * The place of an object. `s3a:` and `s3n:` mean `s3:`. Empty segments are let through, since other writers leave
 * keys such as `t//data/f`. Throws INVALID_ARGUMENT.
 */
export function s3Place(location: string): S3Place {
  const place = splitLocation(location)
  if (place.key === '') throw invalidArgument(`location ${location} names a bucket, not an object in it`)
  checkPath(`/${place.key}`.replace(/\/{2,}/g, '/'), location, MAX_KEY_BYTES)
  const bytes = Buffer.byteLength(place.key)
  if (bytes > MAX_KEY_BYTES) {
    throw invalidArgument(`location has a key of ${bytes} bytes, expected at most ${MAX_KEY_BYTES}`, {
      bytes,
      maximum: MAX_KEY_BYTES,
    })
  }
  return place
}

/**
 * The place of an object to write: no empty segments, which servers over a file system do not list, and no control
 * characters, which XML listings cannot hold. Throws INVALID_ARGUMENT.
 */
export function s3WritePlace(location: string): S3Place {
  const place = s3Place(location)
  checkPath(`/${place.key}`, location, MAX_KEY_BYTES)
  if (/\p{Cc}/u.test(place.key)) {
    throw invalidArgument(`location ${JSON.stringify(location)} holds a control character`, { location })
  }
  return place
}

/** The bucket and key prefix of a listing, whose key may be empty. Throws INVALID_ARGUMENT. */
export function s3Prefix(prefix: string): S3Place {
  return splitLocation(prefix)
}

function splitLocation(location: string): S3Place {
  const match = /^s3[an]?:\/\/([^/]*)(?:\/(.*))?$/is.exec(location)
  if (match === null) {
    throw invalidArgument(`expected a location s3://bucket/key, found ${JSON.stringify(location)}`, {
      location,
    })
  }
  const [, bucket = '', key = ''] = match
  if (!/^[a-z0-9][a-z0-9._-]{1,253}[a-z0-9]$/i.test(bucket)) {
    throw invalidArgument(`'${bucket}' is no name of a bucket, in the location ${JSON.stringify(location)}`, {
      location,
    })
  }
  return { bucket, key, location: `s3://${bucket}/${key}` }
}
