/**
 * The Thrift compact protocol, as far as Parquet uses it. A structure is described once, as a table of fields, and
 * that description both reads and writes it.
 *
 * Wire layout of a struct: field headers until a 0 byte. A header is one byte: the id's distance from the last one in
 * the high half (0: the id follows as a zigzag varint), the wire type in the low half. Booleans live in the header.
 * Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 *
 * Reading is bounded: nesting to `MAX_DEPTH`, and every length and count is checked against the bytes that are left
 * before anything is allocated. Unknown fields are skipped. Malformed bytes throw INVALID_DATA.
 */
import { invalidData, isMoraineError } from '../errors.ts'

/** Bytes and the position of the next one. */
export interface ThriftInput {
  readonly bytes: Uint8Array
  at: number
  depth: number
}

/** A growing buffer; `bytes` holds `at` written bytes. */
export interface ThriftOutput {
  bytes: Uint8Array
  at: number
}

/** How one type of value is written and read. */
export interface ThriftType<T> {
  readonly wire: number
  /** `wire` is the type found, which differs from `this.wire` only for booleans. */
  read(input: ThriftInput, wire: number): T
  write(output: ThriftOutput, value: T): void
}

export interface ThriftField<T> {
  readonly id: number
  readonly type: ThriftType<NonNullable<T>>
  readonly required: boolean
}

const MAX_DEPTH = 64
const STOP = 0
const TRUE = 1
const FALSE = 2
const BYTE = 3
const I16 = 4
const I32 = 5
const I64 = 6
const DOUBLE = 7
const BINARY = 8
const LIST = 9
const SET = 10
const MAP = 11
const STRUCT = 12
const UUID = 13

const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const textEncoder = new TextEncoder()

export const i32: ThriftType<number> = { wire: I32, read: readI32, write: writeI32 }
export const i64: ThriftType<bigint> = { wire: I64, read: readI64, write: writeI64 }
export const i8: ThriftType<number> = {
  wire: BYTE,
  read: (input) => (readByte(input) << 24) >> 24,
  write: (output, value) => writeByte(output, value & 0xff),
}
/** Only as a field of a struct: there the value stands in the field header. */
export const bool: ThriftType<boolean> = {
  wire: TRUE,
  read: (_input, wire) => wire === TRUE,
  write: () => {},
}
/** A copy, so that it does not keep the footer's buffer alive. */
export const binary: ThriftType<Uint8Array> = {
  wire: BINARY,
  read: (input) => readBinary(input).slice(),
  write: writeBinary,
}
export const text: ThriftType<string> = {
  wire: BINARY,
  read: readText,
  write: (output, value) => writeBinary(output, textEncoder.encode(value)),
}

export function required<T>(id: number, type: ThriftType<NonNullable<T>>): ThriftField<T> {
  return { id, type, required: true }
}

export function optional<T>(id: number, type: ThriftType<NonNullable<T>>): ThriftField<T> {
  return { id, type, required: false }
}

export function list<T>(element: ThriftType<T>): ThriftType<readonly T[]> {
  return {
    wire: LIST,
    read: (input) => readList(input, element),
    write: (output, values) => {
      if (values.length < 15) writeByte(output, (values.length << 4) | element.wire)
      else {
        writeByte(output, 0xf0 | element.wire)
        writeVarint(output, values.length)
      }
      for (const value of values) element.write(output, value)
    },
  }
}

/** A list of booleans: a byte each, 1 for true. Writers disagree on the element's wire type, so both are read. */
export const bools: ThriftType<readonly boolean[]> = {
  wire: LIST,
  read: (input) => {
    const { count, wire } = readListHeader(input)
    if (count > 0 && wire !== TRUE && wire !== FALSE) {
      throw malformed(`a list holds elements of wire type ${wire}, expected booleans`)
    }
    return Array.from({ length: count }, () => readByte(input) === 1)
  },
  write: (output, values) => list(boolElement).write(output, values),
}
const boolElement: ThriftType<boolean> = {
  wire: TRUE,
  read: (input) => readByte(input) === 1,
  write: (output, value) => writeByte(output, value ? 1 : FALSE),
}

/** A struct of the named fields; `name` is for messages. Fields are written in the order of their ids. */
export function struct<T extends object>(
  name: string,
  fields: { readonly [K in keyof T]-?: ThriftField<T[K]> },
): ThriftType<T> {
  const members = Object.entries(fields).map(([key, field]) => ({
    key,
    ...(field as ThriftField<unknown>),
  }))
  members.sort((a, b) => a.id - b.id)
  const byId = new Map(members.map((member) => [member.id, member]))
  return {
    wire: STRUCT,
    read: (input) => {
      const result: Record<string, unknown> = {}
      readFields(input, (id, wire) => {
        const member = byId.get(id)
        if (member === undefined) return false
        const expected = member.type.wire
        if (wire !== expected && !(expected === TRUE && wire === FALSE)) {
          // As generated readers do: some writers had other fields where newer versions put theirs.
          if (!member.required) return false
          throw malformed(`${name}.${member.key} has wire type ${wire}, expected ${expected}`)
        }
        result[member.key] = member.type.read(input, wire)
        return true
      })
      for (const member of members) {
        if (member.required && result[member.key] === undefined) {
          throw malformed(`${name}.${member.key} is missing`)
        }
      }
      return result as T
    },
    write: (output, value) => {
      let lastId = 0
      for (const { key, id, type } of members) {
        const member = (value as Record<string, unknown>)[key]
        if (member === undefined) continue
        const wire = type.wire === TRUE && member === false ? FALSE : type.wire
        writeFieldHeader(output, id, lastId, wire)
        type.write(output, member as NonNullable<unknown>)
        lastId = id
      }
      writeByte(output, STOP)
    },
  }
}

/** Reads one value from `bytes` at `offset`; `end` is the position after it. */
export function readThrift<T>(
  type: ThriftType<T>,
  bytes: Uint8Array,
  offset = 0,
): { readonly value: T; readonly end: number } {
  const input: ThriftInput = { bytes, at: offset, depth: 0 }
  const value = type.read(input, type.wire)
  return { value, end: input.at }
}

/** The same for what only makes reading faster: undefined when it is malformed. */
export function readThriftIfWhole<T>(
  type: ThriftType<T>,
  bytes: Uint8Array,
): { readonly value: T; readonly end: number } | undefined {
  try {
    return readThrift(type, bytes)
  } catch (error) {
    if (isMoraineError(error)) return undefined
    throw error
  }
}

/** The value's bytes, in a buffer of their own. */
export function writeThrift<T>(type: ThriftType<T>, value: T): Uint8Array {
  const output: ThriftOutput = { bytes: new Uint8Array(1024), at: 0 }
  type.write(output, value)
  return output.bytes.slice(0, output.at)
}

/** Walks a struct's fields. `read` consumes a field's value and says so; what it leaves is skipped. */
export function readFields(input: ThriftInput, read: (id: number, wire: number) => boolean): void {
  enter(input)
  let id = 0
  for (;;) {
    const header = readByte(input)
    const wire = header & 0x0f
    if (wire === STOP) break
    const delta = header >> 4
    id = delta === 0 ? readI32(input) : id + delta
    if (!read(id, wire)) skip(input, wire)
  }
  input.depth--
}

export function writeFieldHeader(output: ThriftOutput, id: number, lastId: number, wire: number): void {
  const delta = id - lastId
  if (delta > 0 && delta < 16) writeByte(output, (delta << 4) | wire)
  else {
    writeByte(output, wire)
    writeI32(output, id)
  }
}

export function writeStop(output: ThriftOutput): void {
  writeByte(output, STOP)
}

function readList<T>(input: ThriftInput, element: ThriftType<T>): T[] {
  enter(input)
  const { count, wire } = readListHeader(input)
  if (count > 0 && wire !== element.wire) {
    throw malformed(`a list holds elements of wire type ${wire}, expected ${element.wire}`)
  }
  const values: T[] = []
  for (let i = 0; i < count; i++) values.push(element.read(input, wire))
  input.depth--
  return values
}

/** Every element takes a byte at least, so `count` never exceeds the bytes left. */
function readListHeader(input: ThriftInput): { count: number; wire: number } {
  const header = readByte(input)
  const short = header >> 4
  const count = short === 15 ? readLength(input) : short
  if (count > input.bytes.length - input.at) throw malformed(`a list claims ${count} elements`)
  return { count, wire: header & 0x0f }
}

function skip(input: ThriftInput, wire: number): void {
  switch (wire) {
    case TRUE:
    case FALSE:
      break
    case BYTE:
      advance(input, 1)
      break
    case I16:
    case I32:
    case I64:
      readVarint(input)
      break
    case DOUBLE:
      advance(input, 8)
      break
    case UUID:
      advance(input, 16)
      break
    case BINARY:
      advance(input, readLength(input))
      break
    case LIST:
    case SET:
      skipList(input)
      break
    case MAP:
      skipMap(input)
      break
    case STRUCT:
      readFields(input, () => false)
      break
    default:
      throw malformed(`unknown wire type ${wire}`)
  }
}

function skipList(input: ThriftInput): void {
  enter(input)
  const { count, wire } = readListHeader(input)
  for (let i = 0; i < count; i++) skipElement(input, wire)
  input.depth--
}

function skipMap(input: ThriftInput): void {
  enter(input)
  const count = readLength(input)
  if (count > input.bytes.length - input.at) throw malformed(`a map claims ${count} entries`)
  const types = count === 0 ? 0 : readByte(input)
  for (let i = 0; i < count; i++) {
    skipElement(input, types >> 4)
    skipElement(input, types & 0x0f)
  }
  input.depth--
}

/** Outside of structs a boolean takes a byte. */
function skipElement(input: ThriftInput, wire: number): void {
  if (wire === TRUE || wire === FALSE) advance(input, 1)
  else skip(input, wire)
}

function enter(input: ThriftInput): void {
  input.depth++
  if (input.depth > MAX_DEPTH) throw malformed(`nested deeper than ${MAX_DEPTH}`)
}

function readBinary(input: ThriftInput): Uint8Array {
  const length = readLength(input)
  const start = input.at
  advance(input, length)
  return input.bytes.subarray(start, input.at)
}

function readText(input: ThriftInput): string {
  const bytes = readBinary(input)
  try {
    return textDecoder.decode(bytes)
  } catch (cause) {
    throw invalidData('Thrift: a string is not UTF-8', { rule: RULE }, cause)
  }
}

function readLength(input: ThriftInput): number {
  const value = readVarint(input)
  if (value > 0x7fffffffn) throw malformed(`a length of ${value} bytes`)
  return Number(value)
}

function readI32(input: ThriftInput): number {
  const value = readI64(input)
  const narrow = Number(BigInt.asIntN(32, value))
  if (BigInt(narrow) !== value) throw malformed(`${value} does not fit in 32 bits`)
  return narrow
}

function readI64(input: ThriftInput): bigint {
  const value = readVarint(input)
  return (value >> 1n) ^ -(value & 1n)
}

/** Unsigned, at most 64 bits. */
function readVarint(input: ThriftInput): bigint {
  let low = 0
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = readByte(input)
    low |= (byte & 0x7f) << shift
    if (byte < 0x80) return BigInt(low)
  }
  let value = BigInt(low)
  for (let shift = 28n; shift < 70n; shift += 7n) {
    const byte = readByte(input)
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) {
      if (value > 0xffffffffffffffffn) break
      return value
    }
  }
  throw malformed('a varint is longer than 64 bits')
}

function readByte(input: ThriftInput): number {
  const byte = input.bytes[input.at]
  if (byte === undefined) throw malformed(`ends at byte ${input.at}, in the middle of a value`)
  input.at++
  return byte
}

function advance(input: ThriftInput, count: number): void {
  if (count > input.bytes.length - input.at) {
    throw malformed(`a value of ${count} bytes runs past the end, ${input.bytes.length - input.at} are left`)
  }
  input.at += count
}

function writeBinary(output: ThriftOutput, value: Uint8Array): void {
  writeVarint(output, value.length)
  reserve(output, value.length)
  output.bytes.set(value, output.at)
  output.at += value.length
}

function writeI32(output: ThriftOutput, value: number): void {
  writeVarint(output, ((value << 1) ^ (value >> 31)) >>> 0)
}

function writeI64(output: ThriftOutput, value: bigint): void {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  while (rest >= 0x80n) {
    writeByte(output, Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  writeByte(output, Number(rest))
}

/** Unsigned, below 2^32. */
function writeVarint(output: ThriftOutput, value: number): void {
  let rest = value
  while (rest >= 0x80) {
    writeByte(output, (rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  writeByte(output, rest)
}

function writeByte(output: ThriftOutput, byte: number): void {
  if (output.at === output.bytes.length) reserve(output, 1)
  output.bytes[output.at++] = byte
}

function reserve(output: ThriftOutput, count: number): void {
  const needed = output.at + count
  if (needed <= output.bytes.length) return
  const grown = new Uint8Array(Math.max(needed, output.bytes.length * 2))
  grown.set(output.bytes.subarray(0, output.at))
  output.bytes = grown
}

const RULE = 'Parquet: Thrift compact protocol'

function malformed(what: string): Error {
  return invalidData(`Thrift: ${what}`, { rule: RULE })
}
