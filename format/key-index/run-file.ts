/**
 * A run: an immutable file of sorted entries, whole data files or parts of them.
 *
 *   ...  blocks (run-block.ts)
 *   footer:
 *     for each block   i32 u32 u32   its first code, high and low, and its size in bytes
 *     JSON             RunFooter without the blocks
 *     u32 u32 u32 4B   number of blocks, size of the JSON, CRC-32 of blocks and JSON, "MKIR"
 *
 * All integers little-endian. (An extension of Moraine's; other engines do not read it.)
 */
import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import { invalidData } from '../errors.ts'
import { parseJson } from '../lossless-json.ts'
import type { KeyForm } from './key-codes.ts'
import type { KeyEntries } from './key-entries.ts'
import { BLOCK_ENTRIES, encodeBlock } from './run-block.ts'

/** Rows of a data file that are in a run; the file as its manifest entry has it, so that no other is taken for it. */
export interface IndexedFile {
  readonly path: string
  readonly sizeInBytes: number
  readonly recordCount: number
  /** Its rows from this position on. */
  readonly first: number
  /** So many of them. */
  readonly rows: number
}

export interface RunBlocks {
  /** First codes. */
  readonly high: Int32Array
  readonly low: Uint32Array
  /** Where each block begins in the file, and where the last one ends. */
  readonly offsets: Float64Array
}

export interface RunFooter {
  readonly form: KeyForm
  readonly entries: number
  readonly files: readonly IndexedFile[]
  readonly blocks: RunBlocks
}

export interface EncodedRun {
  readonly bytes: Uint8Array
  readonly footerBytes: number
  readonly footer: RunFooter
}

const MAGIC = 0x52494b4d
const TRAILER = 16
const FENCE = 12

/** Encodes entries that are sorted; their `file` is an index into `files`. */
export function encodeRun(form: KeyForm, entries: KeyEntries, files: readonly IndexedFile[]): EncodedRun {
  const blocks: Uint8Array[] = []
  const fences: number[] = []
  for (let start = 0; start < entries.length; start += BLOCK_ENTRIES) {
    blocks.push(encodeBlock(entries, start, Math.min(start + BLOCK_ENTRIES, entries.length)))
    fences.push(start)
  }
  const json = Buffer.from(JSON.stringify({ form, entries: entries.length, files }))
  const footer = new Uint8Array(fences.length * FENCE + json.length + TRAILER)
  const view = new DataView(footer.buffer)
  fences.forEach((start, i) => {
    view.setInt32(i * FENCE, entries.high[start]!, true)
    view.setUint32(i * FENCE + 4, entries.low[start]!, true)
    view.setUint32(i * FENCE + 8, blocks[i]!.length, true)
  })
  const trailer = footer.length - TRAILER
  footer.set(json, fences.length * FENCE)
  view.setUint32(trailer, fences.length, true)
  view.setUint32(trailer + 4, json.length, true)
  view.setUint32(trailer + 8, crc32(footer.subarray(0, trailer)), true)
  view.setUint32(trailer + 12, MAGIC, true)
  const bytes = Buffer.concat([...blocks, footer])
  return { bytes, footerBytes: footer.length, footer: decodeRunFooter(footer) }
}

/** Errors: `INVALID_DATA`. */
export function decodeRunFooter(bytes: Uint8Array): RunFooter {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const trailer = bytes.length - TRAILER
  if (trailer < 0 || view.getUint32(trailer + 12, true) !== MAGIC) throw damaged()
  const count = view.getUint32(trailer, true)
  const jsonBytes = view.getUint32(trailer + 4, true)
  const isWhole = crc32(bytes.subarray(0, trailer)) === view.getUint32(trailer + 8, true)
  if (!isWhole || count * FENCE + jsonBytes !== trailer) throw damaged()
  const high = new Int32Array(count)
  const low = new Uint32Array(count)
  const offsets = new Float64Array(count + 1)
  for (let i = 0; i < count; i++) {
    high[i] = view.getInt32(i * FENCE, true)
    low[i] = view.getUint32(i * FENCE + 4, true)
    offsets[i + 1] = offsets[i]! + view.getUint32(i * FENCE + 8, true)
  }
  const json = Buffer.from(bytes.buffer, bytes.byteOffset + count * FENCE, jsonBytes).toString('utf8')
  // What the checksum passes is what `encodeRun` wrote: its numbers are safe integers.
  const { form, entries, files } = parseJson(json) as unknown as Omit<RunFooter, 'blocks'>
  return { form, entries, files, blocks: { high, low, offsets } }
}

function damaged(): Error {
  return invalidData('the footer of a run of the key index is damaged')
}
