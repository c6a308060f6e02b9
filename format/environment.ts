/** The clock, ids, randomness and timers that everything takes from outside, so that a seed replays a run. */
export interface Environment {
  /** Milliseconds since the epoch. */
  now(): number
  /** A v4-shaped UUID, dashed lower case. */
  uuid(): string
  /** A positive 63-bit snapshot id. */
  snapshotId(): bigint
  /** In [0, 1). */
  random(): number
  /** Resolves after `ms`; rejects with the signal's reason if it fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Called for each thing that a user should know once (a property that cannot be honoured). */
  warn(message: string): void
}
