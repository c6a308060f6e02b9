/** Rows in the canonical text of the golden tables, which the judges write too; see judges/judge.py. */
import type { NestedField, Type } from '../../format/types.ts'
import { bytesToHex } from '../../format/values/text.ts'

export function canonicalRow(row: Readonly<Record<string, unknown>>, fields: readonly NestedField[]): string {
  return structText(row, fields)
}

function structText(row: Readonly<Record<string, unknown>>, fields: readonly NestedField[]): string {
  return `{${fields.map((field) => `${JSON.stringify(field.name)}:${valueText(field.type, row[field.name])}`).join(',')}}`
}

function valueText(type: Type, value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) throw new Error('a row lacks a column')
  switch (type.kind) {
    case 'struct':
      return structText(value as Readonly<Record<string, unknown>>, type.fields)
    case 'list':
      return `[${(value as unknown[]).map((item) => valueText(type.element, item)).join(',')}]`
    case 'map': {
      const pairs = [...(value as Map<unknown, unknown>)]
      return `[${pairs
        .map(([k, v]) => `[${valueText(type.key, k)},${valueText(type.value, v)}]`)
        .sort(byUtf8)
        .join(',')}]`
    }
    case 'boolean':
    case 'int':
    case 'string':
    case 'decimal':
    case 'uuid':
    case 'date':
      return JSON.stringify(value)
    case 'float':
    case 'double':
      return doubleText(value as number)
    case 'fixed':
    case 'binary':
      return JSON.stringify(bytesToHex(value as Uint8Array))
    default:
      return JSON.stringify(String(value))
  }
}

function doubleText(value: number): string {
  if (Object.is(value, -0)) return '"-0"'
  return Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value))
}

/** Sorted as the golden answers are. */
export function sortedLines(lines: readonly string[]): string[] {
  return [...lines].sort(byUtf8)
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
