/** From what a user types to a location: paths, relative ones too, and URIs. */
import { resolve } from 'node:path'
import { invalidArgument, unsupported } from '../format/errors.ts'
import { parseLocation, stripTrailingSlash } from '../format/location.ts'
import { describeValue } from '../format/values/mismatch.ts'

/** The location that a path or URI means, without a trailing '/'. */
export function locationOf(uri: string): string {
  if (typeof uri !== 'string' || uri === '') {
    const found = uri === '' ? 'an empty string' : describeValue(uri)
    throw invalidArgument(`expected a folder, a file or a URI, found ${found}`)
  }
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1]?.toLowerCase()
  switch (scheme) {
    case undefined:
      return `file://${resolve(uri)}`
    case 'file':
      return `file://${resolve(filePath(uri))}`
    case 'memory':
      return uri === 'memory:' ? 'memory://lake' : uri.replace(/\/+$/, '')
    case 's3':
    case 's3a':
    case 's3n':
      return bucketLocation(uri)
    default:
      throw unsupported(
        `'${scheme}:' is not served by this version; a path, file:///…, s3://… and memory: are`,
        {
          scheme,
        },
      )
  }
}

/** The path of a `file:` URI: `file:///a` and `file:/a` are absolute, `file:a` is not, and no other host is asked. */
function filePath(uri: string): string {
  const [, host, path = ''] = /^file:(?:\/\/([^/]*))?(.*)$/is.exec(uri)!
  if (host === undefined || host === '' || host.toLowerCase() === 'localhost') return path
  throw invalidArgument(`'${uri}' names the host '${host}'; a folder of this machine is file:///…`)
}

function bucketLocation(uri: string): string {
  const location = stripTrailingSlash(parseLocation(uri))
  if (/^s3:\/\/[^/]/.test(location)) return location
  throw invalidArgument(`expected s3://bucket/prefix, found '${uri}'`)
}
