import { invalidData } from '../errors.ts'
import type { AvroInput } from './avro-input.ts'
import { type AvroRecord, type AvroType, constantSize } from './avro-type.ts'

export type Skipper = (input: AvroInput) => void

/** Steps over one value without allocating. Work is bounded by the bytes it steps over. */
export function skipperOf(type: AvroType): Skipper {
  const size = constantSize(type)
  if (size !== undefined) return (input) => input.skip(size)
  switch (type.kind) {
    case 'int':
    case 'long':
    case 'enum':
      return (input) => input.skipVarints(1)
    case 'bytes':
    case 'string':
      return (input) => input.skip(input.readLength())
    case 'array':
      return skipItems(type.items)
    case 'map':
      return skipMap(skipperOf(type.values))
    case 'union':
      return skipUnion(type.branches.map(skipperOf))
    case 'record':
      return skipRecord(type)
    default:
      throw invalidData(`Avro schema: cannot skip ${type.kind}`)
  }
}

/** Metric counts are arrays of `{int, long}` records: whole blocks of varints. */
function skipItems(items: AvroType): Skipper {
  if (
    items.kind === 'record' &&
    items.fields.every(({ type }) => type.kind === 'int' || type.kind === 'long')
  ) {
    const perItem = items.fields.length
    return (input) => {
      for (let count = input.readCount(); count > 0; count = input.readCount())
        input.skipVarints(count * perItem)
    }
  }
  const size = constantSize(items)
  if (size !== undefined) {
    return (input) => {
      for (let count = input.readCount(size); count > 0; count = input.readCount(size))
        input.skip(count * size)
    }
  }
  const skipItem = skipperOf(items)
  return (input) => {
    for (let count = input.readCount(); count > 0; count = input.readCount()) {
      for (let i = 0; i < count; i++) skipItem(input)
    }
  }
}

function skipMap(skipValue: Skipper): Skipper {
  return (input) => {
    for (let count = input.readCount(); count > 0; count = input.readCount()) {
      for (let i = 0; i < count; i++) {
        input.skip(input.readLength())
        skipValue(input)
      }
    }
  }
}

function skipUnion(branches: readonly Skipper[]): Skipper {
  return (input) => {
    const branch = input.readInt()
    const skip = branches[branch]
    if (skip === undefined)
      throw invalidData(`Avro union: expected a branch below ${branches.length}, found ${branch}`)
    skip(input)
  }
}

/** A record that several fields refer to by name is prepared once, else a small schema could unfold without end. */
const records = new WeakMap<AvroRecord, Skipper>()

function skipRecord(record: AvroRecord): Skipper {
  const known = records.get(record)
  if (known !== undefined) return known
  const fields = record.fields.map((field) => skipperOf(field.type))
  const skip: Skipper = (input) => {
    for (const skipField of fields) skipField(input)
  }
  records.set(record, skip)
  return skip
}
