import type { ColumnPath } from '../column-path.ts'
import type { NestedField, Type } from '../types.ts'

/** A column to be: its field ids, at any depth, are provisional. */
export type NewColumn = Pick<NestedField, 'required' | 'type' | 'doc' | 'initialDefault' | 'writeDefault'>

/** One change to a schema, as plain data. Names are those that the steps before it have left. */
export type SchemaStep =
  | {
      readonly kind: 'add-column'
      /** Where it comes to stand: its last name is new. A list or map before it means its element or value. */
      readonly column: ColumnPath
      readonly added: NewColumn
      readonly allowIncompatible: boolean
    }
  | { readonly kind: 'drop-column'; readonly column: ColumnPath }
  /** `newName` is one name: dots in it are part of it. */
  | { readonly kind: 'rename-column'; readonly column: ColumnPath; readonly newName: string }
  | { readonly kind: 'move-column'; readonly column: ColumnPath; readonly to: ColumnPlace }
  | { readonly kind: 'widen-column'; readonly column: ColumnPath; readonly type: Type }
  | { readonly kind: 'make-column-optional'; readonly column: ColumnPath }
  | { readonly kind: 'require-column'; readonly column: ColumnPath; readonly allowIncompatible: boolean }
  /** Undefined takes the doc away. */
  | { readonly kind: 'set-column-doc'; readonly column: ColumnPath; readonly doc: string | undefined }
  /** As a user wrote it; null takes the default away. */
  | { readonly kind: 'set-column-default'; readonly column: ColumnPath; readonly value: unknown }
  | { readonly kind: 'set-identifier-fields'; readonly columns: readonly ColumnPath[] }
  /** Adds what is missing of these fields, and loosens or widens what is there to hold both. */
  | { readonly kind: 'union-by-name'; readonly fields: readonly NestedField[] }

/** A place among the members of the same struct. */
export type ColumnPlace =
  | { readonly kind: 'first' }
  | { readonly kind: 'before'; readonly column: ColumnPath }
  | { readonly kind: 'after'; readonly column: ColumnPath }
