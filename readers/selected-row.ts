/** The type of a row of which only some columns were selected. Types only. */

/** Columns that are not the table's own (spec: "Reserved Field IDs"). */
export interface MetadataValues {
  readonly _file: string
  readonly _pos: bigint
  readonly _spec_id: number
  readonly _partition: Record<string, unknown>
  readonly _row_id: bigint | null
  readonly _last_updated_sequence_number: bigint | null
}

export type ColumnPaths = readonly (string | readonly string[])[]

/** `R` with the columns of `P` only. A path given as an array of names says nothing about the type. */
export type SelectedRow<R, P extends ColumnPaths> = string extends P[number]
  ? Record<string, unknown>
  : readonly string[] extends P[number]
    ? Record<string, unknown>
    : { -readonly [K in FirstName<P[number]>]: ValueAt<R, K, Extract<P[number], K | `${K}.${string}`>> }

export type FirstName<P> = P extends `${infer K}.${string}` ? K : P extends string ? P : never

export type ValueAt<R, K extends string, P> = K extends keyof R
  ? K extends P
    ? R[K]
    : Pruned<R[K], P extends `${K}.${infer Rest}` ? Rest : never>
  : K extends keyof MetadataValues
    ? MetadataValues[K]
    : unknown

/** A struct keeps the members that were named; what lists and maps hold is not followed. */
export type Pruned<V, Rest extends string> = V extends null
  ? null
  : V extends readonly unknown[] | ReadonlyMap<unknown, unknown>
    ? unknown
    : { -readonly [K in FirstName<Rest>]: ValueAt<V, K, Extract<Rest, K | `${K}.${string}`>> }

/** A row as `rows({ timestamps: 'date' })` yields it: its type does not tell timestamps from longs. */
export type RowWithDates<V> = V extends bigint
  ? bigint | Date
  : V extends Uint8Array
    ? V
    : V extends readonly (infer E)[]
      ? RowWithDates<E>[]
      : V extends ReadonlyMap<infer K, infer E>
        ? Map<RowWithDates<K>, RowWithDates<E>>
        : V extends object
          ? { [K in keyof V]: RowWithDates<V[K]> }
          : V
