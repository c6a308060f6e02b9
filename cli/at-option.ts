/** `--snapshot`, `--as-of` and `--ref`: which point in time. */
import { MoraineError } from '../index.ts'
import { textOption, type VerbOptions } from './verb.ts'

export type At = { readonly snapshotId: bigint } | { readonly timestampMs: number } | { readonly ref: string }

export function atOption(options: VerbOptions): At | undefined {
  const snapshot = textOption(options, 'snapshot')
  const asOf = textOption(options, 'asOf')
  const ref = textOption(options, 'ref')
  if ([snapshot, asOf, ref].filter((given) => given !== undefined).length > 1) {
    throw new MoraineError('INVALID_ARGUMENT', 'give only one of --snapshot, --as-of and --ref')
  }
  if (snapshot !== undefined) return { snapshotId: snapshotId(snapshot) }
  if (asOf !== undefined) return { timestampMs: milliseconds(asOf) }
  return ref === undefined ? undefined : { ref }
}

function snapshotId(text: string): bigint {
  if (!/^\d{1,19}$/.test(text)) {
    throw new MoraineError(
      'INVALID_ARGUMENT',
      `--snapshot: expected a snapshot id in digits, found '${text}'`,
    )
  }
  return BigInt(text)
}

function milliseconds(text: string): number {
  const ms = /^\d{5,}$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isFinite(ms)) return ms
  throw new MoraineError('INVALID_ARGUMENT', `--as-of: expected an ISO time or milliseconds, found '${text}'`)
}
