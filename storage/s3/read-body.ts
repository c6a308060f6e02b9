import type { Readable } from 'node:stream'
import { MoraineError } from '../../format/errors.ts'

/**
 * All bytes of a response body of `length` bytes, or of any length when the server does not say. The stream is
 * destroyed on any failure, so that its socket is not leaked. Throws UNAVAILABLE when bytes are missing, or too many.
 */
export async function readBody(
  body: Readable,
  length: number | undefined,
  location: string,
): Promise<Uint8Array> {
  try {
    return length === undefined ? await readToEnd(body) : await readExactly(body, length, location)
  } finally {
    body.destroy()
  }
}

async function readExactly(body: Readable, length: number, location: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let offset = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    if (offset + chunk.length > length) throw wrongLength(location, length, offset + chunk.length)
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  if (offset < length) throw wrongLength(location, length, offset)
  return bytes
}

async function readToEnd(body: Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

function wrongLength(location: string, expected: number, found: number): MoraineError {
  return new MoraineError(
    'UNAVAILABLE',
    `${location}: the server announced ${expected} bytes and sent ${found}${found > expected ? ' or more' : ''}`,
    { context: { location, expected, found } },
  )
}
