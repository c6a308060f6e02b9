/**
 * Locations: absolute URIs, taken literally (no percent-decoding, no `.` or `..`). The one place that resolves the
 * paths that metadata and manifests store (spec: "Paths in Metadata").
 */
import { invalidArgument, invalidData, type MoraineError } from './errors.ts'

const RULE = 'Paths in Metadata'

/**
 * The absolute location of a stored path. Before v4 every path is fully qualified; Hadoop writers leave out the
 * scheme of local files or write `file:/…`, so that `/t/f`, `file:/t/f` and `file:///t/f` are one location, and call
 * S3 by the names of their drivers: `s3a:` and `s3n:` are `s3:`.
 * A path with a `.` or `..` segment could name an object outside its table and is refused. Idempotent.
 *
 * Throws INVALID_DATA.
 */
export function resolveLocation(path: string): string {
  return normalize(path, (problem) => invalidData(`location '${shorten(path)}' ${problem}`, { rule: RULE }))
}

/** As `resolveLocation`, for a location that a caller gave: throws INVALID_ARGUMENT. */
export function parseLocation(path: string): string {
  return normalize(path, (problem) => invalidArgument(`location '${shorten(path)}' ${problem}`))
}

/**
 * `base` and the segments below it, joined with '/'. A segment may hold slashes; none of its parts may be empty,
 * `.` or `..`. Throws INVALID_ARGUMENT.
 */
export function joinLocation(base: string, ...segments: readonly string[]): string {
  for (const segment of segments) {
    const part = segment.split('/').find((name) => name === '' || name === '.' || name === '..')
    if (part !== undefined || segment.includes('\0')) {
      throw invalidArgument(`'${shorten(segment)}' is not a path below a location`)
    }
  }
  const start = base.endsWith('/') ? base.slice(0, -1) : base
  return [start, ...segments].join('/')
}

/** Without the slashes at its end; the two of an empty `scheme://` stay. */
export function stripTrailingSlash(location: string): string {
  let end = location.length
  while (end > 0 && location[end - 1] === '/' && !location.slice(0, end).endsWith('://')) end--
  return location.slice(0, end)
}

/** Whether `location` lies below the folder `base`. Both are resolved first; `t10` does not lie below `t1`. */
export function isBelow(base: string, location: string): boolean {
  return resolveLocation(location).startsWith(`${stripTrailingSlash(resolveLocation(base))}/`)
}

/** The resolved location if it lies below `base`; throws INVALID_DATA if it escapes. */
export function confineLocation(base: string, location: string): string {
  if (!isBelow(base, location)) {
    throw invalidData(`location '${shorten(location)}' lies outside of '${shorten(base)}'`, { rule: RULE })
  }
  return resolveLocation(location)
}

/** A prefix of stored locations, and what stands in its place where the table was copied to. */
export interface LocationRemap {
  readonly from: string
  readonly to: string
}

/**
 * Resolves stored paths of a table that was copied elsewhere: the longest `from` that the path lies below (or is)
 * is replaced by its `to`. Throws INVALID_ARGUMENT for a bad rule; the result throws as `resolveLocation`.
 */
export function locationResolver(remaps: readonly LocationRemap[] = []): (path: string) => string {
  const rules = remaps
    .map(({ from, to }) => ({
      from: stripTrailingSlash(parseLocation(from)),
      to: stripTrailingSlash(parseLocation(to)),
    }))
    .sort((a, b) => b.from.length - a.from.length)
  return (path) => {
    const location = resolveLocation(path)
    const rule = rules.find(({ from }) => location === from || location.startsWith(`${from}/`))
    return rule === undefined ? location : rule.to + location.slice(rule.from.length)
  }
}

/** The scheme in lower case (`file`, `s3`, `memory`), or undefined when there is none. */
export function schemeOf(location: string): string | undefined {
  return /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(location)?.[1]?.toLowerCase()
}

function normalize(path: string, failure: (problem: string) => MoraineError): string {
  if (path.includes('\0')) throw failure('holds a NUL character')
  const scheme = schemeOf(path)
  if (scheme === undefined && !path.startsWith('/')) throw failure('is not absolute')
  const rest = scheme === undefined ? `//${path}` : path.slice(scheme.length + 1)
  const location =
    scheme === undefined || scheme === 'file' ? fileLocation(rest, failure) : `${schemeName(scheme)}:${rest}`
  if (location.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw failure("holds a '.' or '..' segment")
  }
  return location
}

function schemeName(scheme: string): string {
  return scheme === 's3a' || scheme === 's3n' ? 's3' : scheme
}

/** Local files have one name each: repeated slashes mean one, and the host can only be this machine. */
function fileLocation(rest: string, failure: (problem: string) => MoraineError): string {
  const authority = /^\/\/([^/]*)(\/.*)?$/s.exec(rest)
  if (authority !== null && authority[1] !== '' && authority[1] !== 'localhost') {
    throw failure(`names the host '${shorten(authority[1]!)}'`)
  }
  const path = authority === null ? rest : (authority[2] ?? '/')
  if (!path.startsWith('/')) throw failure('is not absolute')
  return `file://${path.replace(/\/{2,}/g, '/')}`
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 197)}...` : text
}
