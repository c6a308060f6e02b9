import { type ErrorCode, MoraineError } from '../../format/errors.ts'

/** The typed form of a file system's error. Anything unforeseen is UNAVAILABLE: the outcome is not known. */
export function fileError(error: unknown, location: string, action: string): MoraineError {
  if (error instanceof MoraineError) return error
  const code = errnoOf(error) ?? 'unknown error'
  return new MoraineError(codeFor(code), `cannot ${action} ${location}: ${REASONS[code] ?? code}`, {
    context: { location, errno: code },
    cause: error,
  })
}

/** `ENOENT` and the like; undefined for what is no system error. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Whether the error says that there is nothing at the path. */
export function isMissing(error: unknown): boolean {
  const code = errnoOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EISDIR: 'it is a folder',
  ELOOP: 'its path has too many symbolic links',
  ENAMETOOLONG: 'its path is longer than the file system allows',
  EACCES: 'permission denied',
  EPERM: 'the file system does not permit it',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EMFILE: 'this process has too many open files',
  ENFILE: 'the system has too many open files',
  EIO: 'the disk reported an input/output error',
}

function codeFor(code: string): ErrorCode {
  switch (code) {
    case 'ENOENT':
      return 'NOT_FOUND'
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ELOOP':
    case 'EINVAL':
    case 'ENAMETOOLONG':
      return 'INVALID_ARGUMENT'
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'UNAUTHORIZED'
    default:
      return 'UNAVAILABLE'
  }
}
