import { describe, expect, it } from 'vitest'
import { isMoraineError } from '../../format/errors.ts'
import { type EvolutionStep, evolutionUpdates } from '../../format/evolution.ts'
import type { PartitionField } from '../../format/partition-spec.ts'
import { fieldsById, highestFieldId, type Schema } from '../../format/schema.ts'
import { canPromote } from '../../format/schema-update/promotion.ts'
import type { NewColumn } from '../../format/schema-update/schema-step.ts'
import type { TableMetadata } from '../../format/table-metadata.ts'
import { currentSchema, defaultSpec, newTableMetadata } from '../../format/table-metadata-build.ts'
import { decodeTableMetadata, encodeTableMetadata } from '../../format/table-metadata-json.ts'
import { checkRequirements } from '../../format/table-requirement-check.ts'
import { applyUpdates } from '../../format/table-update-apply.ts'
import { transformToString } from '../../format/transforms/parse.ts'
import type { Transform } from '../../format/transforms/transform.ts'
import {
  dateType,
  decimalType,
  floatType,
  intType,
  isNested,
  longType,
  type NestedField,
  stringType,
  structType,
  type Type,
  timestampType,
} from '../../format/types.ts'
import { updateRequirements } from '../../format/update-requirements.ts'
import { testEnvironment } from '../contracts/test-environment.ts'
import { decode, oldV1, v2 } from './metadata-fixtures.ts'

const SEEDS = Number(process.env['MORAINE_SEEDS'] ?? 150)
const FIRST_SEED = Number(process.env['MORAINE_SEED'] ?? 1)
const EVOLUTIONS = 14

describe('a table that evolves at random', () => {
  it('never uses an id twice, keeps what ids mean, and stays a table that can be stored', () => {
    const made = { evolved: 0, refused: 0, unchanged: 0 }
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const random = chooser(seed)
      const history = new History(newTable(seed))
      for (let i = 0; i < EVOLUTIONS; i++) {
        const before = history.metadata
        const steps = range(1 + random.below(2)).map(() => randomStep(before, random))
        const after = evolved(before, steps)
        if (after === undefined) made.refused++
        else if (after === before) made.unchanged++
        else made.evolved++
        if (after === undefined || after === before) continue
        withSeed(seed, steps, () => history.add(after))
      }
    }
    // The runs must have had something to get wrong.
    expect(made.evolved).toBeGreaterThan(SEEDS * 3)
    expect(made.refused).toBeGreaterThan(SEEDS)
  })

  it('comes to the same schema in one update as in many', () => {
    let compared = 0
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const random = chooser(seed)
      let oneByOne = newTable(seed)
      const first = oneByOne
      const steps: EvolutionStep[] = []
      while (steps.length < 5) {
        const step = randomSchemaStep(oneByOne, random)
        const next = evolved(oneByOne, [step])
        if (next === undefined) continue
        oneByOne = next
        steps.push(step)
      }
      const atOnce = evolved(first, steps)
      if (atOnce === undefined) throw new Error(`seed ${seed}: refused at once: ${text(steps)}`)
      expect(shape(currentSchema(atOnce).fields)).toEqual(shape(currentSchema(oneByOne).fields))
      compared++
    }
    expect(compared).toBe(SEEDS)
  })
})

describe('what an update requires', () => {
  const base = newTable(2)
  const seen = { seenSchema: currentSchema(base), newUuid: () => 'x' }
  const typesFor = (steps: readonly EvolutionStep[]) =>
    updateRequirements(base, evolutionUpdates(base, steps, seen)).map(({ type }) => type)

  it.each<[string, EvolutionStep, string[]]>([
    [
      'a schema',
      { kind: 'drop-column', column: 'c' },
      ['assert-last-assigned-field-id', 'assert-current-schema-id'],
    ],
    [
      'a spec',
      { kind: 'add-partition-field', column: 'c', transform: { kind: 'identity' } },
      ['assert-last-assigned-partition-id', 'assert-default-spec-id'],
    ],
    [
      'a sort order',
      {
        kind: 'replace-sort-order',
        terms: [{ column: 'c', transform: { kind: 'identity' }, direction: 'asc', nullOrder: 'nulls-first' }],
      },
      ['assert-default-sort-order-id'],
    ],
    ['properties', { kind: 'set-properties', properties: { a: 'b' } }, []],
    ['a format version', { kind: 'upgrade-format-version', formatVersion: 3 }, []],
  ])('of %s is that nobody else changed it', (_, step, expected) => {
    expect(typesFor([step])).toEqual(['assert-table-uuid', ...expected])
  })

  it('is asked for once, and fails when that has changed', () => {
    const steps: EvolutionStep[] = [
      { kind: 'drop-column', column: 'c' },
      { kind: 'rename-column', column: 'b', newName: 'z' },
    ]
    const requirements = updateRequirements(base, evolutionUpdates(base, steps, seen))
    expect(requirements).toHaveLength(3)
    expect(checkRequirements(base, requirements)).toBeUndefined()
    expect(checkRequirements(evolved(base, [steps[0]!])!, requirements)).toContain('current schema')
  })

  it('of a removal is that no branch still writes by it', () => {
    const refs = new Map([
      ['main', { snapshotId: 1n, type: 'branch' as const }],
      ['audit', { snapshotId: 2n, type: 'branch' as const }],
      ['v1', { snapshotId: 2n, type: 'tag' as const }],
    ])
    const requirements = updateRequirements({ ...base, refs }, [{ action: 'remove-schemas', schemaIds: [7] }])
    expect(requirements.slice(1)).toEqual([
      { type: 'assert-current-schema-id', currentSchemaId: 0 },
      { type: 'assert-ref-snapshot-id', ref: 'audit', snapshotId: 2n },
    ])
  })
})

describe('an evolution of what other writers left', () => {
  const updatesOf = (metadata: TableMetadata, ...steps: EvolutionStep[]) =>
    evolutionUpdates(metadata, steps, { seenSchema: currentSchema(metadata), newUuid: () => 'a-new-one' })

  it('gives a table of format version 1 the UUID that later versions require', () => {
    const old = decode(oldV1)
    const updates = updatesOf(old, { kind: 'upgrade-format-version', formatVersion: 2 })
    expect(updates).toEqual([
      { action: 'assign-uuid', uuid: 'a-new-one' },
      { action: 'upgrade-format-version', formatVersion: 2 },
    ])
    expect(updateRequirements(old, updates)).toEqual([])
    expect(applyUpdates(old, updates, { now: old.lastUpdatedMs }).tableUuid).toBe('a-new-one')
  })

  it('does not touch a partition spec with a transform that it does not know, and evolves the rest', () => {
    const table = decode(v2)
    expect(() => updatesOf(table, { kind: 'remove-partition-field', name: 'ts_day' })).toThrow(
      "partition field 'id_zorder' has an unknown transform",
    )
    const updates = updatesOf(table, { kind: 'rename-column', column: ['s', 'a.b'], newName: 'at' })
    expect(updates.map(({ action }) => action)).toEqual(['add-schema', 'set-current-schema'])
  })

  it('judges no schema that it does not touch', () => {
    const table = decode(v2)
    const [first, second] = table.schemas
    const odd: Schema = { ...second!, identifierFieldIds: [2] }
    const metadata = { ...table, schemas: [first!, odd] }
    expect(updatesOf(metadata, { kind: 'set-properties', properties: { a: 'b' } })).toHaveLength(1)
    expect(() => updatesOf(metadata, { kind: 'drop-column', column: 'l' })).toThrow('must be required')
  })

  it('keeps names that are prototypes elsewhere', () => {
    const updates = updatesOf(
      decode(v2),
      { kind: 'rename-column', column: '__proto__', newName: 'constructor' },
      { kind: 'set-properties', properties: JSON.parse('{"__proto__": "new"}') },
      { kind: 'remove-properties', names: ['commit.retry.num-retries'] },
    )
    expect(updates.slice(2)).toEqual([
      { action: 'set-properties', updates: JSON.parse('{"__proto__": "new"}') },
      { action: 'remove-properties', removals: ['commit.retry.num-retries'] },
    ])
  })
})

/** What has ever been in a table, and that the newest version agrees with it. */
class History {
  metadata: TableMetadata
  readonly #types = new Map<number, Type>()
  readonly #dropped = new Set<number>()
  readonly #terms = new Map<number, string>()

  constructor(metadata: TableMetadata) {
    this.metadata = metadata
    this.#noteSchema(currentSchema(metadata))
    this.#noteSpecs(metadata)
  }

  add(after: TableMetadata): void {
    const before = this.metadata
    this.metadata = after
    this.#checkFields(before, after)
    this.#checkSpecs(before, after)
    expect(after.lastColumnId).toBeGreaterThanOrEqual(before.lastColumnId)
    expect(after.lastPartitionId).toBeGreaterThanOrEqual(before.lastPartitionId)
    expect(after.schemas.slice(0, before.schemas.length)).toEqual(before.schemas)
    expect(after.partitionSpecs.slice(0, before.partitionSpecs.length)).toEqual(before.partitionSpecs)
    for (const schema of after.schemas) expect(highestFieldId(schema)).toBeLessThanOrEqual(after.lastColumnId)
    expect(decodeTableMetadata(encodeTableMetadata(after), 'v1.metadata.json')).toEqual(after)
  }

  #checkFields(before: TableMetadata, after: TableMetadata): void {
    const now = fieldsById(currentSchema(after))
    for (const [id, { field, path }] of now) {
      const known = this.#types.get(id)
      if (known === undefined) expect(id, path.join('.')).toBeGreaterThan(before.lastColumnId)
      else if (!isNested(field.type)) expect(canPromote(known, field.type, 3), path.join('.')).toBe(true)
      expect(this.#dropped.has(id), path.join('.')).toBe(false)
    }
    for (const id of fieldsById(currentSchema(before)).keys()) if (!now.has(id)) this.#dropped.add(id)
    this.#noteSchema(currentSchema(after))
  }

  #checkSpecs(before: TableMetadata, after: TableMetadata): void {
    for (const field of defaultSpec(after).fields) {
      const known = this.#terms.get(field.fieldId)
      if (known === undefined) expect(field.fieldId, field.name).toBeGreaterThan(before.lastPartitionId)
      else if (field.transform.kind !== 'void') expect(term(field), field.name).toBe(known)
    }
    this.#noteSpecs(after)
  }

  #noteSchema(schema: Schema): void {
    for (const [id, { field }] of fieldsById(schema)) this.#types.set(id, field.type)
  }

  #noteSpecs({ partitionSpecs }: TableMetadata): void {
    for (const field of partitionSpecs.flatMap((spec) => spec.fields)) {
      if (!this.#terms.has(field.fieldId)) this.#terms.set(field.fieldId, term(field))
    }
  }
}

function term({ sourceIds, transform }: PartitionField): string {
  return `${transformToString(transform)}(${sourceIds.join()})`
}

function newTable(seed: number): TableMetadata {
  const fields: NestedField[] = [
    { id: 1, name: 'a', required: true, type: longType },
    { id: 2, name: 'b', required: false, type: intType },
    { id: 3, name: 'c', required: false, type: dateType },
    {
      id: 4,
      name: 'd',
      required: false,
      type: structType([{ id: 5, name: 'a', required: false, type: intType }]),
    },
  ]
  return newTableMetadata({
    schema: { fields, identifierFieldIds: seed % 2 === 0 ? [1] : [] },
    partitionSpec: {
      fields:
        seed % 3 === 0 ? [{ fieldId: 1000, name: 'c_day', sourceIds: [3], transform: { kind: 'day' } }] : [],
    },
    formatVersion: (seed % 3) + 1,
    location: 'memory://lake/t',
    uuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1',
    now: 1_800_000_000_000,
  })
}

/** Undefined when a rule forbids it. */
function evolved(metadata: TableMetadata, steps: readonly EvolutionStep[]): TableMetadata | undefined {
  try {
    const updates = evolutionUpdates(metadata, steps, {
      seenSchema: currentSchema(metadata),
      newUuid: () => 'x',
    })
    return applyUpdates(metadata, updates, { now: metadata.lastUpdatedMs + 1 })
  } catch (error) {
    if (isMoraineError(error, 'INVALID_ARGUMENT')) return undefined
    throw error
  }
}

interface Chooser {
  below(n: number): number
  of<T>(items: readonly T[]): T
}

function chooser(seed: number): Chooser {
  const { random } = testEnvironment(seed)
  const below = (n: number) => Math.floor(random() * n)
  return { below, of: (items) => items[below(items.length)]! }
}

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const types: readonly Type[] = [
  intType,
  longType,
  floatType,
  dateType,
  stringType,
  timestampType,
  decimalType(6, 2),
  decimalType(9, 2),
  structType([{ id: 0, name: 'a', required: false, type: intType }]),
  {
    kind: 'list',
    elementId: 0,
    elementRequired: false,
    element: structType([{ id: 1, name: 'b', required: false, type: intType }]),
  },
  { kind: 'map', keyId: 0, key: stringType, valueId: 1, valueRequired: false, value: floatType },
]
const transforms: readonly Transform[] = [
  { kind: 'identity' },
  { kind: 'day' },
  { kind: 'month' },
  { kind: 'bucket', numBuckets: 4 },
  { kind: 'bucket', numBuckets: 8 },
  { kind: 'truncate', width: 2 },
]

function randomStep(metadata: TableMetadata, random: Chooser): EvolutionStep {
  return random.below(5) < 3 ? randomSchemaStep(metadata, random) : randomOtherStep(metadata, random)
}

function randomSchemaStep(metadata: TableMetadata, random: Chooser): EvolutionStep {
  const paths = [...fieldsById(currentSchema(metadata)).values()].map(({ path }) => path)
  const [column = [], isEmpty] = [random.of(paths), paths.length === 0]
  const added: NewColumn = { required: false, type: random.of(types) }
  switch (isEmpty ? 0 : random.below(9)) {
    case 0:
    case 1:
      return { kind: 'add-column', column: [random.of(names)], added, allowIncompatible: false }
    case 2:
      return { kind: 'add-column', column: [...column, random.of(names)], added, allowIncompatible: false }
    case 3:
    case 4:
      return { kind: 'drop-column', column }
    case 5:
      return { kind: 'rename-column', column, newName: random.of(names) }
    case 6:
      return {
        kind: 'move-column',
        column,
        to: { kind: random.of(['before', 'after']), column: random.of(paths) },
      }
    case 7:
      return { kind: 'widen-column', column, type: random.of(types) }
    default:
      return { kind: 'make-column-optional', column }
  }
}

function randomOtherStep(metadata: TableMetadata, random: Chooser): EvolutionStep {
  const column = [random.of(names)]
  const transform = random.of(transforms)
  const fields = defaultSpec(metadata).fields.map(({ name }) => name)
  switch (random.below(8)) {
    case 0:
    case 1:
      return { kind: 'add-partition-field', column, transform }
    case 2:
      return { kind: 'add-partition-field', column, transform, name: `p_${random.of(names)}` }
    case 3:
      return { kind: 'remove-partition-field', name: random.of([...fields, 'none']) }
    case 4:
      return { kind: 'remove-partition-term', column, transform }
    case 5:
      return {
        kind: 'rename-partition-field',
        name: random.of([...fields, 'none']),
        newName: `p_${random.of(names)}`,
      }
    case 6:
      return {
        kind: 'replace-sort-order',
        terms: [{ column, transform: { kind: 'identity' }, direction: 'asc', nullOrder: 'nulls-first' }],
      }
    default:
      return { kind: 'set-identifier-fields', columns: random.of([[], [column]]) }
  }
}

/** Names, types and places, without ids. */
function shape(fields: readonly NestedField[]): unknown {
  return JSON.parse(JSON.stringify(fields, (key, value) => (/^(id|\w+Id)$/.test(key) ? undefined : value)))
}

function withSeed(seed: number, steps: readonly EvolutionStep[], check: () => void): void {
  try {
    check()
  } catch (error) {
    throw new Error(`MORAINE_SEED=${seed} MORAINE_SEEDS=1: ${text(steps)}`, { cause: error })
  }
}

function text(steps: readonly EvolutionStep[]): string {
  return JSON.stringify(steps)
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
