/** What a probe saw, as plain data. */

/**
 * - `green`: the store did what the rule says.
 * - `red`: it did not, or could not be asked.
 * - `skipped`: it does not claim to, or an earlier check left nothing to ask.
 */
export type ProbeResult = 'green' | 'red' | 'skipped'

export interface ProbeCheck {
  readonly name: ProbeCheckName
  readonly result: ProbeResult
  /** One sentence. */
  readonly seen: string
}

export type ProbeCheckName =
  | 'reachable'
  | 'credentials'
  | 'put and get'
  | 'listing'
  | 'create races'
  | 'if-match races'
  | 'if-match stale'
  | 'if-match missing'
  | 'delete and create'
  | 'multipart'
  | 'clock'
  | 'clean-up'

export interface ProbeReport {
  /** Below which the probe wrote. */
  readonly location: string
  /** Whether no check is red. */
  readonly isGreen: boolean
  readonly checks: readonly ProbeCheck[]
}

export function green(name: ProbeCheckName, seen: string): ProbeCheck {
  return { name, result: 'green', seen }
}

export function red(name: ProbeCheckName, seen: string): ProbeCheck {
  return { name, result: 'red', seen }
}

export function skipped(name: ProbeCheckName, seen: string): ProbeCheck {
  return { name, result: 'skipped', seen }
}
