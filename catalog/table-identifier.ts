import { invalidArgument } from '../format/errors.ts'
import type { TableIdentifier } from './catalog.ts'

const MAX_NAME_BYTES = 255

/** `shop.orders`, for messages. */
export function formatIdentifier({ namespace, name }: TableIdentifier): string {
  return [...namespace, name].join('.')
}

/** Throws INVALID_ARGUMENT for a name that cannot be a folder that every engine sees. */
export function checkIdentifier({ namespace, name }: TableIdentifier): void {
  checkNamespace(namespace)
  checkName('table', name)
}

/** As `checkIdentifier`; the root, `[]`, is let through. */
export function checkNamespace(namespace: readonly string[]): void {
  for (const level of namespace) checkName('namespace', level)
}

/** What is wrong with a table's or a namespace level's name, or undefined. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'is empty'
  if (/[/\\\0]/.test(name)) return 'holds a slash, a backslash or a NUL'
  if (/\p{Surrogate}/u.test(name)) return 'is not well-formed Unicode'
  if (/^[._]/.test(name)) return "starts with '.' or '_', and such folders are hidden from engines"
  const bytes = Buffer.byteLength(name)
  return bytes > MAX_NAME_BYTES
    ? `has ${bytes} bytes, more than the ${MAX_NAME_BYTES} of a folder's name`
    : undefined
}

function checkName(what: string, name: string): void {
  const problem = nameProblem(name)
  if (problem === undefined) return
  const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name
  throw invalidArgument(`${what} name ${JSON.stringify(shown)} ${problem}`, { name: shown })
}
