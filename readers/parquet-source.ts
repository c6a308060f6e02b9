import { invalidData, isMoraineError, namingFile } from '../format/errors.ts'
import type { FileFooter } from '../format/parquet/footer.ts'
import { decodeFooter, FOOTER_TAIL_LENGTH, footerLength } from '../format/parquet/footer-codec.ts'
import { overLimit, readLimits } from '../format/read-limits.ts'
import type { ByteRange } from '../storage/byte-range.ts'
import { getRanges } from '../storage/get-ranges.ts'
import { getReferenced } from '../storage/get-referenced.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** A Parquet file whose footer has been read. */
export interface ParquetSource {
  readonly location: string
  /** Bytes. */
  readonly length: number
  readonly footer: FileFooter
  /** The end of the file that came with the footer; chunks that lie in it cost no second request. */
  readonly tail: ByteRange & { readonly bytes: Uint8Array }
}

/** What the first request asks for; a footer rarely needs more. */
const TAIL_LENGTH = 64 * 1024

/**
 * Reads a file's footer by one range request, or two when the footer is long. `length` is the size that the manifest
 * claims: where no footer ends there, the file is asked for its own. Throws INVALID_DATA for what is no Parquet file.
 */
export async function openParquet(
  store: ObjectStore,
  location: string,
  length: bigint,
  signal?: AbortSignal,
): Promise<ParquetSource> {
  try {
    return await openAt(store, location, length, signal)
  } catch (error) {
    if (!isMoraineError(error, 'INVALID_DATA')) throw error
    const info = await store.head(location, signal === undefined ? {} : { signal }).catch(() => undefined)
    if (info === undefined || BigInt(info.size) === length) throw error
    return openAt(store, location, BigInt(info.size), signal)
  }
}

async function openAt(
  store: ObjectStore,
  location: string,
  length: bigint,
  signal: AbortSignal | undefined,
): Promise<ParquetSource> {
  if (length < 0n || length > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw invalidData(`${location}: the manifest claims ${length} bytes`, { file: location })
  }
  const end = Number(length)
  const read = (start: number) => getRange(store, location, { start, end }, signal)
  try {
    let start = Math.max(0, end - TAIL_LENGTH)
    let bytes = await read(start)
    const footerBytes = footerLength(bytes, end)
    if (footerBytes > readLimits().metadataBytes)
      throw overLimit(`footer of ${footerBytes} bytes`, 'metadataBytes')
    if (footerBytes + FOOTER_TAIL_LENGTH > bytes.length) {
      start = end - footerBytes - FOOTER_TAIL_LENGTH
      bytes = await read(start)
    }
    const thrift = bytes.subarray(
      bytes.length - FOOTER_TAIL_LENGTH - footerBytes,
      bytes.length - FOOTER_TAIL_LENGTH,
    )
    return { location, length: end, footer: decodeFooter(thrift, end), tail: { start, end, bytes } }
  } catch (error) {
    throw namingFile(location, error)
  }
}

/** Fetches parts of the file, neighbours together; the result is in the order of `ranges`. */
export async function fetchRanges(
  store: ObjectStore,
  { location, tail }: ParquetSource,
  ranges: readonly ByteRange[],
  signal?: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const missing = ranges.filter((range) => !isWithin(range, tail))
  const fetched = await getRanges(missing, (range) => getRange(store, location, range, signal))
  let next = 0
  return ranges.map((range) =>
    isWithin(range, tail)
      ? tail.bytes.subarray(range.start - tail.start, range.end - tail.start)
      : fetched[next++]!,
  )
}

/** Whether a part of the file came with the footer. */
export function isWithin({ start, end }: ByteRange, around: ByteRange): boolean {
  return start === end || (around.start <= start && end <= around.end)
}

async function getRange(
  store: ObjectStore,
  location: string,
  range: ByteRange,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = await getReferenced(store, location, { range, ...(signal === undefined ? {} : { signal }) })
  if (bytes.length !== range.end - range.start) {
    throw invalidData(
      `${location}: expected ${range.end - range.start} bytes from offset ${range.start}, found ${bytes.length}`,
      { file: location },
    )
  }
  return bytes
}
