/** Many byte ranges of one object by few requests of bounded size, a bounded number of them at once. */
import type { ByteRange } from './byte-range.ts'
import { slots } from './slots.ts'

/** Ranges closer together than this are one request: the bytes between cost less than a round trip. */
const MAX_GAP_BYTES = 64 * 1024
/** Long enough for a connection's full speed, short enough that several share the work. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024
const REQUESTS_AT_ONCE = 8
/** Where all are so short that each costs a round trip and hardly more: as many as a client has sockets to spare. */
const SHORT_AT_ONCE = 32

/**
 * The bytes of `ranges`, in their order, which `read` fetches: neighbours together, a long range in pieces. Results
 * may be views of one buffer. Rejects as the first `read` that fails.
 */
export async function getRanges(
  ranges: readonly ByteRange[],
  read: (range: ByteRange) => Promise<Uint8Array>,
): Promise<readonly Uint8Array[]> {
  const joined = coalesce(ranges.filter(({ start, end }) => start < end))
  const areShort = joined.every(({ start, end }) => end - start <= MAX_GAP_BYTES)
  const places = slots(areShort ? SHORT_AT_ONCE : REQUESTS_AT_ONCE)
  const readInTurn = async (range: ByteRange): Promise<Uint8Array> => {
    const release = await places.take()
    return read(range).finally(release)
  }
  const buffers = await Promise.all(
    joined.map(async (range) => ({ ...range, bytes: await readJoined(range, readInTurn) })),
  )
  return ranges.map(({ start, end }) => {
    if (start === end) return new Uint8Array(0)
    const buffer = buffers.find((candidate) => candidate.start <= start && end <= candidate.end)!
    return buffer.bytes.subarray(start - buffer.start, end - buffer.start)
  })
}

/**
 * Joins ranges that overlap or lie near each other, up to the size of a request. Each of `ranges` lies in one of the
 * result, which are in order of `start`.
 */
export function coalesce(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const joined: { start: number; end: number }[] = []
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1)
    const isNear = last !== undefined && start - last.end <= MAX_GAP_BYTES
    if (isNear && (end <= last.end || end - last.start <= MAX_REQUEST_BYTES))
      last.end = Math.max(last.end, end)
    else joined.push({ start, end })
  }
  return joined
}

/** One request, or for a longer range several whose bytes are put together as they come. */
async function readJoined(
  { start, end }: ByteRange,
  read: (range: ByteRange) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  if (end - start <= MAX_REQUEST_BYTES) return read({ start, end })
  const bytes = new Uint8Array(end - start)
  const pieces: Promise<void>[] = []
  for (let from = start; from < end; from += MAX_REQUEST_BYTES) {
    const piece = { start: from, end: Math.min(from + MAX_REQUEST_BYTES, end) }
    pieces.push(read(piece).then((part) => bytes.set(part, piece.start - start)))
  }
  await Promise.all(pieces)
  return bytes
}
