/**
 * One sort field's part of the sort keys of a batch: bytes whose unsigned order is that of the values.
 *
 *     1  null flag, unless the column cannot be null: 0 sorts first, 1 last
 *     2  the value, each byte inverted where the direction is descending:
 *        numbers   big-endian, the sign bit flipped; of negative floats every bit
 *        fixed     its bytes
 *        variable  its bytes, 00 as 00 FF, then 00 00, so that no key is the beginning of another
 *
 * Of a null, only the flag counts: fixed widths leave zeros behind it, others nothing.
 */
import type { Data } from 'apache-arrow'
import type { PrimitiveType } from '../../format/types.ts'
import type { SourceColumn } from '../source-column.ts'
import { orderedWords } from './ordered-words.ts'

export interface KeyPart {
  /** Adds the bytes that each row's part takes. */
  addLengths(lengths: Int32Array): void
  /** Writes each row's part at `at[row]` of zeroed `bytes`, and moves `at[row]` behind it. */
  write(bytes: Uint8Array, at: Int32Array): void
}

export interface KeyPartOptions {
  readonly nullable: boolean
  readonly nullsFirst: boolean
  readonly descending: boolean
}

/** The part for a column of `arrowTypeOf(type)`; `rows` of it count. */
export function keyPart(
  type: PrimitiveType,
  source: SourceColumn,
  rows: number,
  { nullable, nullsFirst, descending }: KeyPartOptions,
): KeyPart {
  const value = valuePart(type, source, rows, descending ? 0xff : 0)
  if (!nullable) return value
  const { isNull } = source
  const flagOfNull = nullsFirst ? 0 : 1
  return {
    addLengths(lengths) {
      for (let row = 0; row < rows; row++) lengths[row]!++
      value.addLengths(lengths)
    },
    write(bytes, at) {
      for (let row = 0; row < rows; row++) bytes[at[row]!++] = isNull(row) ? flagOfNull : 1 - flagOfNull
      value.write(bytes, at)
    },
  }
}

/** `flip` is 0xff where bytes are inverted, else 0. */
function valuePart(type: PrimitiveType, source: SourceColumn, rows: number, flip: number): KeyPart {
  switch (type.kind) {
    case 'string':
    case 'binary':
    case 'geometry':
    case 'geography':
      return variablePart(source, rows, flip)
    case 'uuid':
    case 'fixed':
      return fixedPart(source.column.values, source.column.stride, source, rows, flip)
    default: {
      const { words, stride } = orderedWords(type, source.column, rows)
      return wordsPart(words, stride, source, rows, flip)
    }
  }
}

function wordsPart(
  words: Uint32Array,
  stride: number,
  { isNull }: SourceColumn,
  rows: number,
  flip: number,
): KeyPart {
  const width = 4 * stride
  return {
    addLengths: (lengths) => addToAll(lengths, rows, width),
    write(bytes, at) {
      for (let row = 0; row < rows; row++) {
        let to = at[row]!
        at[row] = to + width
        if (isNull(row)) continue
        for (let word = row * stride; word < (row + 1) * stride; word++) {
          const value = words[word]!
          bytes[to++] = (value >>> 24) ^ flip
          bytes[to++] = (value >>> 16) ^ flip
          bytes[to++] = (value >>> 8) ^ flip
          bytes[to++] = value ^ flip
        }
      }
    },
  }
}

function fixedPart(
  values: Uint8Array,
  width: number,
  { isNull }: SourceColumn,
  rows: number,
  flip: number,
): KeyPart {
  return {
    addLengths: (lengths) => addToAll(lengths, rows, width),
    write(bytes, at) {
      for (let row = 0; row < rows; row++) {
        let to = at[row]!
        at[row] = to + width
        if (isNull(row)) continue
        for (let from = row * width; from < (row + 1) * width; from++) bytes[to++] = values[from]! ^ flip
      }
    },
  }
}

function variablePart({ column, isNull }: SourceColumn, rows: number, flip: number): KeyPart {
  const { offsets, values } = bytesOf(column)
  return {
    addLengths(lengths) {
      for (let row = 0; row < rows; row++) {
        if (isNull(row)) continue
        const end = offsets[row + 1]!
        let length = end - offsets[row]! + 2
        for (let from = offsets[row]!; from < end; from++) if (values[from] === 0) length++
        lengths[row]! += length
      }
    },
    write(bytes, at) {
      for (let row = 0; row < rows; row++) {
        if (isNull(row)) continue
        let to = at[row]!
        for (let from = offsets[row]!; from < offsets[row + 1]!; from++) {
          const byte = values[from]!
          bytes[to++] = byte ^ flip
          if (byte === 0) bytes[to++] = 0xff ^ flip
        }
        bytes[to++] = flip
        bytes[to++] = flip
        at[row] = to
      }
    },
  }
}

function bytesOf(column: Data): { offsets: Int32Array; values: Uint8Array } {
  return { offsets: column.valueOffsets, values: column.values }
}

function addToAll(lengths: Int32Array, rows: number, width: number): void {
  for (let row = 0; row < rows; row++) lengths[row]! += width
}
