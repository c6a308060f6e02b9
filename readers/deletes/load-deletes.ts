/** From the delete files of a task to what is deleted in its data file. */
import { createHash } from 'node:crypto'
import type { RecordBatch } from 'apache-arrow'
import { inFile, invalidData } from '../../format/errors.ts'
import type { DataFile } from '../../format/manifest.ts'
import { type NameMapping, nameMappingFromSchema } from '../../format/name-mapping.ts'
import { partitionKey } from '../../format/partition-key.ts'
import { unpartitionedSpec } from '../../format/partition-spec.ts'
import { POSITION_DELETE_FIELDS } from '../../format/position-delete-fields.ts'
import { decodeDeletionVector } from '../../format/puffin/deletion-vector.ts'
import type { PositionSet } from '../../format/puffin/position-set.ts'
import { findFieldById, type Schema } from '../../format/schema.ts'
import { type NestedField, type Type, typeToString } from '../../format/types.ts'
import { throwIfAborted } from '../../storage/abort.ts'
import { getReferenced } from '../../storage/get-referenced.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import type { FilePlanOptions } from '../file-plan-options.ts'
import { pruneFields } from '../projection.ts'
import type { DeleteFileRef, ScanTask } from '../scan-task.ts'
import type { DeleteCache, ScanDeletes } from './delete-cache.ts'
import { collectKeys, type DeletedKeys, type EqualityDeletes, MergedKeys } from './equality-deletes.ts'
import type { LoadedDeletes } from './loaded-deletes.ts'
import { collectPositions, type PositionDeletes } from './position-deletes.ts'

/** What is deleted in one data file. */
export interface TaskDeletes {
  readonly positions: PositionSet | undefined
  readonly equality: readonly KeyDeletes[]
}

/** Deletes by the same key. */
export interface KeyDeletes {
  /** For each key column the column that has it, alone in the structs around it. */
  readonly fields: readonly NestedField[]
  readonly sets: readonly EqualityDeletes[]
}

export interface DeleteSource {
  readonly store: ObjectStore
  readonly deletes: ScanDeletes
  /** Reads a file of rows; what is deleted is not asked. */
  readonly read: (task: ScanTask, options: FilePlanOptions) => AsyncIterable<RecordBatch>
  readonly signal: AbortSignal
}

/** Undefined when nothing of the file is deleted. Throws INVALID_DATA and UNSUPPORTED, naming the delete file. */
export async function loadDeletes(
  task: ScanTask,
  options: FilePlanOptions,
  source: DeleteSource,
): Promise<TaskDeletes | undefined> {
  if (task.deletes.length === 0) return undefined
  const byKey = new Map<string, DeleteFileRef[]>()
  const positional: DeleteFileRef[] = []
  for (const ref of task.deletes) {
    if (ref.file.content !== 'equality-deletes') {
      positional.push(ref)
      continue
    }
    const key = keyOf(ref)
    const refs = byKey.get(key)
    if (refs === undefined) byKey.set(key, [ref])
    else refs.push(ref)
  }
  const [sets, equality] = await Promise.all([
    Promise.all(positional.map(({ file }) => loadPositions(file, task.dataFile.filePath, options, source))),
    Promise.all([...byKey].map(([key, refs]) => loadKeys(key, refs, task.sequenceNumber, options, source))),
  ])
  throwIfAborted(source.signal)
  return { positions: united(sets), equality }
}

/** Deletes by the same columns in the same partition: what one of them may delete, the others may, if it is older. */
function keyOf({ file: { equalityIds, specId, partition } }: DeleteFileRef): string {
  const ids = [...new Set(equalityIds)].sort((a, b) => a - b)
  return `${ids.join()} ${partitionKey(specId, partition)}`
}

function united(sets: readonly (PositionSet | undefined)[]): PositionSet | undefined {
  const [first, ...others] = sets.filter((set) => set !== undefined)
  if (first === undefined || others.length === 0) return first
  const all = first.copy()
  for (const other of others) all.addAll(other)
  return all
}

async function loadPositions(
  file: DataFile,
  dataFilePath: string,
  options: FilePlanOptions,
  source: DeleteSource,
): Promise<PositionSet | undefined> {
  if (file.fileFormat === 'puffin') {
    const loading = source.deletes.get(vectorKey(file), () => loadVector(file, source.store))
    return (await orAborted(loading, source.signal)).positions
  }
  const loading = source.deletes.get(`positions ${file.filePath} ${file.fileSizeInBytes}`, () =>
    loadPositionFile(file, options, source),
  )
  return (await orAborted(loading, source.signal)).byPath.get(dataFilePath)
}

function vectorKey({ filePath, contentOffset, contentSizeInBytes, recordCount }: DataFile): string {
  return `vector ${[filePath, contentOffset, contentSizeInBytes, recordCount].join(' ')}`
}

/** Keeps a vector that was just written, whose positions nobody changes any more: the next to ask need not load it. */
export function keepVector(cache: DeleteCache, file: DataFile, positions: PositionSet): void {
  const vector: Vector = { positions, byteLength: positions.byteLength }
  cache.keep(vectorKey(file), vector)
}

/** A vector of 2^31 positions, none of them in runs; it is fetched in one piece. */
const MOST_VECTOR_BYTES = 2 ** 28

interface Vector extends LoadedDeletes {
  readonly positions: PositionSet
}

async function loadVector(file: DataFile, store: ObjectStore): Promise<Vector> {
  const offset = file.contentOffset!
  const size = file.contentSizeInBytes!
  if (offset < 0n || size < 0n || size > MOST_VECTOR_BYTES || offset > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw invalidData(
      `${file.filePath}: the manifest claims a deletion vector of ${size} bytes at ${offset}, which none can be`,
      { file: file.filePath, rule: 'Deletion Vectors' },
    )
  }
  const range = { start: Number(offset), end: Number(offset + size) }
  const bytes = await getReferenced(store, file.filePath, { range })
  const positions = inFile(file.filePath, () => decodeDeletionVector(bytes, file.recordCount))
  return { positions, byteLength: positions.byteLength }
}

const POSITION_DELETE_SCHEMA: Schema = { schemaId: 0, fields: POSITION_DELETE_FIELDS, identifierFieldIds: [] }
const POSITION_DELETE_NAMES = nameMappingFromSchema(POSITION_DELETE_SCHEMA)

function loadPositionFile(
  file: DataFile,
  { formatVersion }: FilePlanOptions,
  { read }: DeleteSource,
): Promise<PositionDeletes> {
  const rows = read(taskOf(file), {
    tableSchema: POSITION_DELETE_SCHEMA,
    projected: POSITION_DELETE_FIELDS,
    spec: unpartitionedSpec,
    nameMapping: POSITION_DELETE_NAMES,
    formatVersion,
  })
  return collectPositions(file.filePath, rows)
}

/** So many files are looked up one by one. */
const FEW = 4
/** So many are loaded at once. */
const AT_ONCE = 16

async function loadKeys(
  key: string,
  refs: readonly DeleteFileRef[],
  dataSequenceNumber: bigint,
  options: FilePlanOptions,
  source: DeleteSource,
): Promise<KeyDeletes> {
  const fields = inFile(refs[0]!.file.filePath, () => keyFields(refs[0]!.file, options))
  const types = fields
    .map(({ id, name, type }) => `${id} ${JSON.stringify(name)} ${typeToString(type)}`)
    .join()
  // In a file without field ids, names say which columns are the keys.
  const names = mappingDigest(options.nameMapping)
  const load = ({ file }: DeleteFileRef) =>
    source.deletes.get(`keys ${file.filePath} ${file.fileSizeInBytes} ${types} ${names}`, () =>
      loadKeyFile(file, fields, options, source),
    )
  if (refs.length <= FEW || refs.some((ref) => ref.sequenceNumber > Number.MAX_SAFE_INTEGER)) {
    return { fields, sets: await orAborted(Promise.all(refs.map(load)), source.signal) }
  }
  const merged = source.deletes.merged.get(`${key} ${types}`) ?? new MergedKeys(fields)
  source.deletes.merged.set(`${key} ${types}`, merged)
  const missing = refs.filter(({ file }) => !merged.has(file.filePath))
  for (let first = 0; first < missing.length; first += AT_ONCE) {
    const some = missing.slice(first, first + AT_ONCE)
    const loaded = await orAborted(Promise.all(some.map(load)), source.signal)
    some.forEach(({ file, sequenceNumber }, i) => {
      merged.add(file.filePath, loaded[i]!, Number(sequenceNumber))
    })
  }
  return { fields, sets: [merged.newerThan(Number(dataSequenceNumber))] }
}

const mappingDigests = new WeakMap<NameMapping, string>()

/** A mapping may be long, and each delete file of each task is asked for by it. */
function mappingDigest(mapping: NameMapping | undefined): string {
  if (mapping === undefined) return ''
  const known = mappingDigests.get(mapping)
  if (known !== undefined) return known
  const digest = createHash('sha256').update(JSON.stringify(mapping)).digest('base64')
  mappingDigests.set(mapping, digest)
  return digest
}

function loadKeyFile(
  file: DataFile,
  fields: readonly NestedField[],
  { nameMapping, formatVersion }: FilePlanOptions,
  { read }: DeleteSource,
): Promise<DeletedKeys> {
  const rows = read(taskOf(file), {
    tableSchema: { schemaId: 0, fields, identifierFieldIds: [] },
    projected: fields,
    spec: unpartitionedSpec,
    nameMapping,
    formatVersion,
  })
  return collectKeys(file.filePath, fields, rows)
}

function taskOf(dataFile: DataFile): ScanTask {
  return { dataFile, sequenceNumber: 0n, deletes: [], residual: { op: 'true' } }
}

/**
 * Columns that were dropped since still tell rows apart: they are as the newest schema that has them says, but that
 * files may lack them by now.
 */
function keyFields({ equalityIds = [] }: DataFile, options: FilePlanOptions): readonly NestedField[] {
  const { tableSchema, schemas = [] } = options
  return [...new Set(equalityIds)]
    .sort((a, b) => a - b)
    .map((id) => {
      const schema = [tableSchema, ...schemas].find((candidate) => findFieldById(candidate, id) !== undefined)
      if (schema !== undefined) {
        const field = pruneFields(schema.fields, new Set([id]))[0]!
        return schema === tableSchema ? field : asOptional(field)
      }
      throw invalidData(`the equality delete file has the key ${id}, which no schema of the table has`, {
        rule: 'Equality Delete Files',
      })
    })
}

/** The field with no value required, of it or of what is in it. */
function asOptional(field: NestedField): NestedField {
  const { type } = field
  const inside: Type = type.kind === 'struct' ? { kind: 'struct', fields: type.fields.map(asOptional) } : type
  return { ...field, required: false, type: inside }
}

/** Others may wait for the same file: it is loaded to its end, and only the waiting is left. */
async function orAborted<T>(loading: T | Promise<T>, signal: AbortSignal): Promise<T> {
  if (!(loading instanceof Promise)) return loading
  let leave = () => {}
  const aborted = new Promise<void>((resolve) => {
    leave = resolve
    signal.addEventListener('abort', leave, { once: true })
  })
  try {
    const loaded = await Promise.race([loading, aborted.then(() => undefined)])
    throwIfAborted(signal)
    return loaded as T
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
