/** `--snapshot`, `--as-of` and `--ref`: which point in time. */
import { invalidArgument } from '../index.ts'
import { textOption, type VerbOptions } from './verb.ts'

export type At = { readonly snapshotId: bigint } | { readonly timestamp: number } | { readonly ref: string }

export function atOption(options: VerbOptions): At | undefined {
  const snapshot = textOption(options, 'snapshot')
  const asOf = textOption(options, 'asOf')
  const ref = textOption(options, 'ref')
  if ([snapshot, asOf, ref].filter((given) => given !== undefined).length > 1) {
    throw invalidArgument('give only one of --snapshot, --as-of and --ref')
  }
  if (snapshot !== undefined) return { snapshotId: snapshotId(snapshot) }
  if (asOf !== undefined) return { timestamp: timeOption(asOf, '--as-of') }
  return ref === undefined ? undefined : { ref }
}

function snapshotId(text: string): bigint {
  if (/^\d{1,19}$/.test(text)) return BigInt(text)
  throw invalidArgument(`--snapshot: expected a snapshot id in digits, found '${text}'`)
}

/** Milliseconds since the epoch. A time without a zone is UTC, as all times are that the command prints. */
export function timeOption(text: string, flag: string): number {
  if (/^\d{5,15}$/.test(text)) return Number(text)
  const [, date, time, zone] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?$/i.exec(text) ?? []
  const ms = date === undefined ? Number.NaN : Date.parse(`${date}T${time ?? '00:00'}${zone ?? 'Z'}`)
  if (Number.isFinite(ms)) return ms
  throw invalidArgument(
    `${flag}: expected a time such as 2026-11-21T22:31:08Z, a date, or milliseconds since 1970, found '${text}'`,
  )
}
