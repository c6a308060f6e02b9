/** Sort orders as JSON (spec: "Appendix C: JSON serialization", Sort Orders). */
import { invalidData } from './errors.ts'
import { asInt, asJsonArray, asJsonObject, asString, jsonObject, required } from './json-fields.ts'
import type { JsonObject, JsonValue } from './lossless-json.ts'
import { sourceIdsFromJson, sourceIdsToJson } from './partition-spec-json.ts'
import type { SortField, SortOrder } from './sort-order.ts'
import { parseTransform, transformToString } from './transforms/parse.ts'

export function sortOrderToJson(order: SortOrder): JsonObject {
  return jsonObject({ 'order-id': order.orderId, fields: order.fields.map(sortFieldToJson) })
}

/** Reads a sort order. Throws INVALID_DATA; order id 0 is kept for the unsorted order. */
export function sortOrderFromJson(json: JsonValue): SortOrder {
  const object = asJsonObject(json, 'sort order')
  const orderId = required(object, 'order-id', asInt, 'sort order')
  const fields = required(object, 'fields', asJsonArray, 'sort order').map(sortFieldFromJson)
  if (orderId === 0 && fields.length > 0) {
    throw invalidData('sort order 0 must be unsorted', { rule: 'Sorting: order id 0 is the unsorted order' })
  }
  return { orderId, fields }
}

function sortFieldToJson(field: SortField): JsonObject {
  return jsonObject({
    transform: transformToString(field.transform),
    ...sourceIdsToJson(field.sourceIds),
    direction: field.direction,
    'null-order': field.nullOrder,
  })
}

function sortFieldFromJson(json: JsonValue): SortField {
  const object = asJsonObject(json, 'sort field')
  const sourceIds = sourceIdsFromJson(object, 'sort field')
  return {
    sourceIds,
    transform: parseTransform(required(object, 'transform', asString, 'sort field'), sourceIds.length),
    direction: required(object, 'direction', oneOf('asc', 'desc'), 'sort field'),
    nullOrder: required(object, 'null-order', oneOf('nulls-first', 'nulls-last'), 'sort field'),
  }
}

function oneOf<T extends string>(...words: readonly T[]): (json: JsonValue | undefined, what: string) => T {
  return (json, what) => {
    const text = asString(json, what).toLowerCase()
    const word = words.find((candidate) => candidate === text)
    if (word === undefined) {
      throw invalidData(`${what} must be ${words.join(' or ')}, found '${text.slice(0, 40)}'`, {
        rule: 'Appendix C: Sort Orders',
      })
    }
    return word
  }
}
