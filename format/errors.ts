/**
 * The one error class. A code exists only where a caller acts differently:
 *
 * - `INVALID_ARGUMENT` the call or option is wrong; mend the call.
 * - `INVALID_DATA` a file breaks its format; `context.file` names it, `context.rule` the broken rule.
 * - `UNSUPPORTED` legal, but not served; the message says what to do instead.
 * - `NOT_FOUND`, `ALREADY_EXISTS`, `UNAUTHORIZED` about the named thing.
 * - `COMMIT_CONFLICT` a definite loss after all retries; nothing of the commit is visible.
 * - `VALIDATION_FAILED` the commit contradicts a concurrent one; retrying as it is cannot help.
 * - `COMMIT_STATE_UNKNOWN` the commit may or may not have landed; nothing may be deleted.
 * - `UNAVAILABLE` the store or service did not answer; the same call may work later.
 * - `ABORTED` the caller's `AbortSignal` fired.
 */
export type ErrorCode =
  | 'INVALID_ARGUMENT'
  | 'INVALID_DATA'
  | 'UNSUPPORTED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'UNAUTHORIZED'
  | 'COMMIT_CONFLICT'
  | 'VALIDATION_FAILED'
  | 'COMMIT_STATE_UNKNOWN'
  | 'UNAVAILABLE'
  | 'ABORTED'

/** Plain facts about an error: a file, an option, a rule, expected and found. Never a secret. */
export type ErrorContext = Readonly<Record<string, string | number | bigint | boolean | null | undefined>>

export interface ErrorOptions {
  readonly context?: ErrorContext
  readonly cause?: unknown
  /** Whether the same call may succeed later. Default: true for `UNAVAILABLE`, else false. */
  readonly retryable?: boolean
  /** Whether files written for the failed call may be deleted. Default: false for `COMMIT_STATE_UNKNOWN`, else true. */
  readonly cleanable?: boolean
}

/** The JSON form that crosses a thread or process border. bigint context values become strings. */
export interface SerializedError {
  readonly name: 'MoraineError'
  readonly code: ErrorCode
  readonly message: string
  readonly context: Readonly<Record<string, string | number | boolean | null>>
  readonly retryable: boolean
  readonly cleanable: boolean
  readonly cause?: string
}

export class MoraineError extends Error {
  override readonly name = 'MoraineError'
  readonly code: ErrorCode
  readonly context: ErrorContext
  readonly retryable: boolean
  readonly cleanable: boolean

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.context = options.context ?? {}
    this.retryable = options.retryable ?? code === 'UNAVAILABLE'
    this.cleanable = options.cleanable ?? code !== 'COMMIT_STATE_UNKNOWN'
  }

  toJSON(): SerializedError {
    const context: Record<string, string | number | boolean | null> = Object.create(null)
    for (const [key, value] of Object.entries(this.context)) {
      if (value !== undefined) context[key] = typeof value === 'bigint' ? value.toString() : value
    }
    return {
      name: 'MoraineError',
      code: this.code,
      message: this.message,
      context,
      retryable: this.retryable,
      cleanable: this.cleanable,
      ...(this.cause === undefined ? {} : { cause: messageOf(this.cause) }),
    }
  }

  static fromJSON(json: SerializedError): MoraineError {
    return new MoraineError(json.code, json.message, {
      context: json.context,
      retryable: json.retryable,
      cleanable: json.cleanable,
      ...(json.cause === undefined ? {} : { cause: new Error(json.cause) }),
    })
  }
}

export function isMoraineError(error: unknown, code?: ErrorCode): error is MoraineError {
  return error instanceof MoraineError && (code === undefined || error.code === code)
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

export function invalidArgument(message: string, context?: ErrorContext): MoraineError {
  return new MoraineError('INVALID_ARGUMENT', message, { context })
}

/** A file that breaks its format. Put `file` in the context where it is known; `inFile` adds it later. */
export function invalidData(message: string, context?: ErrorContext, cause?: unknown): MoraineError {
  return new MoraineError('INVALID_DATA', message, { context, cause })
}

export function unsupported(message: string, context?: ErrorContext): MoraineError {
  return new MoraineError('UNSUPPORTED', message, { context })
}

/**
 * Runs pure decoding code and names the file in whatever it throws: typed errors get `context.file` and the
 * name in the message, anything else becomes `INVALID_DATA`.
 */
export function inFile<T>(file: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw namingFile(file, error)
  }
}

/** The error that `inFile` throws; for asynchronous code. */
export function namingFile(file: string, error: unknown): MoraineError {
  if (!isMoraineError(error)) return invalidData(`${file}: ${messageOf(error)}`, { file }, error)
  if (error.context['file'] !== undefined) return error
  return new MoraineError(error.code, `${file}: ${error.message}`, {
    context: { ...error.context, file },
    cause: error.cause,
    retryable: error.retryable,
    cleanable: error.cleanable,
  })
}
