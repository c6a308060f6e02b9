/**
 * How much a file may make a process take at once, so that a few bytes cannot stand for more than there is memory. One
 * set for the process, since it is the memory of the process that they guard, whichever lake a file is of.
 */
import { invalidArgument, unsupported } from './errors.ts'
import { describeValue } from './values/mismatch.ts'

export interface ReadLimits {
  /** Bytes of a table's metadata file, unpacked, and of a Parquet footer. Default: 256 MiB. */
  readonly metadataBytes: number
  /** Bytes of a block of an Avro file, such as manifests are, and of a Puffin blob, unpacked. Default: 256 MiB. */
  readonly blockBytes: number
  /** Bytes of a Parquet page unpacked, and of the row that it brings, decoded. Default: 1 GiB. */
  readonly pageBytes: number
  /** Levels that JSON, schemas and variants nest. Default: 128. */
  readonly depth: number
}

const MEBIBYTE = 2 ** 20
const DEFAULTS: ReadLimits = {
  metadataBytes: 256 * MEBIBYTE,
  blockBytes: 256 * MEBIBYTE,
  pageBytes: 1024 * MEBIBYTE,
  depth: 128,
}

/** What a Buffer holds, and a Wasm memory, and levels that any stack has room for. */
const MOST: ReadLimits = {
  metadataBytes: 2 ** 31 - 1,
  blockBytes: 2 ** 31 - 1,
  pageBytes: 2 ** 31 - 1,
  depth: 500,
}

let current = DEFAULTS

/** The limits that hold now. */
export function readLimits(): ReadLimits {
  return current
}

/**
 * Sets some limits for all that the process reads from now on; undefined sets one back. A file beyond one is refused
 * with UNSUPPORTED, which names the limit. Throws INVALID_ARGUMENT for a name or a number that is none.
 */
export function setReadLimits(limits: { readonly [Name in keyof ReadLimits]?: number | undefined }): void {
  const names = Object.keys(DEFAULTS) as (keyof ReadLimits)[]
  const next = { ...current }
  for (const [name, value] of Object.entries(limits)) {
    const known = names.find((each) => each === name)
    if (known === undefined) {
      throw invalidArgument(`there is no limit '${name}'; there are: ${names.join(', ')}`)
    }
    const most = MOST[known]
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1 && value <= most)) {
      throw invalidArgument(`${name}: expected 1 to ${most}, found ${describeValue(value)}`)
    }
    next[known] = value ?? DEFAULTS[known]
  }
  current = next
}

/** UNSUPPORTED: `what` is over a limit. */
export function overLimit(what: string, name: keyof ReadLimits): Error {
  const unit = name === 'depth' ? 'levels' : 'bytes'
  return unsupported(
    `${what}: more than ${current[name]} ${unit} are not read; setReadLimits({ ${name} }) allows more`,
    {
      limit: name,
    },
  )
}

/** Whether node:zlib stopped since the output was longer than it was to be. */
export function isTooMuch(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
}
