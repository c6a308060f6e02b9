/** Random histories of appends, upserts and deletes through the public calls, beside a model in plain rows. */
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import {
  bucket,
  connect,
  type Expression,
  eq,
  gt,
  isIn,
  isNull,
  type Lake,
  ltEq,
  MemoryStore,
  or,
  schema,
  type Table,
  t,
} from '../../index.ts'
import { seededRandom } from '../interop/samples.ts'

export interface ModelRow {
  readonly id: bigint | null
  readonly region: string | null
  readonly place: { readonly x: number | null } | null
  readonly amount: string | null
  readonly gone: boolean | null
}

interface HeldRow {
  readonly row: ModelRow
  /** Told when the row is first read; undefined before. */
  rowId: bigint | undefined
  /** Sequence number of the commit that wrote it as it is. */
  readonly sequenceNumber: bigint
}

const COLUMNS = schema({
  id: t.long(),
  region: t.string(),
  place: t.struct({ x: t.int() }),
  amount: t.decimal(9, 2),
  gone: t.boolean(),
})

type Row = Record<string, unknown>
type Key = 'id' | 'region' | 'place.x'
const KEYS: readonly (readonly Key[])[] = [
  ['id'],
  ['id', 'region'],
  ['region'],
  ['place.x'],
  ['place.x', 'id'],
]
type Column = keyof ModelRow
const EMPTY: ModelRow = { id: null, region: null, place: null, amount: null, gone: null }
type Order = readonly ('amount' | 'place.x')[]
const ORDERS: readonly Order[] = [[], [], ['amount'], ['place.x', 'amount']]
const REGIONS = ['eu', 'us', 'ż', '', null]

export class UpsertHistory {
  readonly #random: (below: number) => number
  readonly #version: 1 | 2 | 3
  /** Whether some upserts write equality deletes, which not every engine reads. */
  readonly #writesEquality: boolean
  /** Whether the table and its partitions let them, with a key of these columns. */
  #canBeBlind: (on: readonly Key[]) => boolean = () => false
  #lake!: Lake
  #newest!: Table
  /** Versions that someone may still hold. */
  #versions: Table[] = []
  #held: HeldRow[] = []
  /** The key that most upserts are by: that of the key index, if it was the first. */
  #key: readonly Key[] = KEYS[0]!
  #store: MemoryStore | undefined
  /** Whether there is one row of each id, as in a table that nobody appends to. */
  #isKeyed = false

  constructor(seed: number, version: 1 | 2 | 3, { equality = true } = {}) {
    this.#random = seededRandom(seed)
    this.#version = version
    this.#writesEquality = equality && version > 1
  }

  get table(): Table {
    return this.#newest
  }

  get rows(): readonly ModelRow[] {
    return this.#held.map(({ row }) => row)
  }

  async run(place: { uri: string; store?: MemoryStore } = { uri: 'memory://lake/wh' }): Promise<void> {
    const store = place.store ?? (place.uri.startsWith('memory:') ? new MemoryStore() : undefined)
    this.#lake = await connect(place.uri, { parallelism: 0, ...(store === undefined ? {} : { store }) })
    this.#store = store
    this.#isKeyed = this.#random(3) === 0
    this.#key = this.#isKeyed ? ['id'] : KEYS[this.#random(KEYS.length)]!
    const partitions = [[], ['region'], [bucket('id', 3)], ['region', bucket('id', 2)]] as const
    const partition = this.#random(partitions.length)
    const sources = ([[], ['region'], ['id'], ['region', 'id']] as const)[partition]!
    const isCopyOnWrite = this.#random(4) === 0
    this.#canBeBlind = (on) =>
      this.#writesEquality && !isCopyOnWrite && sources.every((name) => on.includes(name))
    this.#newest = (await this.#lake.createTable('shop.orders', {
      schema: COLUMNS,
      partitionBy: partitions[partition]!,
      sortBy: ([[], [], ['amount'], ['region', 'id']] as const)[this.#random(4)]!,
      properties: {
        'format-version': String(this.#version),
        'commit.manifest.min-count-to-merge': String(2 + this.#random(4)),
        ...(isCopyOnWrite ? { 'write.merge.mode': 'copy-on-write' } : {}),
        ...(this.#random(4) === 0 ? { 'write.delete.mode': 'copy-on-write' } : {}),
        ...(this.#random(4) === 0 ? { 'write.update.mode': 'copy-on-write' } : {}),
        'write.delete.granularity': this.#random(2) === 0 ? 'file' : 'partition',
      },
    })) as unknown as Table
    this.#versions = [this.#newest]
    for (let step = 4 + this.#random(6); step > 0; step--) {
      await this.#step()
      await this.#check()
    }
    await this.#lake.close()
  }

  async #step(): Promise<void> {
    const upserts = this.#isKeyed
      ? [() => this.#upsert(), ...Array(4).fill(() => this.#upsertGroups())]
      : [() => this.#append(), ...Array(3).fill(() => this.#upsert()), () => this.#upsertGroups()]
    const steps: (() => Promise<void>)[] = [
      ...upserts,
      () => this.#damageIndex(),
      () => this.#deleteWhere(),
      () => this.#deleteKeys(),
      () => this.#overwrite(),
      () => this.#updateWhere(),
      () => this.#merge(),
    ]
    await steps[this.#random(steps.length)]!()
  }

  /** A write onto any version that someone holds: what came since must not be lost. */
  async #write(
    change: (table: Table) => Promise<Table>,
    apply: (sequenceNumber: bigint) => void,
  ): Promise<void> {
    const base = this.#random(3) === 0 ? this.#versions[this.#random(this.#versions.length)]! : this.#newest
    this.#newest = await change(base)
    this.#versions.push(this.#newest)
    apply(this.#newest.metadata.lastSequenceNumber)
  }

  /** A key index that is damaged, or partly gone, costs no row. */
  async #damageIndex(): Promise<void> {
    if (this.#store === undefined) return
    const locations: string[] = []
    for await (const { location } of this.#store.list('memory://')) {
      if (location.includes('/_moraine/') && !location.includes('/wh/_moraine/')) locations.push(location)
    }
    if (locations.length === 0) return
    const location = locations[this.#random(locations.length)]!
    const bytes = Uint8Array.from(await this.#store.get(location))
    switch (this.#random(3)) {
      case 0:
        return this.#store.delete([location])
      case 1:
        bytes[this.#random(bytes.length)]! ^= 1 << this.#random(8)
        break
      default:
        await this.#store.put(location, bytes.subarray(0, this.#random(bytes.length)))
        return
    }
    await this.#store.put(location, bytes)
  }

  async #append(): Promise<void> {
    const rows = this.#rows(1 + this.#random(24))
    await this.#write(
      (table) => table.append(rows as unknown as Row[]),
      (sequenceNumber) => this.#add(rows, sequenceNumber),
    )
  }

  async #upsert(): Promise<void> {
    const on = this.#random(3) === 0 && !this.#isKeyed ? KEYS[this.#random(KEYS.length)]! : this.#key
    const skipUnchanged = this.#random(2) === 0
    const orderBy = ORDERS[this.#random(ORDERS.length)]!
    const rows = [...this.#rows(1 + this.#random(16)), ...this.#someHeld(), ...this.#newStates(on)]
    const partial = this.#partial(on, orderBy)
    const { softDelete, deletes } = this.#deletesAmong(rows, orderBy)
    const isBlind = this.#canBeBlind(on) && !skipUnchanged && partial === undefined && orderBy.length === 0
    const isDelete = (row: ModelRow) => deletes?.has(row) === true
    /** What the call is given, and stores of a row that stays. */
    const givenBy = (row: ModelRow, held?: ModelRow) => ({
      ...(partial === undefined ? row : givenOf(row, on, partial)),
      // A struct that is there for a key in it is kept.
      ...(held !== undefined && partial?.includes('place') === false ? { place: held.place } : {}),
      ...(softDelete === undefined ? {} : { gone: isDelete(row) }),
    })
    await this.#write(
      (table) => {
        const blindly = isBlind ? { deletes: 'equality' as const } : {}
        const order = orderBy.length === 0 ? {} : { orderBy }
        const options = {
          on,
          skipUnchanged,
          ...order,
          ...blindly,
          ...(softDelete === undefined ? {} : { softDelete }),
        }
        const inputs = rows.map((row) => ({
          ...(isDelete(row) && softDelete === undefined && orderBy.length === 0
            ? givenOf(row, on, [])
            : givenBy(row)),
          ...(deletes === undefined ? {} : { op: isDelete(row) ? 'd' : 'u' }),
        })) as Row[]
        const some = partial === undefined ? {} : { partial }
        if (deletes !== undefined) return table.upsert(inputs, { ...options, ...some, op: 'op' })
        return table.upsert(inputs, { ...options, ...(some as { partial: readonly string[] }) })
      },
      (sequenceNumber) => {
        const last = new Map<string, ModelRow>()
        for (const row of rows) {
          const other = last.get(keyOf(row, on))
          if (other === undefined || !isNewer(other, row, orderBy)) last.set(keyOf(row, on), row)
        }
        const before = new Map<string, HeldRow[]>()
        for (const held of this.#held) {
          const key = keyOf(held.row, on)
          if (last.has(key)) before.set(key, [...(before.get(key) ?? []), held])
        }
        if (isBlind) {
          this.#held = this.#held.filter(({ row }) => !last.has(keyOf(row, on)))
          const kept = [...last.values()].filter((row) => softDelete !== undefined || !isDelete(row))
          this.#add(
            kept.map((row) => ({ ...EMPTY, ...givenBy(row) })),
            sequenceNumber,
          )
          expect(this.#newest.changed).toEqual({
            inserted: kept.length,
            updated: 0,
            deleted: 0,
            unchanged: 0,
          })
          return
        }
        const removed = new Set<string>()
        for (const [key, row] of last) {
          if (isDelete(row) && softDelete === undefined) removed.add(key)
          else {
            const there = before.get(key)?.[0]?.row
            const kept = partial === undefined ? EMPTY : (there ?? EMPTY)
            last.set(key, { ...kept, ...givenBy(row, there) })
          }
        }
        const unchanged = new Set<string>()
        for (const [key, held] of before) {
          const row = last.get(key)!
          const isSame =
            skipUnchanged && !removed.has(key) && held.length === 1 && textOf(held[0]!.row) === textOf(row)
          if (isSame || held.some((each) => isNewer(each.row, row, orderBy))) unchanged.add(key)
        }
        const isReplaced = (key: string) => last.has(key) && !unchanged.has(key)
        this.#held = this.#held.filter(({ row }) => !isReplaced(keyOf(row, on)))
        for (const [key, row] of last) {
          if (unchanged.has(key) || removed.has(key)) continue
          const replaced = before.get(key)
          // Of several rows of one key any may give its id.
          const rowId = replaced?.length === 1 ? replaced[0]!.rowId : undefined
          this.#held.push({ row, rowId, sequenceNumber })
        }
        const counts = { inserted: 0, updated: 0, deleted: 0, unchanged: unchanged.size }
        for (const key of last.keys()) {
          const times = before.get(key)?.length ?? 0
          if (unchanged.has(key)) continue
          if (removed.has(key)) counts.deleted += times
          else counts[times === 0 ? 'inserted' : 'updated']++
        }
        expect(this.#newest.changed).toEqual(counts)
      },
    )
  }

  /** Of some calls, which of the rows are there to delete, and whether as tombstones. */
  #deletesAmong(
    rows: readonly ModelRow[],
    orderBy: Order,
  ): { softDelete?: 'gone'; deletes?: ReadonlySet<ModelRow> } {
    if (this.#random(3) > 0) return {}
    // A delete has to say when it was.
    const isOrdered = (row: ModelRow) =>
      orderBy.length === 0 || orderBy.some((name) => orderOf(row, name) >= 0)
    const deletes = new Set(rows.filter((row) => this.#random(3) === 0 && isOrdered(row)))
    return this.#random(3) === 0 ? { softDelete: 'gone', deletes } : { deletes }
  }

  /** Rows of which each group of columns has its own order. */
  async #upsertGroups(): Promise<void> {
    // Where several rows have one key, any of them might be gone on with.
    const isUnique = (on: readonly Key[]) =>
      new Set(this.#held.map(({ row }) => keyOf(row, on))).size === this.#held.length
    const unique = KEYS.filter(isUnique)
    if (unique.length === 0) return
    const on = this.#isKeyed ? this.#key : unique[this.#random(unique.length)]!
    const groups = GROUPS.filter(
      ({ orderBy, columns }) =>
        this.#random(4) > 0 && ![orderBy, ...columns].some((name) => on.includes(name as Key)),
    )
    if (groups.length === 0) return
    const skipUnchanged = this.#random(2) === 0
    const rows = [...this.#rows(1 + this.#random(16)), ...this.#someHeld(), ...this.#newStates(on)]
    const columns = [...new Set(groups.flatMap(columnsOf))]
    await this.#write(
      (table) =>
        table.upsert(rows.map((row) => givenOf(row, on, columns)) as Row[], {
          on,
          skipUnchanged,
          sequenceGroups: groups,
        }),
      (sequenceNumber) => {
        const counts = { inserted: 0, updated: 0, deleted: 0, unchanged: 0 }
        for (const key of new Set(rows.map((row) => keyOf(row, on)))) {
          const own = rows.filter((row) => keyOf(row, on) === key)
          const held = this.#held.find(({ row }) => keyOf(row, on) === key)
          let row: ModelRow = held?.row ?? { ...EMPTY, ...givenOf(own.at(-1)!, on, []) }
          const taken: Column[] = []
          for (const group of groups) {
            const order = [group.orderBy]
            const newest = own
              .filter((each) => orderOf(each, group.orderBy) >= 0)
              .reduce<ModelRow | undefined>(
                (best, each) => (best !== undefined && isNewer(best, each, order) ? best : each),
                undefined,
              )
            if (newest === undefined || (held !== undefined && isNewer(held.row, newest, order))) continue
            taken.push(...columnsOf(group))
            row = { ...row, ...Object.fromEntries(columnsOf(group).map((name) => [name, newest[name]])) }
          }
          const isSame = skipUnchanged && taken.every((name) => isDeepStrictEqual(row[name], held?.row[name]))
          if (held !== undefined && (taken.length === 0 || isSame)) {
            counts.unchanged++
            continue
          }
          counts[held === undefined ? 'inserted' : 'updated']++
          this.#held = [
            ...this.#held.filter((each) => each !== held),
            { row, rowId: held?.rowId, sequenceNumber },
          ]
        }
        expect(this.#newest.changed).toEqual(counts)
      },
    )
  }

  /** Columns that partial rows have; undefined for whole ones, as where any of several rows might be gone on with. */
  #partial(on: readonly Key[], orderBy: Order): readonly Column[] | undefined {
    const keys = this.#held.map(({ row }) => keyOf(row, on))
    if (this.#random(3) > 0 || new Set(keys).size < keys.length) return undefined
    const columns = (['region', 'place', 'amount'] as const).filter(
      (name) => this.#random(2) === 0 || orderBy.some((path) => path.startsWith(name)),
    )
    return columns.length === 0 ? undefined : columns
  }

  async #deleteWhere(): Promise<void> {
    const [where, matches] = this.#filter()
    const gone = this.#held.filter(({ row }) => matches(row))
    await this.#write(
      (table) => table.delete(where),
      () => {
        this.#held = this.#held.filter(({ row }) => !matches(row))
        expect(this.#newest.changed).toMatchObject({ deleted: gone.length, updated: 0 })
      },
    )
  }

  async #updateWhere(): Promise<void> {
    const [where, matches] = this.#filter()
    const region = REGIONS[this.#random(REGIONS.length)]!
    const isByRow = this.#random(2) === 0
    const valuesOf = ({ region: own }: ModelRow) =>
      isByRow && own !== null ? { region, amount: '7.25' } : { region }
    const meant = this.#held.filter(({ row }) => matches(row))
    await this.#write(
      (table) => table.update(where, isByRow ? (row) => valuesOf(row as unknown as ModelRow) : { region }),
      (sequenceNumber) => {
        this.#held = this.#held.map((held) =>
          meant.includes(held)
            ? { row: { ...held.row, ...valuesOf(held.row) }, rowId: held.rowId, sequenceNumber }
            : held,
        )
        expect(this.#newest.changed).toMatchObject({ updated: meant.length, inserted: 0, deleted: 0 })
      },
    )
  }

  async #merge(): Promise<void> {
    const on = this.#isKeyed ? this.#key : KEYS[this.#random(KEYS.length)]!
    const hasKey = (row: ModelRow) =>
      on.every((name) => (name === 'place.x' ? row.place?.x : row[name]) != null)
    const candidates = [...this.#rows(1 + this.#random(6)), ...this.#newStates(on)]
    const byKey = new Map(candidates.map((row, i) => [hasKey(row) ? keyOf(row, on) : i, row]))
    const source = [...byKey.values()].filter((row) => !this.#isKeyed || hasKey(row))
    const [withAmount, withRegion] = [this.#random(2) === 0, this.#random(2) === 0]
    await this.#write(
      (table) =>
        table.merge(source as unknown as Row[], {
          on,
          whenMatched: [
            { if: (_, { gone }) => gone === true, do: 'delete' },
            { if: ({ amount }) => withAmount && amount === null, do: 'update' },
            { if: ({ region }) => region !== null, do: (_, { amount }) => ({ amount }) },
          ],
          whenNotMatched: [{ if: ({ region }) => withRegion || region !== null, do: 'insert' }],
        }),
      (sequenceNumber) => {
        const counts = { inserted: 0, updated: 0, deleted: 0 }
        const held: HeldRow[] = []
        const matched = new Set<ModelRow>()
        for (const each of this.#held) {
          const own = hasKey(each.row) ? byKey.get(keyOf(each.row, on)) : undefined
          if (own !== undefined) matched.add(own)
          if (own?.gone === true) {
            counts.deleted++
            continue
          }
          const isWhole = withAmount && each.row.amount === null
          if (own === undefined || !(isWhole || each.row.region !== null)) {
            held.push(each)
            continue
          }
          counts.updated++
          const row = isWhole ? own : { ...each.row, amount: own.amount }
          held.push({ row, rowId: each.rowId, sequenceNumber })
        }
        for (const row of source) {
          if (matched.has(row) || !(withRegion || row.region !== null)) continue
          counts.inserted++
          held.push({ row, rowId: undefined, sequenceNumber })
        }
        this.#held = held
        expect(this.#newest.changed).toMatchObject(counts)
      },
    )
  }

  async #overwrite(): Promise<void> {
    const [where, matches] = this.#filter()
    const rows = this.#isKeyed ? [] : this.#rows(this.#random(4))
    const gone = this.#held.filter(({ row }) => matches(row))
    await this.#write(
      (table) => table.overwrite(rows as unknown as Row[], { where }),
      (sequenceNumber) => {
        this.#held = this.#held.filter(({ row }) => !matches(row))
        this.#add(rows, sequenceNumber)
        expect(this.#newest.changed).toMatchObject({ inserted: rows.length, deleted: gone.length })
      },
    )
  }

  async #deleteKeys(): Promise<void> {
    const on = this.#random(2) === 0 ? KEYS[this.#random(KEYS.length)]! : this.#key
    const rows = this.#rows(1 + this.#random(4)).map(({ id, region, place }) => ({
      ...(on.includes('id') ? { id } : {}),
      ...(on.includes('region') ? { region } : {}),
      ...(on.includes('place.x') ? { place } : {}),
    }))
    const keys = new Set(rows.map((row) => keyOf(row as ModelRow, on)))
    await this.#write(
      (table) => table.delete(rows, { on }),
      () => {
        this.#held = this.#held.filter(({ row }) => !keys.has(keyOf(row, on)))
      },
    )
  }

  #filter(): [Expression, (row: ModelRow) => boolean] {
    const id = BigInt(20 + this.#random(20))
    const region = REGIONS[this.#random(4)]!
    const filters: [Expression, (row: ModelRow) => boolean][] = [
      [eq('region', region), (row) => row.region === region],
      [gt('id', id), (row) => row.id !== null && row.id > id],
      [isNull('region'), (row) => row.region === null],
      [
        or(isIn('region', ['eu', region]), ltEq('place.x', 2)),
        ({ region: own, place }) =>
          own === 'eu' || own === region || (place !== null && place.x !== null && place.x <= 2),
      ],
    ]
    return filters[this.#random(filters.length)]!
  }

  #rows(count: number): ModelRow[] {
    return Array.from({ length: count }, () => ({
      id: this.#random(8) === 0 ? null : BigInt(this.#random(40)),
      region: REGIONS[this.#random(REGIONS.length)]!,
      place: this.#random(6) === 0 ? null : { x: this.#random(6) === 0 ? null : this.#random(6) },
      amount: this.#random(5) === 0 ? null : `${this.#random(100)}.25`,
      gone: [null, false, true][this.#random(3)]!,
    }))
  }

  /** Rows that would be upserted as they are. */
  #someHeld(): ModelRow[] {
    return this.#held.filter(() => this.#random(5) === 0).map(({ row }) => ({ ...row }))
  }

  /** Rows with the keys of some that are held. */
  #newStates(on: readonly Key[]): ModelRow[] {
    const held = this.#held.filter(() => this.#random(4) === 0).map(({ row }) => row)
    return this.#rows(held.length).map((row, i) => ({ ...row, ...givenOf(held[i]!, on, []) }))
  }

  #add(rows: readonly ModelRow[], sequenceNumber: bigint): void {
    this.#held = [...this.#held, ...rows.map((row) => ({ row, rowId: undefined, sequenceNumber }))]
  }

  /** Rows, and on version 3 that ids are unique and stay with their rows, and who wrote last. */
  async #check(): Promise<void> {
    const select = ['id', 'region', 'place', 'amount', 'gone', '_row_id', '_last_updated_sequence_number']
    const left = [...this.#held]
    const ids = new Set<bigint>()
    for await (const found of this.#newest.scan({ select }).rows()) {
      const {
        _row_id: rowId,
        _last_updated_sequence_number: sequence,
        ...row
      } = found as Record<string, unknown>
      const matching = left.filter((held) => textOf(held.row) === textOf(row as unknown as ModelRow))
      const own =
        matching.find((held) => held.rowId !== undefined && held.rowId === rowId) ??
        matching.find(
          (held) => held.rowId === undefined && (this.#version < 3 || held.sequenceNumber === sequence),
        )
      if (own === undefined)
        throw new Error(`unexpected row ${textOf(row as unknown as ModelRow)} ${rowId} ${sequence}`)
      left.splice(left.indexOf(own), 1)
      if (this.#version < 3) continue
      expect(ids.has(rowId as bigint)).toBe(false)
      ids.add(rowId as bigint)
      expect(sequence).toBe(own.sequenceNumber)
      own.rowId = rowId as bigint
    }
    if (left.length > 0) throw new Error(`missing rows: ${left.map(({ row }) => textOf(row)).join(' ')}`)
  }
}

const GROUPS = [
  { orderBy: 'amount', columns: ['region'] },
  { orderBy: 'place.x', columns: ['gone'] },
] as const

function columnsOf({ orderBy, columns }: (typeof GROUPS)[number]): readonly Column[] {
  return [orderBy === 'place.x' ? 'place' : orderBy, ...columns]
}

/** The columns of a partial row. */
function givenOf(row: ModelRow, on: readonly Key[], partial: readonly Column[]): Partial<ModelRow> {
  const given = new Set<Column>([...on.map((key) => (key === 'place.x' ? 'place' : key)), ...partial])
  return Object.fromEntries([...given].map((name) => [name, row[name]]))
}

function isNewer(row: ModelRow, than: ModelRow, orderBy: Order): boolean {
  for (const name of orderBy) {
    const [own, other] = [orderOf(row, name), orderOf(than, name)]
    if (own !== other) return own > other
  }
  return false
}

function orderOf({ amount, place }: ModelRow, name: Order[number]): number {
  if (name === 'amount') return amount === null ? -1 : Number(amount)
  return place?.x ?? -1
}

function keyOf(row: ModelRow, on: readonly Key[]): string {
  return JSON.stringify(
    on.map((name) => (name === 'place.x' ? (row.place?.x ?? null) : row[name])),
    (_, value) => (typeof value === 'bigint' ? String(value) : value),
  )
}

function textOf({ id, region, place, amount, gone }: ModelRow): string {
  return JSON.stringify([
    id === null ? null : String(id),
    region,
    place === null ? null : [place.x],
    amount,
    gone,
  ])
}
