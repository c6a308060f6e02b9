/** Locations as text. They are taken literally: no percent-decoding, no `.` or `..`. */
import { invalidArgument } from '../format/errors.ts'

/** One spelling per place: `/a`, `file:/a` and `file:///a` become `file:///a`; s3a and s3n become s3. */
export function canonicalLocation(location: string): string {
  const file = /^(?:file:(?:\/\/(?=\/))?)?(\/.*)$/s.exec(location)
  if (file !== null) return `file://${file[1]}`
  return location.replace(/^s3[an]:\/\//, 's3://')
}

/** Whether two locations name one place, whatever their spelling and trailing '/'. */
export function sameLocation(a: string, b: string): boolean {
  return withoutTrailingSlash(canonicalLocation(a)) === withoutTrailingSlash(canonicalLocation(b))
}

export function withoutTrailingSlash(location: string): string {
  return location.replace(/\/+$/, '')
}

/** The last segment: `c.json` of `memory://a/b/c.json`, '' of a location that ends in '/'. */
export function baseName(location: string): string {
  return location.slice(location.lastIndexOf('/') + 1)
}

/**
 * Whether the location names a folder marker: an empty object that stands for a folder, as S3's Hadoop clients
 * write it. A file store makes a folder of it.
 */
export function isFolderMarker(location: string): boolean {
  return location.endsWith('/')
}

/**
 * Checks the part of a location that follows its scheme and authority, which starts with '/'. One trailing '/' is
 * let through. Throws INVALID_ARGUMENT for a NUL byte and for an empty, `.`, `..` or over-long segment.
 */
export function checkPath(path: string, location: string, maxSegmentBytes: number): void {
  if (path.includes('\0')) {
    throw invalidArgument(`location ${JSON.stringify(location)} holds a NUL character`, { location })
  }
  const body = path.endsWith('/') ? path.slice(1, -1) : path.slice(1)
  if (body === '') return
  for (const segment of body.split('/')) {
    if (segment === '' || segment === '.' || segment === '..') {
      throw invalidArgument(
        `location ${location} has the segment '${segment}': locations are taken literally, without empty, '.' and '..' segments`,
        { location, segment },
      )
    }
    const bytes = Buffer.byteLength(segment)
    if (bytes > maxSegmentBytes) {
      throw invalidArgument(
        `location has a name of ${bytes} bytes, expected at most ${maxSegmentBytes}: ${segment.slice(0, 40)}…`,
        { bytes, maximum: maxSegmentBytes },
      )
    }
  }
}

/** UTF-8 byte order, the order of every listing. */
export function compareLocations(a: string, b: string): number {
  // Code units order as UTF-8 bytes do, except that surrogates come after U+E000..U+FFFF.
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

function rank(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff ? codeUnit + 0x10000 : codeUnit
}
