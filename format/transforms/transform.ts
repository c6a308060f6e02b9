/** A partition or sort transform as plain data (spec: "Partition Transforms"). */
export type Transform =
  | { readonly kind: 'identity' }
  | { readonly kind: 'year' }
  | { readonly kind: 'month' }
  | { readonly kind: 'day' }
  | { readonly kind: 'hour' }
  | { readonly kind: 'void' }
  | { readonly kind: 'bucket'; readonly numBuckets: number }
  | { readonly kind: 'truncate'; readonly width: number }
  /** A transform that this version does not know: kept by its text, ignored when filtering, never written with. */
  | { readonly kind: 'unknown'; readonly text: string }
