/** Rows in the canonical text of the golden tables, which the judges write too; see judges/judge.py. */
import { expect } from 'vitest'
import type { NestedField, Type } from '../../format/types.ts'
import { bytesToHex } from '../../format/values/text.ts'
import type { Scan, Table } from '../../index.ts'

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
    case 'variant':
      return variantText(value)
    case 'fixed':
    case 'binary':
    case 'geometry':
    case 'geography':
      return JSON.stringify(bytesToHex(value as Uint8Array))
    default:
      return JSON.stringify(String(value))
  }
}

/** Names in order, and decimals without the zeros at their end. */
function variantText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(variantText).join(',')}]`
  if (typeof value === 'number') return doubleText(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const { $exact } = value as { readonly $exact?: string }
  if ($exact !== undefined) {
    return JSON.stringify({ $exact: $exact.includes('.') ? $exact.replace(/\.?0+$/, '') : $exact })
  }
  const members = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${variantText(item)}`)
  return `{${members.sort(byUtf8).join(',')}}`
}

function doubleText(value: number): string {
  if (Object.is(value, -0)) return '"-0"'
  return Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value))
}

/** What a scan gives, as canonical lines in the order of reading. */
export async function linesOf(scan: Scan<unknown>): Promise<string[]> {
  const lines: string[] = []
  for await (const row of scan.rows({ variants: 'exact' }))
    lines.push(canonicalRow(row as Record<string, unknown>, scan.fields))
  return lines
}

/**
 * Expects of each column alone what it has in whole rows, which are `lines`. For what a scan reads is decided column
 * by column.
 */
export async function expectColumnsAlone(table: Table, lines: readonly string[]): Promise<void> {
  for (const { name } of table.schema.fields) {
    const alone = await linesOf(table.scan({ select: [name] }))
    const expected = lines.map((line) => JSON.stringify({ [name]: JSON.parse(line)[name] }))
    const found = alone.map((line) => JSON.stringify(JSON.parse(line)))
    expect(difference(found, expected), name).toEqual(sameRows)
  }
}

/** A line with every null list and map in it made empty. */
export function nullsAsEmpty(line: string, fields: readonly NestedField[]): string {
  return JSON.stringify(emptied({ kind: 'struct', fields }, JSON.parse(line)))
}

function emptied(type: Type, value: unknown): unknown {
  if (type.kind === 'list') return ((value ?? []) as unknown[]).map((item) => emptied(type.element, item))
  if (type.kind === 'map') {
    return ((value ?? []) as [unknown, unknown][]).map(([k, v]) => [
      emptied(type.key, k),
      emptied(type.value, v),
    ])
  }
  if (type.kind !== 'struct' || value === null) return value
  const row = value as Readonly<Record<string, unknown>>
  return type.fields.map((field) => emptied(field.type, row[field.name]))
}

/** What two bags of lines do not share, a few of each; both empty when they are the same rows. */
export function difference(found: readonly string[], expected: readonly string[]) {
  const missing = new Map<string, number>()
  for (const line of expected) missing.set(line, (missing.get(line) ?? 0) + 1)
  const surplus: string[] = []
  for (const line of found) {
    const left = missing.get(line) ?? 0
    if (left === 0) surplus.push(line)
    else missing.set(line, left - 1)
  }
  const absent = [...missing].flatMap(([line, count]) => Array<string>(count).fill(line))
  return { missing: absent.slice(0, 3), surplus: surplus.slice(0, 3) }
}

export const sameRows = { missing: [], surplus: [] }

/** Sorted as the golden answers are. */
export function sortedLines(lines: readonly string[]): string[] {
  return [...lines].sort(byUtf8)
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
