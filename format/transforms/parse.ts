import { invalidData } from '../errors.ts'
import type { Transform } from './transform.ts'

const PARAMETERISED = /^(bucket|truncate)\[(\d+)\]$/i
const MAX_INT = 2_147_483_647

/**
 * A transform from its text in metadata (spec: "Partition Transforms"), the case of letters aside, as Iceberg Java
 * takes it. What this version does not know is kept by its text, and so is any transform of several arguments.
 * A bucket count or width outside 1 to 2^31 − 1 throws `INVALID_DATA`.
 */
export function parseTransform(text: string, argumentCount = 1): Transform {
  if (argumentCount !== 1) return { kind: 'unknown', text }
  const match = PARAMETERISED.exec(text)
  if (match !== null) return parameterised(text, match[1]!.toLowerCase(), Number(match[2]))
  const kind = text.toLowerCase()
  switch (kind) {
    case 'identity':
    case 'year':
    case 'month':
    case 'day':
    case 'hour':
    case 'void':
      return { kind }
    default:
      return { kind: 'unknown', text }
  }
}

/** The text that `parseTransform` takes back. */
export function transformToString(transform: Transform): string {
  switch (transform.kind) {
    case 'bucket':
      return `bucket[${transform.numBuckets}]`
    case 'truncate':
      return `truncate[${transform.width}]`
    case 'unknown':
      return transform.text
    default:
      return transform.kind
  }
}

function parameterised(text: string, kind: string, parameter: number): Transform {
  if (parameter < 1 || parameter > MAX_INT) {
    throw invalidData(`the parameter of transform ${text.slice(0, 60)} must lie between 1 and ${MAX_INT}`, {
      rule: 'Partition Transforms',
    })
  }
  return kind === 'bucket' ? { kind, numBuckets: parameter } : { kind: 'truncate', width: parameter }
}
