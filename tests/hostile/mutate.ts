/** Mutations that know the structure of what they break, so that what lies deep is reached. */
import { crc32 } from 'node:zlib'
import { AvroOutput } from '../../format/avro/avro-output.ts'
import { openAvro } from '../../format/avro/container.ts'
import type { ColumnChunk } from '../../format/parquet/footer.ts'
import {
  chunkRange,
  decodeFooter,
  encodeFooter,
  FOOTER_TAIL_LENGTH,
  footerLength,
  PARQUET_MAGIC,
} from '../../format/parquet/footer-codec.ts'
import { type PageHeader, pageHeader } from '../../format/parquet/page-header.ts'
import { readThrift, writeThrift } from '../../format/parquet/thrift.ts'

export type Random = (below: number) => number

/** The file with one or a few things changed. Throws nothing for files that are good. */
export function mutated(location: string, bytes: Uint8Array, random: Random): Uint8Array {
  if (random(12) === 0) return cut(edited(bytes, random), random)
  if (location.endsWith('.json')) return mutatedJson(bytes, random)
  if (location.endsWith('.avro')) return mutatedAvro(bytes, random)
  if (location.endsWith('.parquet')) return mutatedParquet(bytes, random)
  if (location.endsWith('.puffin')) return mutatedPuffin(bytes, random)
  return edited(bytes, random)
}

function cut(bytes: Uint8Array, random: Random): Uint8Array {
  return random(2) === 0 ? bytes.slice(0, random(bytes.length)) : bytes
}

const BYTES = [0, 1, 2, 3, 4, 0x10, 0x7f, 0x80, 0x81, 0xc0, 0xfe, 0xff]

/** A few bytes changed, put in or left out. */
function edited(bytes: Uint8Array, random: Random): Uint8Array {
  let edit = bytes.slice()
  for (let count = 1 + random(3); count > 0 && edit.length > 0; count--) {
    const at = random(edit.length)
    const some = Uint8Array.from({ length: 1 + random(4) }, () =>
      random(3) === 0 ? random(256) : pick(BYTES, random),
    )
    switch (random(5)) {
      case 0:
        edit = Uint8Array.from([...edit.subarray(0, at), ...some, ...edit.subarray(at)])
        break
      case 1:
        edit = Uint8Array.from([...edit.subarray(0, at), ...edit.subarray(at + 1 + random(3))])
        break
      default:
        edit.set(some.subarray(0, edit.length - at), at)
    }
  }
  return edit
}

function pick<T>(values: readonly T[], random: Random): T {
  return values[random(values.length)]!
}

const ODD_NUMBERS = [
  '0',
  '-1',
  '1',
  '2',
  '3',
  '127',
  '128',
  '2147483647',
  '2147483648',
  '-2147483648',
  '4294967296',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775809',
  '1e400',
  '0.5',
  '1e18',
  '99999999999999999999999',
]
const ODD_TEXTS = [
  '',
  '__proto__',
  'constructor',
  '\\ud800',
  'null',
  'a.b',
  '../../x',
  'file:///etc/passwd',
  's3://other/x',
  'list',
  'struct',
  'decimal(0,0)',
  'decimal(99,98)',
  'fixed[4294967296]',
  'fixed[-1]',
  'unknown',
  'variant',
  'timestamp_ns',
  'bucket[0]',
  'bucket[4294967296]',
  'truncate[0]',
  'void',
  'identity',
  'year',
  'memory://lake/wh/none',
  'x'.repeat(5000),
]

function mutatedJson(bytes: Uint8Array, random: Random): Uint8Array {
  const json: unknown = JSON.parse(Buffer.from(bytes).toString(), (_, value: unknown) => value)
  let text = JSON.stringify(json)
  for (let count = 1 + random(2); count > 0; count--) text = mutatedText(text, random)
  return new Uint8Array(Buffer.from(text))
}

/** One token of a JSON text becomes another value, or its member goes, or comes twice. */
function mutatedText(text: string, random: Random): string {
  const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null/g)]
  const token = pick(tokens, random)
  if (token === undefined) return text
  const start = token.index
  const end = start + token[0].length
  const put = (value: string) => text.slice(0, start) + value + text.slice(end)
  switch (random(8)) {
    case 0:
      return put('null')
    case 1:
      return put(pick(ODD_NUMBERS, random))
    case 2:
      return put(`"${pick(ODD_TEXTS, random)}"`)
    case 3:
      return put(
        pick(['[]', '{}', '[null]', '{"type":"list"}', `${'['.repeat(200)}${']'.repeat(200)}`], random),
      )
    case 4: {
      const other = pick(tokens, random)
      return put(other[0])
    }
    case 5:
      return put(pick(ODD_NUMBERS, random))
    case 6: {
      // The member again, behind itself.
      const member = /^"(?:[^"\\]|\\.)*":(?:"(?:[^"\\]|\\.)*"|-?[\d.]+|true|false|null)/.exec(
        text.slice(start),
      )
      return member === null ? put('true') : `${text.slice(0, start)}${member[0]},${text.slice(start)}`
    }
    default: {
      const member = /^"(?:[^"\\]|\\.)*":(?:"(?:[^"\\]|\\.)*"|-?[\d.]+|true|false|null),/.exec(
        text.slice(start),
      )
      return member === null ? put('false') : text.slice(0, start) + text.slice(start + member[0].length)
    }
  }
}

/** The records in the clear, some of their bytes changed; or the header's schema; or the blocks' counts and lengths. */
function mutatedAvro(bytes: Uint8Array, random: Random): Uint8Array {
  const file = openAvro(bytes)
  const metadata = new Map(file.metadata)
  const sync = bytes.slice(-16)
  metadata.set(
    'avro.codec',
    random(20) === 0 ? pick(['snappy', 'deflate', 'zstandard', 'none', ''], random) : 'null',
  )
  const inHeader = random(4) === 0
  if (inHeader) {
    const key = pick([...metadata.keys()], random)
    metadata.set(key, key === 'avro.codec' ? 'null' : mutatedText(metadata.get(key)!, random))
  }
  const output = new AvroOutput(4096)
  output.writeFixed(Uint8Array.of(0x4f, 0x62, 0x6a, 1))
  output.writeInt(metadata.size)
  for (const [key, value] of metadata) {
    output.writeString(key)
    output.writeString(value)
  }
  output.writeInt(0)
  output.writeFixed(sync)
  for (const block of file.blocks()) {
    const records = inHeader
      ? block.bytes
      : random(3) === 0
        ? edited(block.bytes, random)
        : withOddVarint(block.bytes, random)
    output.writeInt(random(25) === 0 ? pick([0, -1, 1, 2 ** 31 - 1], random) : block.count)
    if (random(40) === 0) output.writeInt(pick([0, -1, 2 ** 31 - 1, records.length + 1], random))
    else output.writeInt(records.length)
    output.writeFixed(records)
    output.writeFixed(random(60) === 0 ? sync.map((byte) => byte ^ 1) : sync)
  }
  return new Uint8Array(output.view())
}

/** A place that may be a number takes another number: its bytes are a varint. */
function withOddVarint(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random(bytes.length)
  let end = at
  while (end < bytes.length - 1 && bytes[end]! >= 0x80) end++
  const output = new AvroOutput(32)
  output.writeLong(
    pick(
      [
        0n,
        1n,
        -1n,
        2n,
        3n,
        63n,
        64n,
        127n,
        1000n,
        2n ** 31n - 1n,
        2n ** 31n,
        -(2n ** 31n),
        2n ** 53n,
        2n ** 63n - 1n,
        -(2n ** 63n),
      ],
      random,
    ),
  )
  return Uint8Array.from([...bytes.subarray(0, at), ...output.view(), ...bytes.subarray(end + 1)])
}

function mutatedParquet(bytes: Uint8Array, random: Random): Uint8Array {
  const length = footerLength(bytes.subarray(-FOOTER_TAIL_LENGTH), bytes.length)
  const start = bytes.length - FOOTER_TAIL_LENGTH - length
  if (random(4) === 0) {
    const footer = edited(bytes.subarray(start, start + length), random)
    const tail = Buffer.alloc(4)
    tail.writeUInt32LE(footer.length)
    return Uint8Array.from([...bytes.subarray(0, start), ...footer, ...tail, ...PARQUET_MAGIC])
  }
  const footer = decodeFooter(bytes.subarray(start, start + length), bytes.length)
  const parts: Uint8Array[] = [PARQUET_MAGIC]
  let offset = PARQUET_MAGIC.length
  const victim = random(footer.rowGroups.length * footer.rowGroups[0]!.columns.length)
  let index = 0
  const rowGroups = footer.rowGroups.map((group) => ({
    ...group,
    columns: group.columns.map((column) => {
      const range = chunkRange(column)
      const { bytes: chunk, dictionaryLength } = remadeChunk(
        bytes.subarray(range.start, range.end),
        index++ === victim ? random : undefined,
      )
      parts.push(chunk)
      const {
        dictionaryPageOffset: _1,
        offsetIndexOffset: _2,
        columnIndexOffset: _3,
        ...bare
      } = column as ColumnChunk & {
        offsetIndexOffset?: unknown
        columnIndexOffset?: unknown
      }
      const moved = {
        ...bare,
        totalCompressedSize: BigInt(chunk.length),
        dataPageOffset: BigInt(offset + dictionaryLength),
        ...(dictionaryLength === 0 ? {} : { dictionaryPageOffset: BigInt(offset) }),
      } as ColumnChunk
      offset += chunk.length
      return random(40) === 0 ? withOddNumber(moved, random) : moved
    }),
  }))
  const end = random(10) === 0 ? withOddNumber({ ...footer, rowGroups }, random) : { ...footer, rowGroups }
  return new Uint8Array(Buffer.concat([...parts, encodeFooter(end)]))
}

/** The pages without checksums; with `random`, a header or some bytes of one of them changed. */
function remadeChunk(
  chunk: Uint8Array,
  random: Random | undefined,
): { readonly bytes: Uint8Array; readonly dictionaryLength: number } {
  const pages: { header: PageHeader; body: Uint8Array }[] = []
  for (let at = 0; at < chunk.length; ) {
    const { value, end } = readThrift(pageHeader, chunk, at)
    const { crc: _, ...header } = value
    pages.push({ header, body: chunk.subarray(end, end + header.compressedPageSize) })
    at = end + header.compressedPageSize
  }
  const victim = random === undefined ? -1 : random(pages.length)
  const parts: Uint8Array[] = []
  let dictionaryLength = 0
  pages.forEach(({ header, body }, i) => {
    let changed = header
    let stored = body
    if (i === victim && random !== undefined) {
      if (random(3) === 0) changed = withOddNumber(header, random)
      else if (body.length > 0) {
        stored = edited(body, random)
        changed = { ...header, compressedPageSize: stored.length }
        if (header.uncompressedPageSize === header.compressedPageSize)
          changed = { ...changed, uncompressedPageSize: stored.length }
      }
    }
    const bytes = Buffer.concat([writeThrift(pageHeader, changed), stored])
    if (i === 0 && header.type === 2) dictionaryLength = bytes.length
    parts.push(bytes)
  })
  return { bytes: new Uint8Array(Buffer.concat(parts)), dictionaryLength }
}

/** One of the numbers in it, at any depth, becomes another. */
function withOddNumber<T extends object>(value: T, random: Random): T {
  const entries = Object.entries(value).filter(
    ([, item]) =>
      typeof item === 'number' ||
      typeof item === 'bigint' ||
      (typeof item === 'object' && item !== null && !(item instanceof Uint8Array) && !(item instanceof Map)),
  )
  if (entries.length === 0) return value
  const [key, item] = pick(entries, random)!
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>
  if (typeof item === 'number')
    copy[key] = pick([0, 1, -1, 2, item + 1, item - 1, 255, 2 ** 31 - 1, -(2 ** 31)], random)
  else if (typeof item === 'bigint')
    copy[key] = pick(
      [0n, 1n, -1n, item + 1n, item - 1n, 2n ** 31n, 2n ** 40n, 2n ** 63n - 1n, -(2n ** 63n)],
      random,
    )
  else copy[key] = withOddNumber(item as object, random)
  return copy as T
}

/** A vector's bytes changed, with its checksum made right again, so that what the bitmap says is looked at. */
function mutatedPuffin(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  const starts: number[] = []
  for (let at = 4; at + 8 < copy.length; at++) if (view.getUint32(at) === 0xd1d33964) starts.push(at - 4)
  if (starts.length === 0 || random(6) === 0) return edited(bytes, random)
  const start = pick(starts, random)
  const length = view.getUint32(start)
  for (let count = 1 + random(3); count > 0; count--)
    copy[start + 8 + random(length - 4)] = random(2) === 0 ? pick(BYTES, random) : random(256)
  view.setUint32(start + 4 + length, crc32(copy.subarray(start + 4, start + 4 + length)))
  return copy
}
