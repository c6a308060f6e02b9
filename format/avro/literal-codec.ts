import { invalidArgument, invalidData } from '../errors.ts'
import { decimalType, fixedType, type Literal, type PrimitiveType, typeToString } from '../types.ts'
import { bytesToUuid, uuidToBytes } from '../values/text.ts'
import { MAX_DECIMAL_BYTES, readTwosComplement, writeTwosComplement } from '../values/twos-complement.ts'
import type { AvroInput } from './avro-input.ts'
import type { AvroOutput } from './avro-output.ts'
import type { AvroType } from './avro-type.ts'
import { type AvroCodec, type AvroReader, type AvroSchema, mismatch } from './codec.ts'

/**
 * A primitive value in its internal form (spec: "Appendix A: Avro"). The reader also takes what the type was
 * promoted from. A type `unknown`, which stands for a column that is gone, reads as the writer's own type and
 * writes only null.
 */
export function literalCodec(type: PrimitiveType): AvroCodec<Literal> {
  return {
    schema: literalSchema(type),
    write: literalWriter(type),
    reader: (writer, where) =>
      literalReader(type.kind === 'unknown' ? ownType(writer, where) : type, writer, where),
  }
}

function literalSchema(type: PrimitiveType): AvroSchema {
  switch (type.kind) {
    case 'unknown':
      return 'null'
    case 'boolean':
    case 'int':
    case 'long':
    case 'float':
    case 'double':
    case 'string':
      return type.kind
    case 'date':
      return { type: 'int', logicalType: 'date' }
    case 'time':
      return { type: 'long', logicalType: 'time-micros' }
    case 'timestamp':
    case 'timestamptz':
      return { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': type.kind === 'timestamptz' }
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return { type: 'long', logicalType: 'timestamp-nanos', 'adjust-to-utc': type.kind === 'timestamptz_ns' }
    case 'uuid':
      return { type: 'fixed', name: 'uuid_fixed', size: 16, logicalType: 'uuid' }
    case 'fixed':
      return { type: 'fixed', name: `fixed_${type.length}`, size: type.length }
    case 'binary':
    case 'geometry':
    case 'geography':
      return 'bytes'
    case 'decimal':
      return {
        type: 'fixed',
        name: `decimal_${type.precision}_${type.scale}`,
        size: decimalBytes(type.precision),
        logicalType: 'decimal',
        precision: type.precision,
        scale: type.scale,
      }
  }
}

function literalWriter(type: PrimitiveType): (output: AvroOutput, value: Literal) => void {
  switch (type.kind) {
    case 'unknown':
      return () => {
        throw invalidArgument(
          'expected null for a column whose type is unknown; use a schema that has the column',
        )
      }
    case 'boolean':
      return (output, value) => output.writeBoolean(value as boolean)
    case 'int':
    case 'date':
      return (output, value) => output.writeInt(value as number)
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return (output, value) => output.writeLong(value as bigint)
    case 'float':
      return (output, value) => output.writeFloat(value as number)
    case 'double':
      return (output, value) => output.writeDouble(value as number)
    case 'string':
      return (output, value) => output.writeString(value as string)
    case 'uuid':
      return (output, value) => output.writeFixed(uuidToBytes(value as string))
    case 'fixed':
      return (output, value) => output.writeFixed(ofLength(value as Uint8Array, type.length))
    case 'binary':
    case 'geometry':
    case 'geography':
      return (output, value) => output.writeBytes(value as Uint8Array)
    case 'decimal': {
      const size = decimalBytes(type.precision)
      return (output, value) => output.writeFixed(twosComplement(value as bigint, size))
    }
  }
}

function literalReader(type: PrimitiveType, writer: AvroType, where: string): AvroReader<Literal> {
  const found = writer.kind
  switch (type.kind) {
    case 'boolean':
      if (found === 'boolean') return (input) => input.readBoolean()
      break
    case 'int':
    case 'date':
      if (found === 'int' || found === 'long') return (input) => input.readInt()
      break
    case 'timestamp':
    case 'timestamp_ns':
      if (found === 'int' && writer.logical?.name === 'date') return dateReader(type.kind)
      if (found === 'long') return (input) => input.readLong()
      break
    case 'long':
    case 'time':
    case 'timestamptz':
    case 'timestamptz_ns':
      if (found === 'int' || found === 'long') return (input) => input.readLong()
      break
    case 'float':
      if (found === 'float') return (input) => input.readFloat()
      break
    case 'double':
      if (found === 'float') return (input) => input.readFloat()
      if (found === 'double') return (input) => input.readDouble()
      break
    case 'string':
      if (found === 'string') return (input) => input.readString()
      break
    case 'uuid':
      if (found === 'string') return (input) => input.readString()
      if (found === 'fixed' && writer.size === 16) return (input) => bytesToUuid(input.readFixed(16))
      break
    case 'fixed':
      if (found === 'fixed' && writer.size === type.length) return (input) => input.readFixed(type.length)
      break
    case 'binary':
    case 'geometry':
    case 'geography':
      if (found === 'bytes') return (input) => input.readBytes()
      if (found === 'fixed') return (input) => input.readFixed(writer.size)
      break
    case 'decimal':
      if (found === 'fixed') return (input) => decimal(input.readFixed(writer.size))
      if (found === 'bytes') return (input) => decimal(input.readBytes())
      break
    case 'unknown':
      break
  }
  throw mismatch(writer, typeToString(type), where)
}

/** The Iceberg type that the writer's schema itself tells. */
function ownType(writer: AvroType, where: string): PrimitiveType {
  switch (writer.kind) {
    case 'boolean':
    case 'float':
    case 'double':
    case 'string':
      return { kind: writer.kind }
    case 'int':
      return { kind: writer.logical?.name === 'date' ? 'date' : 'int' }
    case 'long':
      return { kind: 'long' }
    case 'bytes':
    case 'fixed':
      if (writer.logical?.name === 'uuid') return { kind: 'uuid' }
      if (writer.logical?.name === 'decimal')
        return decimalType(writer.logical.precision ?? 38, writer.logical.scale ?? 0)
      return writer.kind === 'fixed' ? fixedType(writer.size) : { kind: 'binary' }
    default:
      throw mismatch(writer, 'a primitive', where)
  }
}

const MICROS_PER_DAY = 86_400_000_000n

/** A date column that was promoted: days become midnight (spec: "Schema Evolution"). */
function dateReader(kind: 'timestamp' | 'timestamp_ns'): (input: AvroInput) => bigint {
  const perDay = kind === 'timestamp' ? MICROS_PER_DAY : MICROS_PER_DAY * 1000n
  return (input) => BigInt(input.readInt()) * perDay
}

/** The fewest bytes whose two's complement holds every decimal of a precision. */
function decimalBytes(precision: number): number {
  let bytes = 1
  while (2n ** BigInt(8 * bytes - 1) <= 10n ** BigInt(precision) - 1n) bytes++
  return bytes
}

function twosComplement(value: bigint, size: number): Uint8Array {
  const scratch = new DataView(new ArrayBuffer(MAX_DECIMAL_BYTES))
  if (MAX_DECIMAL_BYTES - writeTwosComplement(scratch, value) > size) {
    throw invalidArgument(`expected a decimal of at most ${size} bytes, found ${value}`)
  }
  return new Uint8Array(scratch.buffer, MAX_DECIMAL_BYTES - size)
}

function decimal(bytes: Uint8Array): bigint {
  if (bytes.length <= MAX_DECIMAL_BYTES) return readTwosComplement(bytes)
  throw invalidData(`Avro decimal: expected at most ${MAX_DECIMAL_BYTES} bytes, found ${bytes.length}`)
}

function ofLength(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes
  throw invalidArgument(`expected ${length} bytes, found ${bytes.length}`)
}
