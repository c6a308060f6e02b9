/** What is kept of delete files. */
export interface LoadedDeletes {
  /** Memory that it takes, by a fair estimate. */
  readonly byteLength: number
}
