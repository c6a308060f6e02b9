import { invalidArgument, invalidData } from '../errors.ts'
import type { JsonObject, JsonValue } from '../lossless-json.ts'
import { findFieldById, type Schema } from '../schema.ts'
import { encodeValueJson } from '../values/single-value-json.ts'
import { bytesToHex } from '../values/text.ts'
import { bindTerm } from './bind.ts'
import { bindLiteral } from './bind-literal.ts'
import { allOf, alwaysFalse, alwaysTrue, anyOf, not } from './build.ts'
import type { Expression, LiteralInput, Reference, Term } from './expression.ts'
import { foldExpression, type Predicate } from './fold.ts'

/**
 * The REST form of an expression (REST spec: `Predicate`), in the `term` and `value` spelling that Iceberg Java
 * reads, with every `not` pushed down. With a schema, literals take the JSON form of their column's type, which
 * keeps their meaning whoever reads it. Without one they are written as they are, bytes as hex; then a Date is
 * INVALID_ARGUMENT, and a bigint for a decimal column, an unscaled value, would be read as that number.
 */
export function expressionToJson(expression: Expression, schema?: Pick<Schema, 'fields'>): JsonValue {
  return foldExpression<JsonValue>(expression, {
    constant: (value) => value,
    predicate: (predicate) => predicateToJson(predicate, schema),
    and: (operands) => joinJson('and', operands),
    or: (operands) => joinJson('or', operands),
  })
}

/**
 * Reads the REST form, in the spellings of all versions of the REST spec. Literals are converted by `bind`.
 * References by field id need the schema. INVALID_DATA for JSON that is no expression, or none that we evaluate.
 */
export function expressionFromJson(json: JsonValue, schema?: Pick<Schema, 'fields'>): Expression {
  return readExpression(json, schema, 0)
}

const RULE = 'REST: Predicate'
/** The form nests one level for each operand of an `and`, so that it must allow long chains. */
const MAX_DEPTH = 2000

type MaybeSchema = Pick<Schema, 'fields'> | undefined

function predicateToJson(predicate: Predicate, schema: MaybeSchema): JsonValue {
  const head = { type: predicate.op, term: termToJson(predicate.term) }
  const literal = literalWriter(predicate.term, schema)
  if ('values' in predicate) return { ...head, values: predicate.values.map(literal) }
  return 'value' in predicate ? { ...head, value: literal(predicate.value) } : head
}

/** A literal that no value of the column equals has no form of the column's type and stays as it is. */
function literalWriter(term: Term, schema: MaybeSchema): (literal: LiteralInput) => JsonValue {
  if (schema === undefined) return untypedLiteral
  const { type, path } = bindTerm(term, schema)
  return (literal) => {
    const bound = bindLiteral(type, literal, path.join('.'))
    return 'at' in bound ? encodeValueJson(type, bound.at) : untypedLiteral(literal)
  }
}

function untypedLiteral(literal: LiteralInput): JsonValue {
  if (literal instanceof Date) {
    throw invalidArgument('a Date has no JSON form without a schema; write it as text that fits the column')
  }
  if (typeof literal === 'number' && !Number.isFinite(literal)) return String(literal)
  return literal instanceof Uint8Array ? bytesToHex(literal) : literal
}

/** Halves the operands until two are left: a chain would nest as deep as it is long. */
function joinJson(type: 'and' | 'or', operands: readonly JsonValue[]): JsonValue {
  if (operands.length === 1) return operands[0]!
  const middle = Math.ceil(operands.length / 2)
  return {
    type,
    left: joinJson(type, operands.slice(0, middle)),
    right: joinJson(type, operands.slice(middle)),
  }
}

function termToJson(term: Term): JsonValue {
  if (typeof term === 'string' || !('reference' in term)) return referenceName(term)
  return { type: 'transform', transform: term.transform, term: referenceName(term.reference) }
}

function referenceName(reference: Reference): string {
  return typeof reference === 'string' ? reference : reference.join('.')
}

function readExpression(json: JsonValue | undefined, schema: MaybeSchema, depth: number): Expression {
  if (depth > MAX_DEPTH) throw malformed(`nests deeper than ${MAX_DEPTH} levels`)
  if (typeof json === 'boolean') return json ? alwaysTrue : alwaysFalse
  if (!isObject(json)) throw malformed('is neither a boolean nor an object', json)
  const type = readText(json, 'type').toLowerCase()
  const below = (key: string) => readExpression(json[key], schema, depth + 1)
  switch (type) {
    case 'true':
      return alwaysTrue
    case 'false':
      return alwaysFalse
    case 'literal':
      return readExpression(typeof json['value'] === 'boolean' ? json['value'] : null, schema, depth + 1)
    case 'and':
      return allOf([below('left'), below('right')])
    case 'or':
      return anyOf([below('left'), below('right')])
    case 'not':
      return not(below('child'))
    default:
      return readPredicate(type, json, schema)
  }
}

function readPredicate(op: string, json: JsonObject, schema: MaybeSchema): Expression {
  const term = readTerm(json['term'] ?? json['child'] ?? json['left'], schema)
  switch (op) {
    case 'is-null':
    case 'not-null':
    case 'is-nan':
    case 'not-nan':
      return { op, term }
    case 'lt':
    case 'lt-eq':
    case 'gt':
    case 'gt-eq':
    case 'eq':
    case 'not-eq':
    case 'starts-with':
    case 'not-starts-with':
      return { op, term, value: readLiteral(json['value'] ?? json['right']) }
    case 'in':
    case 'not-in':
      return { op, term, values: readLiterals(json['values']) }
    default:
      throw malformed(`has the unknown type '${op.slice(0, 60)}'`)
  }
}

function readTerm(json: JsonValue | undefined, schema: MaybeSchema): Term {
  if (typeof json === 'string') return json
  if (!isObject(json)) throw malformed('compares something that is no reference', json)
  const type = readText(json, 'type')
  if (type === 'transform') {
    const reference = readTerm(json['term'], schema)
    if (typeof reference !== 'string' && 'reference' in reference) {
      throw malformed('transforms a transform')
    }
    return { transform: readText(json, 'transform'), reference }
  }
  if (type !== 'reference') throw malformed(`compares a '${type.slice(0, 60)}', which is not served`)
  if (json['id'] !== undefined) return readFieldId(json['id'], schema)
  return readText(json, json['name'] === undefined ? 'term' : 'name')
}

function readFieldId(id: JsonValue, schema: MaybeSchema): readonly string[] {
  const field = typeof id === 'number' && schema !== undefined ? findFieldById(schema, id) : undefined
  if (field === undefined) throw malformed('refers to a field id that the schema does not have', id)
  return field.path
}

function readLiterals(json: JsonValue | undefined): readonly LiteralInput[] {
  const values = isObject(json) && json['type'] === 'literals' ? json['values'] : json
  if (!Array.isArray(values)) throw malformed('has no list of values', values)
  return values.map(readLiteral)
}

function readLiteral(json: JsonValue | undefined): LiteralInput {
  const value = isObject(json) && json['type'] === 'literal' ? json['value'] : json
  if (value === undefined || value === null || typeof value === 'object') {
    throw malformed('has a literal that is no boolean, number or text', value)
  }
  // As text it is a number for every type; a bigint would be a decimal's unscaled value.
  return typeof value === 'bigint' ? String(value) : value
}

function readText(json: JsonObject, key: string): string {
  const text = json[key]
  if (typeof text !== 'string') throw malformed(`has no text in '${key}'`, text)
  return text
}

function isObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function malformed(what: string, found?: JsonValue) {
  const shown = found === undefined || typeof found === 'object' ? '' : `: ${String(found).slice(0, 60)}`
  return invalidData(`the expression ${what}${shown}`, { rule: RULE })
}
