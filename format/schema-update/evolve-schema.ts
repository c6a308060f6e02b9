/**
 * A schema evolved step by step (spec: "Schema Evolution"; where that is silent, Iceberg Java's `SchemaUpdate`).
 *
 * Unlike in Java, names mean the schema that the steps before have left, so that steps read from top to bottom.
 */
import { type ColumnPath, columnName, findColumn, requireColumn } from '../column-path.ts'
import { invalidArgument, type MoraineError } from '../errors.ts'
import { assignFreshIds, findFieldById, findFieldByPath, type Schema, type SchemaField } from '../schema.ts'
import { requireTypes, validateSchema } from '../schema-validate.ts'
import type { FormatVersion } from '../table-metadata.ts'
import { isPrimitive, type NestedField, type Type, typesEqual, typeToString } from '../types.ts'
import { toLiteral } from '../values/literal-input.ts'
import { editField, editMembers } from './edit-fields.ts'
import { canPromote, promoteField, promotionsOf } from './promotion.ts'
import type { ColumnPlace, SchemaStep } from './schema-step.ts'
import { unionSteps } from './union-by-name.ts'

export interface EvolveSchemaOptions {
  readonly formatVersion: FormatVersion
  /** The highest field id that the table has ever assigned: new ids start above it. */
  readonly lastColumnId: number
}

export interface EvolvedSchema {
  readonly fields: readonly NestedField[]
  readonly identifierFieldIds: readonly number[]
  readonly lastColumnId: number
}

/**
 * The schema after all steps, in order. Throws INVALID_ARGUMENT that names the column and the rule (also as
 * `context.rule`) for a step that the format forbids.
 */
export function evolveSchema(
  base: Schema,
  steps: readonly SchemaStep[],
  options: EvolveSchemaOptions,
): EvolvedSchema {
  const { fields, identifierFieldIds } = base
  // What no step touches is not judged: other writers may have left it.
  if (steps.length === 0) return { fields, identifierFieldIds, lastColumnId: options.lastColumnId }
  const draft: Draft = { ...options, base, fields, identifierFieldIds }
  for (const step of steps) applyStep(draft, step)
  checkIdentifiersKept(draft)
  const evolved = { fields: draft.fields, identifierFieldIds: draft.identifierFieldIds }
  validateSchema({ ...base, ...evolved }, draft.formatVersion)
  return { ...evolved, lastColumnId: draft.lastColumnId }
}

interface Draft {
  readonly base: Schema
  readonly formatVersion: FormatVersion
  fields: readonly NestedField[]
  identifierFieldIds: readonly number[]
  lastColumnId: number
}

type StepOf<K extends SchemaStep['kind']> = Extract<SchemaStep, { readonly kind: K }>

function applyStep(draft: Draft, step: SchemaStep): void {
  switch (step.kind) {
    case 'add-column':
      addColumn(draft, step)
      break
    case 'drop-column':
      dropColumn(draft, step)
      break
    case 'rename-column':
      renameColumn(draft, step)
      break
    case 'move-column':
      moveColumn(draft, step)
      break
    case 'widen-column':
      widenColumn(draft, step)
      break
    case 'make-column-optional':
      edit(draft, 'makeColumnOptional', step.column, (field) => ({ ...field, required: false }))
      break
    case 'require-column':
      requireValues(draft, step)
      break
    case 'set-column-doc':
      edit(draft, 'setColumnDoc', step.column, ({ doc: _, ...field }) =>
        step.doc === undefined ? field : { ...field, doc: step.doc },
      )
      break
    case 'set-column-default':
      edit(draft, 'setColumnDefault', step.column, (field) => withWriteDefault(field, step))
      break
    case 'set-identifier-fields':
      draft.identifierFieldIds = step.columns.map(
        (column) => requireColumn(draft, column, 'setIdentifierFields').field.id,
      )
      break
    case 'union-by-name':
      requireTypes(step.fields)
      for (const found of unionSteps(draft, step.fields, draft.formatVersion)) applyStep(draft, found)
      break
    default:
      step satisfies never
  }
}

function addColumn(draft: Draft, { column, added, allowIncompatible }: StepOf<'add-column'>): void {
  const { parent, name } = splitLast(column)
  const struct = parent === undefined ? undefined : requireStruct(draft, parent)
  const path = [...(struct?.path ?? []), name]
  if (findFieldByPath(draft, path) !== undefined || findColumn(draft, path.join('.')) !== undefined) {
    throw wrong('addColumn', path, 'exists already', 'Schemas: names are unique')
  }
  if (added.required && (added.initialDefault ?? null) === null && !allowIncompatible) {
    throw wrong(
      'addColumn',
      path,
      'is required, so rows that were written before it need a default (format version 3); ' +
        'give one, make it optional, or pass { allowIncompatible: true }',
      'Default values',
    )
  }
  const given = [{ ...added, id: 0, name }]
  requireTypes(given)
  const [fresh] = assignFreshIds(given, () => ++draft.lastColumnId)
  draft.fields = editMembers(draft.fields, struct?.idPath ?? [], (members) => [...members, fresh!])
}

/** The struct that new columns of `path` go to: the column itself, or what its list or map holds. */
function requireStruct(draft: Draft, path: ColumnPath): SchemaField {
  let found = requireColumn(draft, path, 'addColumn')
  const { kind } = found.field.type
  if (kind === 'list' || kind === 'map') {
    found = findFieldByPath(draft, [...found.path, kind === 'list' ? 'element' : 'value'])!
  }
  refuseInMapKey(draft, 'addColumn', found)
  if (found.field.type.kind === 'struct') return found
  throw invalidArgument(
    `addColumn: '${columnName(path)}' is ${typeToString(found.field.type)}; columns are added to structs only ` +
      '(a top-level name that holds dots is given as an array of one)',
    { column: columnName(path), rule: 'Schema Evolution' },
  )
}

function dropColumn(draft: Draft, { column }: StepOf<'drop-column'>): void {
  const { idPath, field } = requireMember(draft, 'dropColumn', column)
  draft.fields = editMembers(draft.fields, idPath.slice(0, -1), (members) =>
    members.filter((member) => member.id !== field.id),
  )
}

function renameColumn(draft: Draft, { column, newName }: StepOf<'rename-column'>): void {
  const { path, idPath, field } = requireMember(draft, 'renameColumn', column)
  if (newName === field.name) return
  const renamed = [...path.slice(0, -1), newName]
  if (findFieldByPath(draft, renamed) !== undefined) {
    throw wrong('renameColumn', path, `cannot become '${newName}', which exists`, 'Schemas: names are unique')
  }
  draft.fields = editField(draft.fields, idPath, (member) => ({ ...member, name: newName }))
}

function moveColumn(draft: Draft, { column, to }: StepOf<'move-column'>): void {
  const { path, idPath, field } = requireMember(draft, 'moveColumn', column)
  const structIdPath = idPath.slice(0, -1)
  const neighbour = to.kind === 'first' ? undefined : requireMember(draft, 'moveColumn', to.column)
  if (neighbour?.field.id === field.id) {
    throw wrong('moveColumn', path, `cannot move ${to.kind} itself`, 'Schema Evolution')
  }
  if (neighbour !== undefined && neighbour.idPath.slice(0, -1).join() !== structIdPath.join()) {
    throw wrong(
      'moveColumn',
      path,
      `and '${neighbour.path.join('.')}' are in different structs; columns move within one`,
      'Schema Evolution',
    )
  }
  draft.fields = editMembers(draft.fields, structIdPath, (members) => {
    const others = members.filter((member) => member.id !== field.id)
    const at = others.findIndex((member) => member.id === neighbour?.field.id)
    return others.toSpliced(placeIn(to, at), 0, field)
  })
}

function placeIn(to: ColumnPlace, neighbourAt: number): number {
  return to.kind === 'first' ? 0 : to.kind === 'before' ? neighbourAt : neighbourAt + 1
}

function widenColumn(draft: Draft, { column, type }: StepOf<'widen-column'>): void {
  const { field, path } = requireColumn(draft, column, 'widenColumn')
  if (!canPromote(field.type, type, draft.formatVersion)) {
    throw wrong(
      'widenColumn',
      path,
      `cannot become ${typeToString(type)}: ${promotionsOf(field.type, draft.formatVersion)}`,
      'Schema Evolution: valid type promotions',
    )
  }
  if (typesEqual(field.type, type)) return
  edit(draft, 'widenColumn', column, (old) => promoteField(old, freshInside(draft, type)))
}

/** Unknown may become a nested type, whose insides then get ids. */
function freshInside(draft: Draft, type: Type): Type {
  const holder: NestedField = { id: 0, name: '', required: false, type }
  let isHolder = true
  const nextId = () => {
    if (!isHolder) return ++draft.lastColumnId
    isHolder = false
    return 0
  }
  return assignFreshIds([holder], nextId)[0]!.type
}

function requireValues(draft: Draft, { column, allowIncompatible }: StepOf<'require-column'>): void {
  const { field, path } = requireColumn(draft, column, 'requireColumn')
  if (field.required) return
  const isNew = findColumn(draft.base, path) === undefined && (field.initialDefault ?? null) !== null
  if (!isNew && !allowIncompatible) {
    throw wrong(
      'requireColumn',
      path,
      'may be null in rows that are there; pass { allowIncompatible: true } if you know that it is not',
      'Schema Evolution: optional cannot become required',
    )
  }
  edit(draft, 'requireColumn', column, (old) => ({ ...old, required: true }))
}

function withWriteDefault(field: NestedField, { value, column }: StepOf<'set-column-default'>): NestedField {
  const { writeDefault: _, ...bare } = field
  if (value === null || value === undefined) return bare
  if (!isPrimitive(field.type)) {
    throw invalidArgument(
      `setColumnDefault: '${columnName(column)}' is a ${field.type.kind}; only primitive columns take a default here`,
      { column: columnName(column), rule: 'Default values' },
    )
  }
  return { ...field, writeDefault: toLiteral(field.type, value) }
}

/** Edits what a column says of itself. Keys of maps cannot change in anything. */
function edit(
  draft: Draft,
  usedIn: string,
  column: ColumnPath,
  change: (field: NestedField) => NestedField,
): void {
  const found = requireColumn(draft, column, usedIn)
  refuseInMapKey(draft, usedIn, found)
  draft.fields = editField(draft.fields, found.idPath, change)
}

/** A member of a struct, the root included: elements, keys and values have no name and place of their own. */
function requireMember(draft: Draft, usedIn: string, column: ColumnPath): SchemaField {
  const found = requireColumn(draft, column, usedIn)
  const around = found.path.length === 1 ? undefined : findFieldByPath(draft, found.path.slice(0, -1))
  const kind = around?.field.type.kind
  if (kind === 'list' || kind === 'map') {
    throw wrong(
      usedIn,
      found.path,
      `is the ${found.field.name} of a ${kind}, which it cannot be without`,
      'Schema Evolution',
    )
  }
  refuseInMapKey(draft, usedIn, found)
  return found
}

/** Changed keys would no longer compare with those in the files. */
function refuseInMapKey(draft: Draft, usedIn: string, { path }: SchemaField): void {
  for (let depth = 1; depth < path.length; depth++) {
    if (path[depth] !== 'key') continue
    if (findFieldByPath(draft, path.slice(0, depth))?.field.type.kind !== 'map') continue
    throw wrong(
      usedIn,
      path,
      'belongs to the key of a map, and keys of maps cannot change',
      'Schema Evolution',
    )
  }
}

function checkIdentifiersKept(draft: Draft): void {
  for (const id of draft.identifierFieldIds) {
    const lost = findFieldById(draft, id) === undefined ? findFieldById(draft.base, id) : undefined
    if (lost === undefined) continue
    const top = lost.idPath.findIndex((ancestor) => findFieldById(draft, ancestor) === undefined)
    const dropped = lost.path.slice(0, top + 1).join('.')
    const what =
      dropped === lost.path.join('.')
        ? 'is an identifier field'
        : `holds the identifier field ${lost.path.join('.')}`
    throw wrong(
      'dropColumn',
      [dropped],
      `${what}; set other identifier fields in the same update to drop it`,
      'Identifier Field IDs',
    )
  }
}

/** A column's name and what stands before it; undefined for the root. */
function splitLast(column: ColumnPath): { readonly parent: ColumnPath | undefined; readonly name: string } {
  if (typeof column === 'string') {
    const dot = column.lastIndexOf('.')
    return dot < 0
      ? { parent: undefined, name: column }
      : { parent: column.slice(0, dot), name: column.slice(dot + 1) }
  }
  const parent = column.slice(0, -1)
  return { parent: parent.length === 0 ? undefined : parent, name: column.at(-1) ?? '' }
}

function wrong(usedIn: string, path: readonly string[], problem: string, rule: string): MoraineError {
  const column = path.join('.')
  return invalidArgument(`${usedIn}: column '${column}' ${problem}`, { column, rule })
}
