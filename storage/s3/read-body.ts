import type { Readable } from 'node:stream'
import { MoraineError } from '../../format/errors.ts'

export interface ExpectedBody {
  readonly location: string
  /** In bytes; undefined when the server does not say. */
  readonly length: number | undefined
  /** Called for each piece that comes. */
  readonly progresses: () => void
}

/**
 * All bytes of a response's body. The stream is destroyed on any failure, so that its socket is not leaked. Throws
 * UNAVAILABLE when bytes are missing, or too many.
 */
export async function readBody(body: Readable, expected: ExpectedBody): Promise<Uint8Array> {
  try {
    const pieces = watched(body, expected)
    return expected.length === undefined
      ? await readToEnd(pieces)
      : await readExactly(pieces, expected.length, expected.location)
  } finally {
    body.destroy()
  }
}

async function* watched(body: Readable, { progresses }: ExpectedBody): AsyncGenerator<Uint8Array> {
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    progresses()
    yield piece
  }
}

async function readExactly(
  pieces: AsyncIterable<Uint8Array>,
  length: number,
  location: string,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let offset = 0
  for await (const piece of pieces) {
    if (offset + piece.length > length) throw wrongLength(location, length, offset + piece.length)
    bytes.set(piece, offset)
    offset += piece.length
  }
  if (offset < length) throw wrongLength(location, length, offset)
  return bytes
}

async function readToEnd(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return new Uint8Array(Buffer.concat(all))
}

function wrongLength(location: string, expected: number, found: number): MoraineError {
  return new MoraineError(
    'UNAVAILABLE',
    `${location}: the server announced ${expected} bytes and sent ${found}${found > expected ? ' or more' : ''}`,
    { context: { location, expected, found } },
  )
}
