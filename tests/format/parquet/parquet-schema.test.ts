import { describe, expect, test } from 'vitest'
import type { SchemaElement } from '../../../format/parquet/footer.ts'
import {
  type FileNode,
  fromParquetSchema,
  leafPaths,
  parquetName,
  pruneParquetSchema,
  toParquetSchema,
} from '../../../format/parquet/parquet-schema.ts'
import { childFields, type NestedField, stringType, structType, unknownType } from '../../../format/types.ts'
import { listOf, mapOf, optionalField, sampleFields } from './sample-schema.ts'

const leaf = (name: string, rest: Partial<SchemaElement> = {}): SchemaElement => ({
  name,
  type: 'INT32',
  repetition: 'OPTIONAL',
  ...rest,
})
const group = (name: string, numChildren: number, rest: Partial<SchemaElement> = {}): SchemaElement => ({
  name,
  numChildren,
  repetition: 'OPTIONAL',
  ...rest,
})
const root = (numChildren: number): SchemaElement => ({ name: 'schema', numChildren })
const LIST = { logicalType: { kind: 'LIST' } } as const
const MAP = { logicalType: { kind: 'MAP' } } as const

describe('the Parquet schema of a table', () => {
  test('reads back as the table, without its unknown columns', () => {
    const { fields, hasFieldIds } = fromParquetSchema(toParquetSchema({ fields: sampleFields }))
    expect(hasFieldIds).toBe(true)
    expect(fields.map(outlineOfNode)).toEqual(outlineOfFields(sampleFields))
  })

  test('has levels by the optional and repeated groups on the way to a leaf', () => {
    const { leaves } = fromParquetSchema(toParquetSchema({ fields: sampleFields }))
    const levels = Object.fromEntries(
      leaves.map(({ path, maxDefinitionLevel, maxRepetitionLevel }) => [
        path.join('.'),
        [maxDefinitionLevel, maxRepetitionLevel],
      ]),
    )
    expect(levels['id']).toEqual([0, 0])
    expect(levels['st.in.z']).toEqual([3, 0])
    expect(levels['l.list.element.p']).toEqual([1, 1])
    expect(levels['l.list.element.q']).toEqual([2, 1])
    expect(levels['m.key_value.value.list.element']).toEqual([5, 2])
    expect(levels['ll.list.element.list.element']).toEqual([4, 2])
    expect(levels['ms.key_value.key.k']).toEqual([1, 1])
    expect(leaves.map(({ path }) => path)).toEqual(leafPaths(toParquetSchema({ fields: sampleFields })))
  })

  test.each([
    ['sp ace.dot-ü', 'sp_x20ace_x2Edot_x2Dü'],
    ['9lives', '_9lives'],
    ['a9_b', 'a9_b'],
    ['😀', '_xD83D_xDE00'],
  ])('the name %s is stored as %s', (name, stored) => {
    expect(parquetName(name)).toBe(stored)
  })

  test('names that would be stored alike are told apart', () => {
    const fields = [optionalField(1, 'a b', stringType), optionalField(2, 'a_x20b', stringType)]
    expect(leafPaths(toParquetSchema({ fields }))).toEqual([['a_x20b'], ['a_x20b_2']])
  })

  test.each([
    ['a list of unknown', listOf(2, unknownType)],
    ['a map of unknown', mapOf(2, stringType, 3, unknownType)],
    ['a struct of unknown', structType([optionalField(2, 'a', unknownType)])],
    ['fixed[0]', { kind: 'fixed', length: 0 } as const],
  ])('%s has no Parquet form', (_, type) => {
    expect(() => toParquetSchema({ fields: [optionalField(1, 'x', type)] })).toThrow(
      /cannot be written to Parquet/,
    )
  })
})

describe('schemas of other writers', () => {
  const listElement = (elements: SchemaElement[]): FileNode => {
    const { shape } = fromParquetSchema([root(1), ...elements]).fields[0]!
    if (shape.kind !== 'list') throw new Error(`found a ${shape.kind}`)
    return shape.element
  }

  test.each<[string, SchemaElement[], string, readonly [boolean, number, number]]>([
    [
      'three levels',
      [group('a', 1, LIST), group('list', 1, { repetition: 'REPEATED' }), leaf('element')],
      'primitive',
      [false, 3, 1],
    ],
    [
      'three levels named bag',
      [
        group('a', 1, { convertedType: 3 }),
        group('bag', 1, { repetition: 'REPEATED' }),
        leaf('array_element'),
      ],
      'primitive',
      [false, 3, 1],
    ],
    [
      'a repeated leaf',
      [group('a', 1, LIST), leaf('element', { repetition: 'REPEATED' })],
      'primitive',
      [true, 2, 1],
    ],
    [
      'a repeated group of two',
      [group('a', 1, LIST), group('element', 2, { repetition: 'REPEATED' }), leaf('x'), leaf('y')],
      'struct',
      [true, 2, 1],
    ],
    [
      'a group named array',
      [group('a', 1, LIST), group('array', 1, { repetition: 'REPEATED' }), leaf('x')],
      'struct',
      [true, 2, 1],
    ],
    [
      'a group named <list>_tuple',
      [group('a', 1, LIST), group('a_tuple', 1, { repetition: 'REPEATED' }), leaf('x')],
      'struct',
      [true, 2, 1],
    ],
    ['a repeated field in no list', [leaf('a', { repetition: 'REPEATED' })], 'primitive', [true, 1, 1]],
  ])('%s is a list', (_, elements, kind, [required, definition, repetition]) => {
    const element = listElement(elements)
    expect(element.shape.kind).toBe(kind)
    expect(element.required).toBe(required)
    expect([element.maxDefinitionLevel, element.maxRepetitionLevel]).toEqual([definition, repetition])
  })

  test('MAP_KEY_VALUE is a map', () => {
    const elements = [
      root(1),
      group('m', 1, { convertedType: 2 }),
      group('map', 2, { repetition: 'REPEATED' }),
      leaf('key'),
      leaf('value'),
    ]
    expect(fromParquetSchema(elements).fields[0]!.shape.kind).toBe('map')
  })

  test('a name mapping gives ids by normalised names, where no field has an id', () => {
    const elements = [
      root(2),
      group('l', 1, LIST),
      group('bag', 1, { repetition: 'REPEATED' }),
      leaf('item'),
      leaf('b'),
    ]
    const asked: string[] = []
    const nameMapping = (path: readonly string[]) => {
      asked.push(path.join('.'))
      return path.length
    }
    const { fields, hasFieldIds } = fromParquetSchema(elements, { nameMapping })
    expect(hasFieldIds).toBe(false)
    expect(asked.sort()).toEqual(['b', 'l', 'l.element'])
    expect(fields.map((field) => field.fieldId)).toEqual([1, 1])
    const withIds = fromParquetSchema([root(1), leaf('b', { fieldId: 7 })], { nameMapping })
    expect(withIds.fields[0]!.fieldId).toBe(7)
  })

  test.each<[Partial<SchemaElement>, string | undefined]>([
    [{ type: 'INT96' }, 'timestamptz'],
    [{ type: 'INT32', convertedType: 15 }, 'int'],
    [{ type: 'INT32', convertedType: 13 }, 'long'],
    [{ type: 'INT64', logicalType: { kind: 'INTEGER', bitWidth: 64, isSigned: false } }, undefined],
    [{ type: 'INT64', convertedType: 9 }, 'timestamptz'],
    [
      { type: 'INT64', logicalType: { kind: 'TIMESTAMP', isAdjustedToUtc: false, unit: 'NANOS' } },
      'timestamp_ns',
    ],
    [{ type: 'INT32', convertedType: 7 }, 'time'],
    [{ type: 'BYTE_ARRAY' }, 'binary'],
    [{ type: 'BYTE_ARRAY', convertedType: 4 }, 'string'],
    [{ type: 'BYTE_ARRAY', convertedType: 19 }, 'string'],
    [{ type: 'BYTE_ARRAY', convertedType: 20 }, 'binary'],
    [{ type: 'FIXED_LEN_BYTE_ARRAY', typeLength: 2, logicalType: { kind: 'FLOAT16' } }, 'float'],
    [{ type: 'BYTE_ARRAY', convertedType: 5, precision: 20, scale: 2 }, 'decimal'],
    [{ type: 'BYTE_ARRAY', convertedType: 5, precision: 50, scale: 2 }, undefined],
  ])('%j is read as %s', (element, kind) => {
    const { shape } = fromParquetSchema([root(1), leaf('a', element)]).fields[0]!
    expect(shape.kind === 'primitive' ? shape.type?.kind : shape.kind).toBe(kind)
  })

  test.each<[string, SchemaElement[]]>([
    ['a group that claims more than there is', [root(1), group('a', 5), leaf('b')]],
    ['elements left over', [root(1), leaf('a'), leaf('b')]],
    ['nothing', []],
    ['a negative count', [root(1), group('a', -1)]],
    ['a list of two', [root(1), group('a', 2, LIST), leaf('b'), leaf('c')]],
    [
      'a map of three',
      [
        root(1),
        group('m', 1, MAP),
        group('e', 3, { repetition: 'REPEATED' }),
        leaf('k'),
        leaf('v'),
        leaf('w'),
      ],
    ],
  ])('%s is INVALID_DATA', (_, elements) => {
    expect(() => fromParquetSchema(elements)).toThrow(/the Parquet schema/)
  })

  test('bottomless nesting is refused', () => {
    const groups = Array.from({ length: 200 }, () => group('a', 1))
    expect(() => fromParquetSchema([root(1), ...groups, leaf('b')])).toThrow(
      /Parquet schema: more than 128 levels/,
    )
  })
})

test('a pruned schema keeps the leaves asked for and the groups around them', () => {
  const elements = toParquetSchema({ fields: sampleFields })
  const paths = leafPaths(elements)
  const wanted = ['id', 'st.in.z', 'l.list.element.q', 'm.key_value.key']
  const keep = new Set(paths.flatMap((path, i) => (wanted.includes(path.join('.')) ? [i] : [])))
  expect(leafPaths(pruneParquetSchema(elements, keep)).map((path) => path.join('.'))).toEqual(wanted)
})

test('a pruned schema has its lists in three levels, at the same definition and repetition levels', () => {
  const repeated = { repetition: 'REPEATED' } as const
  const elements = [
    root(4),
    ...[group('two', 1, LIST), group('array', 2, repeated), leaf('a'), leaf('b')],
    ...[group('one', 1, LIST), group('one_tuple', 1, repeated), leaf('a')],
    ...[group('primitive', 1, LIST), leaf('array', repeated)],
    leaf('bare', repeated),
  ]
  const { leaves } = fromParquetSchema(elements)
  const pruned = pruneParquetSchema(elements, new Set([1, 2, 3, 4]))
  const again = fromParquetSchema(pruned)
  expect(leafPaths(pruned).map((path) => path.join('.'))).toEqual([
    'two.list.array.b',
    'one.list.one_tuple.a',
    'primitive.list.array',
    'bare.list.bare',
  ])
  const levels = (node: FileNode) => [node.maxDefinitionLevel, node.maxRepetitionLevel]
  expect(again.leaves.map(levels)).toEqual(leaves.slice(1).map(levels))
})

/** name, id, requiredness and children, for comparing both kinds of tree. */
type Outline = readonly [string, number | undefined, boolean, string, readonly Outline[]]

function outlineOfFields(fields: readonly NestedField[]): Outline[] {
  return fields
    .filter((field) => field.type.kind !== 'unknown')
    .map(({ id, name, required, type }) => {
      const nested = type.kind === 'struct' || type.kind === 'list' || type.kind === 'map'
      return [parquetName(name), id, required, type.kind, nested ? outlineOfFields(childFields(type)) : []]
    })
}

function outlineOfNode(node: FileNode): Outline {
  const { shape } = node
  const children =
    shape.kind === 'list'
      ? [shape.element]
      : shape.kind === 'map'
        ? [shape.key, shape.value!]
        : shape.kind === 'primitive'
          ? []
          : shape.fields
  const kind = shape.kind === 'primitive' ? shape.type!.kind : shape.kind
  return [node.name, node.fieldId, node.required, kind, children.map(outlineOfNode)]
}
