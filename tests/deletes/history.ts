/**
 * Random histories of a table, with appends, deletes of every kind, rewrites and evolution, beside a model that knows
 * nothing of how scans work.
 */
import { expect } from 'vitest'
import type { DataFile } from '../../format/manifest.ts'
import { type NestedField, stringType } from '../../format/types.ts'
import { formatDate, formatDecimal } from '../../format/values/text.ts'
import {
  and,
  type Expression,
  eq,
  gt,
  isNull,
  ltEq,
  notNull,
  or,
  schema,
  type Table,
  t,
} from '../../index.ts'
import { canonicalRow, difference, linesOf, sameRows } from '../interop/canonical.ts'
import { seededRandom } from '../interop/samples.ts'
import { type InputRow, struct } from '../readers/support.ts'
import {
  CraftedTable,
  type HeldFile,
  optional,
  type Placed,
  POSITION_FIELDS,
  positionRows,
} from './crafted-table.ts'

/** A row of the model: values by column id, in internal form; a struct's members by their own. */
type ModelRow = ReadonlyMap<number, unknown>

interface ModelFile extends HeldFile {
  readonly rows: readonly ModelRow[]
  /** Column ids that the file has. */
  readonly columns: ReadonlySet<number>
}

type ModelDelete = HeldFile &
  (
    | { readonly kind: 'positions'; readonly deleted: readonly (readonly [path: string, position: number])[] }
    | { readonly kind: 'keys'; readonly ids: readonly number[]; readonly keys: readonly ModelRow[] }
  )

/** A version of the table: what it held, and the columns that it was read with. */
interface Version {
  readonly snapshotId: bigint
  readonly files: readonly ModelFile[]
  readonly deletes: readonly ModelDelete[]
  readonly fields: readonly NestedField[]
}

const ID = 1
const NAME = 2
const SCORE = 3
const PLACE = 4
const X = 7
const Y = 8
const DAY = 5
const AMOUNT = 6
const EXTRA = 9
const EXTRA_DEFAULT = 5

/** A random history of a table, from a seed, and the model beside it. */
export class History {
  readonly #random: (below: number) => number
  readonly #formatVersion: 2 | 3
  readonly #nullMembers: boolean
  #table!: CraftedTable
  #files: ModelFile[] = []
  #deletes: ModelDelete[] = []
  readonly #versions: Version[] = []
  #nextId = 0n
  #renamed = 0

  /** Without `nullMembers` a member of a struct is null only where the struct is. */
  constructor(seed: number, formatVersion: 2 | 3, { nullMembers = true } = {}) {
    this.#random = seededRandom(seed)
    this.#nullMembers = nullMembers
    this.#formatVersion = formatVersion
  }

  /** The table as it is now. */
  load(): Promise<Table> {
    return this.#table.load()
  }

  /** Makes the history, in memory unless another place is given, and reads every snapshot of it. */
  async run(place?: Parameters<typeof CraftedTable.create>[1]): Promise<void> {
    const options = {
      schema: schema({
        id: t.long(),
        name: t.string(),
        score: t.double(),
        place: t.struct({ x: t.int(), y: t.string() }),
        day: t.date(),
        amount: t.decimal(9, 2),
      }),
      properties: { 'format-version': String(this.#formatVersion) },
    }
    this.#table = await CraftedTable.create(options, place)
    const table = await this.#table.load()
    // Spec 1 is by name; spec 0 has no field.
    await table.update().addPartitionField('name').commit()
    await this.#append()
    for (let step = 3 + this.#random(6); step > 0; step--) await this.#step()
    for (const version of this.#versions) await this.#check(version)
  }

  async #step(): Promise<void> {
    const steps = [
      () => this.#append(),
      () => this.#deletePositions(),
      () => this.#deletePositions(),
      () => this.#deleteKeys(),
      () => this.#deleteKeys(),
      () => this.#upsert(),
      () => this.#deleteManyKeys(),
      () => this.#rewrite(),
      () => this.#evolve(),
      () => this.#removeFile(),
    ]
    await steps[this.#random(steps.length)]!()
  }

  async #fields(): Promise<readonly NestedField[]> {
    return (await this.#table.load()).schema.fields
  }

  async #append(): Promise<void> {
    const files: ModelFile[] = []
    for (let count = 1 + this.#random(2); count > 0; count--) files.push(await this.#newFile())
    await this.#commit(files, [])
  }

  async #newFile(): Promise<ModelFile> {
    const fields = await this.#fields()
    const isPartitioned = this.#random(2) === 1
    const name = this.#name()
    const rows = this.#times(1 + this.#random(12), () => {
      const row = new Map(this.#row(fields))
      if (isPartitioned) row.set(NAME, name)
      return row
    })
    return this.#fileOf(rows, fields, isPartitioned ? { specId: 1, partition: [name] } : {})
  }

  async #fileOf(
    rows: readonly ModelRow[],
    fields: readonly NestedField[],
    placed: { readonly specId?: number; readonly partition?: DataFile['partition'] },
  ): Promise<ModelFile> {
    const cut = this.#random(rows.length + 1)
    const groups = [rows.slice(0, cut), rows.slice(cut)].filter((group) => group.length > 0)
    const file = await this.#table.dataFile(
      fields,
      groups.map((group) => group.map((row) => inputRow(row, fields))),
      placed,
    )
    const columns = new Set(fields.flatMap((field) => [field.id, ...memberIds(field)]))
    return { file, sequenceNumber: 0n, rows, columns }
  }

  /** One or more data files lose rows by position: by a vector in version 3, mostly, else by a delete file. */
  async #deletePositions(): Promise<void> {
    const targets = this.#files.filter(() => this.#random(2) === 0)
    if (targets.length === 0) return
    const chosen = targets.map((target) => ({
      target,
      positions: target.rows.map((_, position) => position).filter(() => this.#random(3) === 0),
    }))
    const some = chosen.filter(({ positions }) => positions.length > 0)
    if (some.length === 0) return
    if (this.#formatVersion === 3 && this.#random(4) > 0) return this.#deleteByVectors(some)
    const [first] = some
    const deletes: ModelDelete[] = []
    if (this.#random(2) === 0) {
      // Scoped to a file, with the rows beside their positions now and then.
      for (const { target, positions } of some) {
        if (this.#hasVector(target)) continue
        const { filePath, specId, partition } = target.file
        const file = await this.#table.positionDeletes(positionRows(filePath, positions), {
          specId,
          partition,
          ...(this.#random(2) === 0 ? {} : { referencedDataFile: filePath }),
        })
        deletes.push({ ...unplaced(file), kind: 'positions', deleted: positions.map((p) => [filePath, p]) })
      }
    } else {
      // One file for all of a partition, twice over, not sorted.
      const { specId, partition } = first!.target.file
      const same = some.filter(({ target }) => samePartition(target.file, first!.target.file))
      const deleted = same.flatMap(({ target, positions }) =>
        positions.map((position) => [target.file.filePath, position] as const),
      )
      const rows = [...deleted, ...deleted.slice(0, 2)]
        .map(([path, position]) => positionRows(path, [position])[0]!)
        .reverse()
      const fields = [...POSITION_FIELDS, optional(2147483544, 'row', stringType)]
      const file = await this.#table.positionDeletes(rows, { specId, partition, fields })
      deletes.push({ ...unplaced(file), kind: 'positions', deleted })
    }
    if (deletes.length > 0) await this.#commit([], deletes)
  }

  /** A vector holds what was deleted of its file by position before, and takes the place of the vector that was there. */
  async #deleteByVectors(
    some: readonly { target: ModelFile; positions: readonly number[] }[],
  ): Promise<void> {
    const all = some.map(({ target, positions }) => ({
      of: target.file,
      positions: [...new Set([...positions, ...this.#deletedPositions(target)])],
    }))
    const files = await this.#table.vectors(all)
    const replaced = this.#deletes.filter(
      ({ file }) =>
        file.fileFormat === 'puffin' && all.some(({ of }) => of.filePath === file.referencedDataFile),
    )
    const added = files.map(
      (file, i): ModelDelete => ({
        ...unplaced(file),
        kind: 'positions',
        deleted: all[i]!.positions.map((position) => [all[i]!.of.filePath, position]),
      }),
    )
    await this.#commit([], added, replaced)
  }

  #hasVector({ file }: ModelFile): boolean {
    return this.#deletes.some(
      (other) => other.file.fileFormat === 'puffin' && other.file.referencedDataFile === file.filePath,
    )
  }

  #deletedPositions(target: ModelFile): number[] {
    return this.#deletes.flatMap((one) =>
      one.kind === 'positions' && mayApply(one, target)
        ? one.deleted.filter(([path]) => path === target.file.filePath).map(([, position]) => position)
        : [],
    )
  }

  async #deleteKeys(): Promise<void> {
    const made = await this.#keyDeletes()
    if (made !== undefined) await this.#commit([], [made])
  }

  /** More delete files of one kind than are looked up one by one, with appends among them. */
  async #deleteManyKeys(): Promise<void> {
    const ids = this.#pick([[X], [DAY], [AMOUNT], [ID, NAME]])
    const placed = this.#placed()
    for (let count = 5 + this.#random(4); count > 0; count--) {
      const made = await this.#keyDeletes(ids, placed)
      const files = this.#random(2) === 0 ? [await this.#newFile()] : []
      if (made !== undefined) await this.#commit(files, [made])
    }
  }

  /** Rows with the keys that are deleted, in one commit with new rows that have some of them: these stay. */
  async #upsert(): Promise<void> {
    const made = await this.#keyDeletes()
    if (made !== undefined) await this.#commit([await this.#newFile()], [made])
  }

  async #keyDeletes(by?: readonly number[], placed = this.#placed()): Promise<ModelDelete | undefined> {
    const fields = await this.#fields()
    const candidates = [[ID], [NAME], [SCORE], [X], [DAY, Y], [AMOUNT], [EXTRA], [ID, NAME], [Y, X]]
    const present = new Set(fields.flatMap((field) => [field.id, ...memberIds(field)]))
    const possible = candidates.filter((ids) => ids.every((id) => present.has(id)))
    const ids = by ?? possible[this.#random(possible.length)]!
    const known = this.#files.flatMap(({ rows, columns }) => rows.map((row) => ({ row, columns })))
    const keys = this.#times(1 + this.#random(3), () => {
      const from = known[this.#random(known.length)]
      // Mostly keys that are there.
      if (from !== undefined && this.#random(4) > 0) {
        return new Map(ids.map((id) => [id, this.#valueAt(from.row, from.columns, id)] as const))
      }
      return this.#row(fields)
    })
    const keyFields = fields.flatMap((field) => prunedTo(field, ids))
    const rows = keys.map((key) => inputRow(key, keyFields))
    const file = await this.#table.equalityDeletes(ids, keyFields, rows, placed)
    return { ...unplaced(file), kind: 'keys', ids, keys }
  }

  /** Everywhere, or in one partition. */
  #placed(): Placed {
    return this.#random(2) === 1 ? { specId: 1, partition: [this.#name()] } : {}
  }

  /** The live rows of a data file in a new one, which keeps the old sequence number or not. */
  async #rewrite(): Promise<void> {
    const target = this.#files[this.#random(this.#files.length)]
    if (target === undefined) return
    const fields = await this.#fields()
    const columns = target.columns
    const live = liveRows(target, this.#deletes, (row, id) => this.#valueAt(row, columns, id))
    const rows = live.map(
      (row) => new Map([...fields.flatMap(allIds)].map((id) => [id, this.#valueAt(row, columns, id)])),
    )
    const dangling = this.#deletes.filter(({ file }) => file.referencedDataFile === target.file.filePath)
    if (rows.length === 0) {
      await this.#commit([], [], dangling, [target])
      return
    }
    const { specId, partition } = target.file
    const made = await this.#fileOf(rows, fields, { specId, partition })
    const keeps = this.#random(2) === 0 ? { sequenceNumber: target.sequenceNumber } : {}
    await this.#commit([{ ...made, ...keeps }], [], dangling, [target])
  }

  async #removeFile(): Promise<void> {
    const target = this.#files[this.#random(this.#files.length)]
    if (target === undefined) return
    const dangling = this.#deletes.filter(({ file }) => file.referencedDataFile === target.file.filePath)
    await this.#commit([], [], dangling, [target])
  }

  async #evolve(): Promise<void> {
    const table = await this.#table.load()
    const { fields } = table.schema
    const has = (id: number) => fields.some((field) => field.id === id)
    const name = (id: number) => fields.find((field) => field.id === id)!.name
    const update = table.update()
    switch (this.#random(4)) {
      case 0:
        await update.renameColumn(name(ID), `id_${this.#renamed++}`).commit()
        break
      case 1:
        await update.widenColumn('place.x', t.long()).commit()
        break
      case 2:
        if (has(EXTRA)) return
        await (this.#formatVersion === 3
          ? update.addColumn('extra', t.int().default(EXTRA_DEFAULT))
          : update.addColumn('extra', t.int())
        ).commit()
        break
      default:
        if (!has(SCORE)) return
        await update.dropColumn('score').commit()
    }
  }

  async #commit(
    files: readonly ModelFile[],
    deletes: readonly ModelDelete[],
    removedDeletes: readonly ModelDelete[] = [],
    removedFiles: readonly ModelFile[] = [],
  ): Promise<void> {
    const sequenceNumber = (await this.#table.load()).metadata.lastSequenceNumber + 1n
    // 0 stands for the number of the commit.
    const place = <T extends HeldFile>(held: T): T =>
      held.sequenceNumber === 0n ? { ...held, sequenceNumber } : held
    const added = { files: files.map(place), deletes: deletes.map(place) }
    const snapshotId = await this.#table.commit({
      add: [...added.files, ...added.deletes].map(({ file, sequenceNumber }) => ({ file, sequenceNumber })),
      remove: [...removedDeletes, ...removedFiles].map(({ file }) => file),
    })
    this.#files = [...this.#files.filter((file) => !removedFiles.includes(file)), ...added.files]
    this.#deletes = [...this.#deletes.filter((one) => !removedDeletes.includes(one)), ...added.deletes]
    const fields = await this.#fields()
    this.#versions.push({ snapshotId, files: this.#files, deletes: this.#deletes, fields })
  }

  async #check({ snapshotId, files, deletes, fields }: Version): Promise<void> {
    const table = await this.#table.load()
    const live = files.flatMap((file) =>
      liveRows(file, deletes, (row, id) => this.#valueAt(row, file.columns, id)).map((row) => ({
        row,
        file,
      })),
    )
    const value = ({ row, file }: (typeof live)[number], id: number) => this.#valueAt(row, file.columns, id)
    const at = { snapshotId }
    const expected = live.map((one) =>
      canonicalRow(
        readRow(fields, (id) => value(one, id)),
        fields,
      ),
    )
    expect(difference(await linesOf(table.scan({ at })), expected), `snapshot ${snapshotId}`).toEqual(
      sameRows,
    )

    const select = fields.filter(() => this.#random(2) === 0).map((field) => [field.name])
    const where = this.#filter(fields)
    const matching = live.filter((one) => where.matches((id) => value(one, id)))
    const scan = table.scan({ at, where: where.expression, ...(select.length === 0 ? {} : { select }) })
    const lines = matching.map((one) =>
      canonicalRow(
        readRow(scan.fields, (id) => value(one, id)),
        scan.fields,
      ),
    )
    expect(difference(await linesOf(scan), lines), `snapshot ${snapshotId}, filtered`).toEqual(sameRows)

    const counted = table.scan({ at, select: ['_pos'], limit: this.#random(live.length + 2) })
    const positions: bigint[] = []
    for await (const row of counted.rows()) positions.push(row._pos as bigint)
    const most = Math.min(live.length, positions.length)
    expect(positions.length, `limit of snapshot ${snapshotId}`).toBe(most)

    const placed = table.scan({ at, select: ['_file', '_pos'] })
    const places = live.map(({ row, file }) => `${file.file.filePath} ${file.rows.indexOf(row)}`)
    const found: string[] = []
    for await (const row of placed.rows()) found.push(`${row._file} ${row._pos}`)
    expect(found.sort()).toEqual(places.sort())
  }

  #filter(fields: readonly NestedField[]): {
    readonly expression: Expression
    readonly matches: (value: (id: number) => unknown) => boolean
  } {
    const name = (id: number) => [fields.find((field) => field.id === id)!.name]
    const bound = BigInt(this.#random(Number(this.#nextId) + 1))
    const text = this.#name()
    const simple = [
      {
        expression: gt(name(ID), bound),
        matches: (at: (id: number) => unknown) => (at(ID) as bigint) > bound,
      },
      {
        expression: ltEq(name(ID), bound),
        matches: (at: (id: number) => unknown) => (at(ID) as bigint) <= bound,
      },
      text === null
        ? { expression: isNull(name(NAME)), matches: (at: (id: number) => unknown) => at(NAME) === null }
        : { expression: eq(name(NAME), text), matches: (at: (id: number) => unknown) => at(NAME) === text },
      { expression: notNull(['place', 'y']), matches: (at: (id: number) => unknown) => at(Y) !== null },
    ]
    const a = simple[this.#random(simple.length)]!
    const b = simple[this.#random(simple.length)]!
    return this.#random(2) === 0
      ? { expression: and(a.expression, b.expression), matches: (at) => a.matches(at) && b.matches(at) }
      : { expression: or(a.expression, b.expression), matches: (at) => a.matches(at) || b.matches(at) }
  }

  /** What a file lacks has the column's default. */
  #valueAt(row: ModelRow, columns: ReadonlySet<number>, id: number): unknown {
    if (columns.has(id)) return row.get(id) ?? null
    return id === EXTRA && this.#formatVersion === 3 ? EXTRA_DEFAULT : null
  }

  #row(fields: readonly NestedField[]): ModelRow {
    const isPlaceNull = this.#random(5) === 0
    const values = new Map<number, unknown>([
      [ID, this.#nextId++],
      [NAME, this.#name()],
      [SCORE, this.#pick([null, Number.NaN, -0, 0, 1.5])],
      [PLACE, isPlaceNull ? null : true],
      [X, isPlaceNull ? null : this.#pick(this.#nullMembers ? [null, 0, 1, 2] : [0, 1, 2])],
      [Y, isPlaceNull ? null : this.#pick(this.#nullMembers ? [null, '', 'y', 'ü'] : ['', 'y', 'ü'])],
      [DAY, this.#pick([null, -1, 0, 20000])],
      [AMOUNT, this.#pick([null, -125n, 0n, 99n])],
      [EXTRA, this.#pick([null, EXTRA_DEFAULT, 6])],
    ])
    const place = fields.find((field) => field.id === PLACE)
    const isLong = place?.type.kind === 'struct' && place.type.fields[0]!.type.kind === 'long'
    if (isLong && values.get(X) !== null) values.set(X, Number(values.get(X)))
    return values
  }

  #name(): string | null {
    return this.#pick([null, 'a', 'b'])
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#random(values.length)]!
  }

  #times<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make)
  }
}

function unplaced(file: DataFile): HeldFile {
  return { file, sequenceNumber: 0n }
}

/** The rules of the specification, one after another. */
function mayApply(one: ModelDelete, target: ModelFile): boolean {
  if (one.kind === 'keys') {
    const isGlobal = one.file.specId === 0
    return one.sequenceNumber > target.sequenceNumber && (isGlobal || samePartition(one.file, target.file))
  }
  return (
    one.sequenceNumber >= target.sequenceNumber &&
    (one.file.referencedDataFile !== undefined || samePartition(one.file, target.file))
  )
}

function samePartition(a: DataFile, b: DataFile): boolean {
  return a.specId === b.specId && a.partition.every((value, i) => value === b.partition[i])
}

function liveRows(
  target: ModelFile,
  deletes: readonly ModelDelete[],
  valueAt: (row: ModelRow, id: number) => unknown,
): ModelRow[] {
  const applying = deletes.filter((one) => mayApply(one, target))
  const vector = applying.find(
    ({ file }) => file.fileFormat === 'puffin' && file.referencedDataFile === target.file.filePath,
  )
  return target.rows.filter(
    (row, position) =>
      !applying.some((one) => {
        if (one.kind === 'keys') {
          return one.keys.some((key) =>
            one.ids.every((id) => isSameKey(key.get(id) ?? null, valueAt(row, id))),
          )
        }
        // A vector stands for all position deletes of its file.
        if (vector !== undefined && one !== vector) return false
        return one.deleted.some(([path, at]) => path === target.file.filePath && at === position)
      }),
  )
}

/** NaN is NaN, -0 is not 0, null is null; an int that became a long is the same number. */
function isSameKey(a: unknown, b: unknown): boolean {
  return Object.is(a, b)
}

function memberIds(field: NestedField): number[] {
  return field.type.kind === 'struct' ? field.type.fields.map(({ id }) => id) : []
}

function allIds(field: NestedField): number[] {
  return [field.id, ...memberIds(field)]
}

function prunedTo(field: NestedField, ids: readonly number[]): NestedField[] {
  if (ids.includes(field.id)) return [field]
  if (field.type.kind !== 'struct') return []
  const fields = field.type.fields.filter(({ id }) => ids.includes(id))
  return fields.length === 0 ? [] : [{ ...field, type: { ...field.type, fields } }]
}

function inputRow(row: ModelRow, fields: readonly NestedField[]): InputRow {
  return struct(
    Object.fromEntries(
      fields.map((field) => {
        const { type } = field
        if (type.kind !== 'struct') return [field.name, stored(field, row.get(field.id))]
        const isNull = row.has(PLACE)
          ? row.get(PLACE) === null
          : type.fields.every(({ id }) => row.get(id) === null)
        const members = Object.fromEntries(
          type.fields.map((member) => [member.name, stored(member, row.get(member.id))]),
        )
        return [field.name, isNull ? null : struct(members)]
      }),
    ),
  ) as InputRow
}

function stored({ type }: NestedField, value: unknown) {
  if (value === null || value === undefined) return null
  return (type.kind === 'long' ? BigInt(value as number) : value) as never
}

/** A row as scans give it. */
function readRow(
  fields: readonly NestedField[],
  valueAt: (id: number) => unknown,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    fields.map((field) => {
      const { type } = field
      if (type.kind !== 'struct') return [field.name, readValue(field, valueAt(field.id))]
      if (valueAt(field.id) === null) return [field.name, null]
      return [
        field.name,
        Object.fromEntries(type.fields.map((member) => [member.name, readValue(member, valueAt(member.id))])),
      ]
    }),
  )
}

function readValue({ type }: NestedField, value: unknown): unknown {
  if (value === null) return null
  if (type.kind === 'date') return formatDate(value as number)
  if (type.kind === 'decimal') return formatDecimal(value as bigint, type.scale)
  return type.kind === 'long' ? BigInt(value as bigint) : value
}
