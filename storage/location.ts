/** What stores ask of a location's text, which they take literally: no percent-decoding, no `.` or `..`. */
import { invalidArgument } from '../format/errors.ts'

/**
 * Whether the location names a folder marker: an empty object that stands for a folder, as S3's Hadoop clients
 * write it. A file store makes a folder of it.
 */
export function isFolderMarker(location: string): boolean {
  return location.endsWith('/')
}

/**
 * Checks the part of a location that follows its scheme and authority, which starts with '/'. One trailing '/' is
 * let through. Throws INVALID_ARGUMENT for a NUL, a lone surrogate, and for an empty, `.`, `..` or over-long segment.
 */
export function checkPath(path: string, location: string, maxSegmentBytes: number): void {
  if (path.includes('\0')) {
    throw invalidArgument(`location ${JSON.stringify(location)} holds a NUL character`, { location })
  }
  if (/\p{Surrogate}/u.test(path)) {
    throw invalidArgument(`location ${JSON.stringify(location)} is not well-formed Unicode`, { location })
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
