/** Which cells of a CSV record were empty without quotes: the parser tells of each cell only at several times its price. */

/** The cells of a record, those null that are empty and not in quotes, by the text that it was parsed from. */
export function withNulls(cells: readonly string[], raw: string): readonly (string | null)[] {
  if (!cells.includes('')) return cells
  let at = 0
  return cells.map((cell) => {
    const isQuoted = raw[at] === '"'
    const length = isQuoted ? cell.length + quotesIn(cell) + 2 : cell.length
    at += length + 1
    return cell === '' && !isQuoted ? null : cell
  })
}

/** Each stands twice within quotes. */
function quotesIn(cell: string): number {
  return cell.includes('"') ? cell.split('"').length - 1 : 0
}

/** UTF-16 that begins with its mark becomes UTF-8, of which alone the parser gives records as they were written. */
export async function* asUtf8(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  let head: Uint8Array | undefined = new Uint8Array()
  let decoder: InstanceType<typeof TextDecoder> | undefined
  for await (const chunk of chunks) {
    let bytes = chunk
    if (head !== undefined) {
      bytes = Buffer.concat([head, chunk])
      if (bytes.length < 2) {
        head = bytes
        continue
      }
      head = undefined
      if (bytes[0] === 0xff && bytes[1] === 0xfe) decoder = new TextDecoder('utf-16le')
    }
    yield decoder === undefined ? bytes : encoder.encode(decoder.decode(bytes, { stream: true }))
  }
  if (head !== undefined) yield head
  if (decoder !== undefined) yield encoder.encode(decoder.decode())
}
