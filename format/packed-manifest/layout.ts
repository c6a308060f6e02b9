/** How the records of one manifest are laid out: its own schema, flattened into steps. */
import { type AvroRecord, type AvroType, constantSize } from '../avro/avro-type.ts'
import { type Skipper, skipperOf } from '../avro/skip.ts'
import type { FormatVersion } from '../table-metadata.ts'

/** What is kept of each field of an entry: its value, where it is one of a few, else where it stands. */
export const Slot = {
  /** Values. */
  status: 0,
  content: 1,
  partition: 2,
  /** Positions. */
  snapshotId: 3,
  sequenceNumber: 4,
  fileSequenceNumber: 5,
  filePath: 6,
  fileFormat: 7,
  recordCount: 8,
  fileSizeInBytes: 9,
  columnSizes: 10,
  valueCounts: 11,
  nullValueCounts: 12,
  nanValueCounts: 13,
  lowerBounds: 14,
  upperBounds: 15,
  keyMetadata: 16,
  splitOffsets: 17,
  equalityIds: 18,
  sortOrderId: 19,
  firstRowId: 20,
  referencedDataFile: 21,
  contentOffset: 22,
  contentSizeInBytes: 23,
} as const
export const SLOTS = 24

export const StepKind = {
  varint: 0,
  /** A length, and as many bytes. */
  bytes: 1,
  /** `size` bytes. */
  fixed: 2,
  /** Blocks of items of `size` varints each. */
  varintItems: 3,
  /** Blocks of items of a varint and bytes. */
  bytesItems: 4,
  /** A varint whose value is kept. */
  value: 5,
  partitionStart: 6,
  partitionEnd: 7,
  /** Anything else, stepped over by `skip`. */
  other: 8,
} as const

export interface Step {
  readonly kind: (typeof StepKind)[keyof typeof StepKind]
  /** The union branch that is null; -1 when the field is no union. */
  readonly nullBranch: number
  /** -1 for a field that nothing asks for. */
  readonly slot: number
  readonly size: number
  readonly skip: Skipper | undefined
}

export interface Layout {
  readonly steps: readonly Step[]
  /** Of the partition tuple's record, which has a codec of its own. */
  readonly partition: AvroRecord
}

/**
 * The steps of a schema in which every field stands in one of the forms that writers use, or undefined: then the
 * records are read by `manifestEntryCodec`, which knows all forms, and names what is wrong.
 */
export function layoutOf(schema: AvroType, formatVersion: FormatVersion): Layout | undefined {
  if (schema.kind !== 'record') return undefined
  const columns = columnsOf(formatVersion)
  const missing = new Set([...columns].filter(([, column]) => column.required).map(([id]) => id))
  const steps: Step[] = []
  let partition: AvroRecord | undefined
  const add = (record: AvroRecord): boolean =>
    record.fields.every(({ id, type }) => {
      missing.delete(id ?? -1)
      if (record === schema && id === DATA_FILE_ID) return type.kind === 'record' && add(type)
      if (record !== schema && id === PARTITION_ID) {
        if (type.kind !== 'record') return false
        partition = type
        steps.push(mark(StepKind.partitionStart))
        steps.push(...type.fields.map((field) => passing(field.type)))
        return steps.push(mark(StepKind.partitionEnd)) > 0
      }
      const column = columns.get(id ?? -1)
      if (column === undefined || column.entry !== (record === schema)) return steps.push(passing(type)) > 0
      const step = stepFor(column, type)
      return step !== undefined && steps.push(step) > 0
    })
  if (!add(schema) || partition === undefined || missing.size > 0) return undefined
  return { steps, partition }
}

const DATA_FILE_ID = 2
const PARTITION_ID = 102

type Form = 'value' | 'varint' | 'bytes' | 'text' | 'varints' | 'counts' | 'bounds'

interface Column {
  readonly slot: number
  readonly form: Form
  readonly required: boolean
  /** A field of the entry itself, not of its file. */
  readonly entry: boolean
  /** Of the keys and values of a map. */
  readonly ids?: readonly [Key: number, Value: number]
}

/** By field id; the same for a version as `manifestEntryCodec` reads. */
function columnsOf(version: FormatVersion): ReadonlyMap<number, Column> {
  const columns = new Map<number, Column>()
  const entry = (id: number, slot: number, form: Form, required = false) =>
    columns.set(id, { slot, form, required, entry: true })
  const file = (id: number, slot: number, form: Form, required = false) =>
    columns.set(id, { slot, form, required, entry: false })
  const map = (id: number, slot: number, form: Form, key: number) =>
    columns.set(id, { slot, form, required: false, entry: false, ids: [key, key + 1] })
  entry(0, Slot.status, 'value', true)
  entry(1, Slot.snapshotId, 'varint')
  file(100, Slot.filePath, 'text', true)
  file(101, Slot.fileFormat, 'text', true)
  file(103, Slot.recordCount, 'varint', true)
  file(104, Slot.fileSizeInBytes, 'varint', true)
  map(108, Slot.columnSizes, 'counts', 117)
  map(109, Slot.valueCounts, 'counts', 119)
  map(110, Slot.nullValueCounts, 'counts', 121)
  map(137, Slot.nanValueCounts, 'counts', 138)
  map(125, Slot.lowerBounds, 'bounds', 126)
  map(128, Slot.upperBounds, 'bounds', 129)
  file(131, Slot.keyMetadata, 'bytes')
  file(132, Slot.splitOffsets, 'varints')
  file(140, Slot.sortOrderId, 'varint')
  if (version >= 2) {
    entry(3, Slot.sequenceNumber, 'varint')
    entry(4, Slot.fileSequenceNumber, 'varint')
    file(134, Slot.content, 'value', true)
    file(135, Slot.equalityIds, 'varints')
    file(143, Slot.referencedDataFile, 'text')
  }
  if (version >= 3) {
    file(142, Slot.firstRowId, 'varint')
    file(144, Slot.contentOffset, 'varint')
    file(145, Slot.contentSizeInBytes, 'varint')
  }
  return columns
}

/** The step of a wanted column, or undefined where its type is in a form that only the general codec reads. */
function stepFor(column: Column, type: AvroType): Step | undefined {
  const { value, nullBranch } = withoutNull(type)
  if (value === undefined) return undefined
  const step = { nullBranch, slot: column.slot, size: 0, skip: undefined }
  switch (column.form) {
    case 'value':
      return isInteger(value) && nullBranch < 0 ? { ...step, kind: StepKind.value } : undefined
    case 'varint':
      return isInteger(value) ? { ...step, kind: StepKind.varint } : undefined
    case 'bytes':
      return value.kind === 'bytes' ? { ...step, kind: StepKind.bytes } : undefined
    case 'text':
      return value.kind === 'string' ? { ...step, kind: StepKind.bytes } : undefined
    case 'varints':
      return value.kind === 'array' && isInteger(value.items)
        ? { ...step, kind: StepKind.varintItems, size: 1 }
        : undefined
    case 'counts':
      return isInteger(mapValue(value, column.ids!))
        ? { ...step, kind: StepKind.varintItems, size: 2 }
        : undefined
    case 'bounds':
      return mapValue(value, column.ids!)?.kind === 'bytes'
        ? { ...step, kind: StepKind.bytesItems }
        : undefined
  }
}

function mapValue(type: AvroType, [keyId, valueId]: readonly [number, number]): AvroType | undefined {
  if (type.kind !== 'array' || type.items.kind !== 'record' || type.items.fields.length !== 2)
    return undefined
  const [key, value] = type.items.fields
  return key!.id === keyId && isInteger(key!.type) && value!.id === valueId ? value!.type : undefined
}

function passing(type: AvroType): Step {
  const step = { nullBranch: -1, slot: -1, size: 0, skip: undefined }
  const size = constantSize(type)
  if (size !== undefined) return { ...step, kind: StepKind.fixed, size }
  if (isInteger(type)) return { ...step, kind: StepKind.varint }
  if (type.kind === 'bytes' || type.kind === 'string') return { ...step, kind: StepKind.bytes }
  return { ...step, kind: StepKind.other, skip: skipperOf(type) }
}

function mark(kind: Step['kind']): Step {
  return { kind, nullBranch: -1, slot: -1, size: 0, skip: undefined }
}

function withoutNull(type: AvroType): { readonly value: AvroType | undefined; readonly nullBranch: number } {
  if (type.kind !== 'union') return { value: type, nullBranch: -1 }
  const nullBranch = type.branches.findIndex((branch) => branch.kind === 'null')
  const value = type.branches.length === 2 && nullBranch >= 0 ? type.branches[1 - nullBranch] : undefined
  return { value: value?.kind === 'null' ? undefined : value, nullBranch }
}

function isInteger(type: AvroType | undefined): boolean {
  return type?.kind === 'int' || type?.kind === 'long'
}
