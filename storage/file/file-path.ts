import { realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { invalidArgument, type MoraineError } from '../../format/errors.ts'
import { stripTrailingSlash } from '../../format/location.ts'
import { checkPath } from '../location.ts'
import { isMissing } from './file-error.ts'

const MAX_SEGMENT_BYTES = 255
const MAX_PATH_BYTES = 4095

/** A place on disk: the location as `file:///…`, and the path that the system takes. */
export interface FilePlace {
  readonly location: string
  readonly path: string
}

/** Parses `file:///a`, `file:/a` or `/a`. Throws INVALID_ARGUMENT for anything else, and outside `root`. */
export function filePlace(input: string, root: string | undefined): FilePlace {
  const path = /^(?:file:(?:\/\/(?=\/))?)?(\/.*)$/s.exec(input)?.[1]
  if (path === undefined) {
    throw invalidArgument(
      `expected a location file:///… or an absolute path, found ${JSON.stringify(input)}`,
      {
        location: input,
      },
    )
  }
  const location = `file://${path}`
  checkPath(path, location, MAX_SEGMENT_BYTES)
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw invalidArgument(`location is longer than ${MAX_PATH_BYTES} bytes: ${location.slice(0, 80)}…`)
  }
  if (root !== undefined && !isWithin(path, root)) throw outside(location, root)
  return { location, path }
}

/** A folder that no symbolic link may lead out of. */
export class RootFolder {
  readonly path: string
  /** Once it is there. */
  #real: string | undefined

  constructor(path: string) {
    this.path = path
  }

  /** Throws INVALID_ARGUMENT when symbolic links lead from `place` out of the folder. */
  async requireInside({ path, location }: FilePlace): Promise<void> {
    const real = await realPathOfNearest(path)
    if (this.#real !== undefined && isWithin(real, this.#real)) return
    // It may have come to be since, or be another one now.
    this.#real = await realPathIfThere(this.path)
    if (!isWithin(real, this.#real ?? (await realPathOfNearest(dirname(this.path))))) {
      throw outside(location, this.path)
    }
  }
}

/** The real path of `path`, or of its nearest ancestor that exists. */
async function realPathOfNearest(path: string): Promise<string> {
  for (let nearest = path; ; nearest = dirname(nearest)) {
    const real = await realPathIfThere(nearest)
    if (real !== undefined) return real
  }
}

async function realPathIfThere(path: string): Promise<string | undefined> {
  try {
    return await realpath(path)
  } catch (error) {
    if (!isMissing(error) || path === '/') throw error
    return undefined
  }
}

function isWithin(path: string, root: string): boolean {
  const folder = stripTrailingSlash(root)
  return stripTrailingSlash(path) === folder || path.startsWith(`${folder}/`)
}

function outside(location: string, root: string): MoraineError {
  return invalidArgument(`${location} lies outside the store's root ${root}`, { location, root })
}
