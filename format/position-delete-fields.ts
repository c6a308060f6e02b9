import { longType, type NestedField, stringType } from './types.ts'

/** The columns of a position delete file that count (spec: "Position Delete Files"); a `row` beside them does not. */
export const POSITION_DELETE_FIELDS: readonly NestedField[] = [
  { id: 2147483546, name: 'file_path', required: true, type: stringType },
  { id: 2147483545, name: 'pos', required: true, type: longType },
]
