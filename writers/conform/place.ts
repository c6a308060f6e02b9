import { invalidArgument, type MoraineError } from '../../format/errors.ts'

/** Where a column stands, for errors. */
export interface Place {
  /** From the root, as a reader would write it: `items.element.sku`. */
  readonly path: string
  /** The number of the row that a slot of the column belongs to; undefined when a null around it hides the slot. */
  rowOf(slot: number): number | undefined
}

/** The error for a column whose type does not fit. */
export function columnError(path: string, expected: string, found: unknown): MoraineError {
  return invalidArgument(`column '${path}': expected ${expected}, found Arrow type ${found}`, { path })
}

/** The error for one value that does not fit. */
export function valueError(place: Place, slot: number, expected: string, found: string): MoraineError {
  const row = place.rowOf(slot)
  return invalidArgument(`row ${row}, ${place.path}: expected ${expected}, found ${found}`, {
    row,
    path: place.path,
  })
}
