/** What a key index consists of: a small JSON file that names its runs. (An extension of Moraine's.) */
import { Buffer } from 'node:buffer'
import { invalidData } from '../errors.ts'
import { type JsonObject, type JsonValue, parseJson } from '../lossless-json.ts'
import type { KeyForm } from './key-codes.ts'
import type { RunFooter } from './run-file.ts'

/** Names the root of the index in the summary of the snapshot that it was written with. */
export const KEY_INDEX = 'moraine.key-index'

/** The columns that the keys are of. */
export interface IndexedKey {
  readonly fieldIds: readonly number[]
  /** As in a schema's JSON: a column that was widened has other codes. */
  readonly types: readonly string[]
  readonly form: KeyForm
  /** Whether row ids were looked at: those of version 3. */
  readonly hasRowIds: boolean
}

export function isSameKey(a: IndexedKey, b: IndexedKey): boolean {
  return (
    JSON.stringify([a.fieldIds, a.types, a.form, a.hasRowIds]) ===
    JSON.stringify([b.fieldIds, b.types, b.form, b.hasRowIds])
  )
}

export interface RunRef {
  /** In the folder of the root. */
  readonly name: string
  readonly sizeInBytes: number
  readonly footerBytes: number
  readonly entries: number
}

/** A run that can be read. */
export interface OpenRun {
  readonly ref: RunRef
  readonly location: string
  readonly footer: RunFooter
}

export interface IndexRoot {
  readonly tableUuid: string
  readonly key: IndexedKey
  readonly runs: readonly RunRef[]
}

const FORMAT = 1
/** The only names there are, so that a root can point nowhere else. */
const NAME = /^[0-9a-z-]+\.(?:keys|root)$/

export function encodeRoot({ tableUuid, key, runs }: IndexRoot): Uint8Array {
  return Buffer.from(JSON.stringify({ format: FORMAT, tableUuid, key, runs }))
}

/** Errors: `INVALID_DATA`. */
export function decodeRoot(bytes: Uint8Array): IndexRoot {
  const json = parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'))
  if (!isObject(json) || json['format'] !== FORMAT) throw damaged()
  const { tableUuid, key, runs } = json
  if (typeof tableUuid !== 'string' || !isObject(key) || !Array.isArray(runs)) throw damaged()
  return { tableUuid, key: keyOf(key), runs: runs.map(runOf) }
}

export function isIndexFileName(name: string): boolean {
  return NAME.test(name)
}

function keyOf({ fieldIds, types, form, hasRowIds }: JsonObject): IndexedKey {
  if (!Array.isArray(fieldIds) || !fieldIds.every((id) => typeof id === 'number')) throw damaged()
  if (!Array.isArray(types) || !types.every((type) => typeof type === 'string')) throw damaged()
  if (form !== 'words' && form !== 'hashes') throw damaged()
  if (typeof hasRowIds !== 'boolean') throw damaged()
  return { fieldIds: fieldIds as number[], types: types as string[], form, hasRowIds }
}

function runOf(json: JsonValue): RunRef {
  if (!isObject(json)) throw damaged()
  const { name, sizeInBytes, footerBytes, entries } = json
  if (typeof name !== 'string' || !isIndexFileName(name)) throw damaged()
  return {
    name,
    sizeInBytes: count(sizeInBytes),
    footerBytes: count(footerBytes),
    entries: count(entries),
  }
}

function count(json: JsonValue | undefined): number {
  if (typeof json === 'number' && Number.isSafeInteger(json) && json >= 0) return json
  throw damaged()
}

function isObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function damaged(): Error {
  return invalidData('the root of the key index is damaged')
}
