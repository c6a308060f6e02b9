/** What stands for a large value that an update left as it was: a text, and the same in the form of other types. */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { JsonValue } from '../../format/lossless-json.ts'

const TEXT = '__debezium_unavailable_value'
const BYTES = [...Buffer.from(TEXT)]
const BASE64 = Buffer.from(TEXT).toString('base64')
/** As Java names it by the text (RFC 4122, version 3). */
const UUID = uuidOf(createHash('md5').update(TEXT).digest())

/** Whether it is that, or has it in itself: elements of arrays and entries of maps stand for the whole. */
export function isUnavailable(value: JsonValue): boolean {
  if (typeof value === 'string') return value.includes(TEXT) || value === BASE64 || value === UUID
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return isDeepStrictEqual(value, BYTES) || value.some(isUnavailable)
  return Object.entries(value).some(([key, each]) => isUnavailable(key) || isUnavailable(each))
}

function uuidOf(hash: Buffer): string {
  hash[6] = (hash[6]! & 0x0f) | 0x30
  hash[8] = (hash[8]! & 0x3f) | 0x80
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
