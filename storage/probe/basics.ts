/** What any table needs of its store, asked one request after another. */
import { isMoraineError, messageOf } from '../../format/errors.ts'
import type { ObjectWriter } from '../object-store.ts'
import { bodyOf } from './create-races.ts'
import { LISTED, type ProbeFolder } from './probe-folder.ts'
import { green, type ProbeCheck, red } from './probe-report.ts'

const MiB = 1024 * 1024
/** More than one part of a multipart upload, the last of them short. */
const STREAMED_BYTES = 11 * MiB
const CHUNK_BYTES = MiB
const WRITERS = 4
/** Iceberg bears timestamps that go back by a minute. */
const MAX_SKEW_MS = 60_000

/**
 * Whether the store answers at all, and whether it takes the credentials. A listing is asked for as well as a head,
 * which cannot tell a bucket that is missing from an object; and a put, since many a role may only read.
 */
export async function greet(folder: ProbeFolder): Promise<readonly ProbeCheck[]> {
  const { store, location, options } = folder
  const answers = green('reachable', 'it answers')
  try {
    await store.head(`${location}/nothing`, options)
    for await (const _ of store.list(`${location}/`, options)) break
    await askToWrite(folder)
  } catch (error) {
    if (!isMoraineError(error, 'UNAUTHORIZED')) throw error
    return [answers, red('credentials', messageOf(error))]
  }
  return [answers, green('credentials', 'it lets us look and write')]
}

/** Throws UNAUTHORIZED only: what else may be wrong with a put is told by its own check. */
async function askToWrite({ store, location, options, place }: ProbeFolder): Promise<void> {
  try {
    await store.put(`${location}/greeting`, bodyOf(0), options)
    place('greeting')
  } catch (error) {
    if (isMoraineError(error, 'UNAUTHORIZED')) throw error
  }
}

export async function putAndGet(folder: ProbeFolder): Promise<ProbeCheck> {
  const { store, options } = folder
  const location = folder.place('put')
  const body = bodyOf(7)
  await store.put(location, bodyOf(3), options)
  await store.put(location, body, options)
  const whole = await store.get(location, options)
  const part = await store.get(location, { ...options, range: { start: 2, end: 9 } })
  const info = await store.head(location, options)
  if (Buffer.compare(whole, body) !== 0) return red('put and get', 'what was read is not what was put last')
  if (Buffer.compare(part, body.subarray(2, 9)) !== 0) return red('put and get', 'a range was not obeyed')
  if (info?.size !== body.length)
    return red('put and get', `${body.length} bytes were put, it says ${info?.size}`)
  return green('put and get', 'what was put last is read, whole and in part')
}

export async function listing(folder: ProbeFolder): Promise<ProbeCheck> {
  const { store, options, location } = folder
  const expected = ['a', 'b'].map((name) => folder.place(`${LISTED}/${name}`))
  for (const place of expected) await store.put(place, bodyOf(1), options)
  const found: string[] = []
  for await (const info of store.list(`${location}/${LISTED}/`, options)) found.push(info.location)
  const folders: string[] = []
  for await (const name of store.listFolders(`${location}/`, options)) folders.push(name)
  return found.join() === expected.join() && folders.includes(LISTED)
    ? green('listing', 'new objects and their folder are listed at once')
    : red(
        'listing',
        `of 2 new objects ${found.length} were listed, below the folders [${folders.join(', ')}]`,
      )
}

/** Streams of several parts, which race for one name. */
export async function multipart(folder: ProbeFolder): Promise<ProbeCheck> {
  const { store, options } = folder
  const location = folder.place('multipart')
  const closings = await Promise.allSettled(
    Array.from({ length: WRITERS }, async (_, i) => {
      const writer = await store.openWrite(location, options)
      await stream(writer, i)
      return i
    }),
  )
  const refusal = closings.flatMap((closing) => (closing.status === 'rejected' ? [closing.reason] : []))
  const other = refusal.find((error) => !isMoraineError(error, 'ALREADY_EXISTS'))
  if (other !== undefined) throw other
  const winners = closings.flatMap((closing) => (closing.status === 'fulfilled' ? [closing.value] : []))
  if (winners.length !== 1) return red('multipart', `${winners.length} of ${WRITERS} streams won one name`)
  const [winner] = winners
  const info = await store.head(location, options)
  const tail = await store.get(location, { ...options, range: { suffixLength: CHUNK_BYTES } })
  return info?.size === STREAMED_BYTES && tail.every((byte) => byte === winner)
    ? green('multipart', `one of ${WRITERS} streams of ${STREAMED_BYTES / MiB} MiB won, and is whole`)
    : red('multipart', 'the object is not what the winner had streamed')
}

/** The store's clock is seen in the time of an object that was just written; it may be cut to seconds. */
export async function clock(folder: ProbeFolder): Promise<ProbeCheck> {
  const { store, options, environment } = folder
  const location = folder.place('clock')
  const before = environment.now()
  await store.put(location, bodyOf(1), options)
  const after = environment.now()
  const at = (await store.head(location, options))?.lastModifiedMs ?? before
  const skewMs = at < before - 1000 ? before - at : Math.max(0, at - after)
  const words = skewMs < 1000 ? 'less than a second' : `${Math.round(skewMs / 1000)} s`
  return skewMs <= MAX_SKEW_MS
    ? green('clock', `${words} apart from ours`)
    : red('clock', `${words} apart from ours: set the clocks right, since snapshots are found by time`)
}

async function stream(writer: ObjectWriter, byte: number): Promise<void> {
  try {
    const chunk = new Uint8Array(CHUNK_BYTES).fill(byte)
    for (let written = 0; written < STREAMED_BYTES; written += CHUNK_BYTES) await writer.write(chunk)
    await writer.close()
  } catch (error) {
    await writer.abort()
    throw error
  }
}
