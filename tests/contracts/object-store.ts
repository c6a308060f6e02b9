/** What every ObjectStore keeps. Each implementation runs this from its own test file. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareUtf8 } from '../../format/values/compare.ts'
import type { ObjectInfo, ObjectStore } from '../../storage/object-store.ts'

export interface StoreUnderTest {
  readonly store: ObjectStore
  /** An empty folder of the store's own, ending in '/'. */
  readonly base: string
}

export function objectStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the ObjectStore contract`, () => {
    reading(open)
    writing(open)
    streaming(open)
    listing(open)
    folders(open)
    refusing(open)
  })
}

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (body: Uint8Array) => new TextDecoder().decode(body)
const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })

function reading(open: () => Promise<StoreUnderTest>): void {
  it('reads back what was put, whole and by range', async () => {
    const { store, base } = await open()
    await store.put(`${base}a/b`, bytes('0123456789'))
    expect(text(await store.get(`${base}a/b`))).toBe('0123456789')
    expect(text(await store.get(`${base}a/b`, { range: { start: 2, end: 5 } }))).toBe('234')
    expect(text(await store.get(`${base}a/b`, { range: { start: 0, end: 10 } }))).toBe('0123456789')
    expect(text(await store.get(`${base}a/b`, { range: { start: 4, end: 4 } }))).toBe('')
    expect(text(await store.get(`${base}a/b`, { range: { suffixLength: 3 } }))).toBe('789')
    expect(text(await store.get(`${base}a/b`, { range: { suffixLength: 99 } }))).toBe('0123456789')
  })

  it('reads any range of any object as a slice of it', async () => {
    const { store, base } = await open()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(200), fc.nat(200), async (body, a, b) => {
        await store.put(`${base}r`, body)
        const [start, end] = [Math.min(a, b), Math.max(a, b)]
        const read = store.get(`${base}r`, { range: { start, end } })
        if (end > body.length) await expect(read).rejects.toEqual(code('INVALID_ARGUMENT'))
        else expect(await read).toEqual(body.slice(start, end))
        const suffix = await store.get(`${base}r`, { range: { suffixLength: a } })
        expect(suffix).toEqual(body.slice(Math.max(0, body.length - a)))
      }),
      { seed: 11, numRuns: 60 },
    )
  })

  it('refuses a range that ends past the object, is reversed, or is no count', async () => {
    const { store, base } = await open()
    await store.put(`${base}a`, bytes('abc'))
    for (const range of [
      { start: 0, end: 4 },
      { start: 2, end: 1 },
      { start: -1, end: 1 },
      { start: 0.5, end: 1 },
      { suffixLength: -1 },
      { suffixLength: Number.NaN },
    ]) {
      await expect(store.get(`${base}a`, { range })).rejects.toEqual(code('INVALID_ARGUMENT'))
    }
  })

  it('names the location of an object that is not there', async () => {
    const { store, base } = await open()
    await expect(store.get(`${base}no/such`)).rejects.toEqual(code('NOT_FOUND'))
    await expect(store.get(`${base}no/such`)).rejects.toThrow(`${base}no/such`)
    expect(await store.head(`${base}no/such`)).toBeUndefined()
    await store.put(`${base}file`, bytes('x'))
    await expect(store.get(`${base}file/below`)).rejects.toEqual(code('NOT_FOUND'))
    expect(await store.head(`${base}file/below`)).toBeUndefined()
  })

  it('hands out bytes that do not change with the object or the caller', async () => {
    const { store, base } = await open()
    for (const body of [bytes('abc'), Buffer.from('abc')]) {
      await store.put(`${base}a`, body)
      body[0] = 0
      const first = await store.get(`${base}a`)
      expect(text(first)).toBe('abc')
      first[0] = 0
      expect(text(await store.get(`${base}a`))).toBe('abc')
    }
  })
}

function writing(open: () => Promise<StoreUnderTest>): void {
  it('creates a name once, and replaces it only when asked to overwrite', async () => {
    const { store, base } = await open()
    expect(await store.put(`${base}a`, bytes('one'), { mode: 'create' })).toMatchObject({ status: 'written' })
    expect(await store.put(`${base}a`, bytes('two'), { mode: 'create' })).toEqual({
      status: 'precondition-failed',
    })
    expect(text(await store.get(`${base}a`))).toBe('one')
    expect(await store.put(`${base}a`, bytes('three'))).toMatchObject({ status: 'written' })
    expect(text(await store.get(`${base}a`))).toBe('three')
  })

  it('lets exactly one of 16 concurrent creates win each name', async () => {
    const { store, base } = await open()
    for (let round = 0; round < 10; round++) {
      const location = `${base}race/${round}`
      const results = await Promise.all(
        Array.from({ length: 16 }, (_, i) => store.put(location, bytes(`writer ${i}`), { mode: 'create' })),
      )
      const winners = results.flatMap((result, i) => (result.status === 'written' ? [i] : []))
      expect(winners).toHaveLength(1)
      expect(text(await store.get(location))).toBe(`writer ${winners[0]}`)
    }
  })

  it('shows a reader the old or the new object during an overwrite, never a mixture', async () => {
    const { store, base } = await open()
    const sizes = [100_000, 300_000]
    await store.put(`${base}a`, new Uint8Array(sizes[0]!).fill(0))
    let writing = true
    const writer = (async () => {
      for (let i = 1; i <= 20; i++) await store.put(`${base}a`, new Uint8Array(sizes[i % 2]!).fill(i % 2))
      writing = false
    })()
    while (writing) {
      const body = await store.get(`${base}a`)
      expect(body.every((byte) => byte === body[0])).toBe(true)
      expect(body.length).toBe(sizes[body[0]!])
    }
    await writer
  })

  it('replaces one version only, or says that it cannot', async () => {
    const { store, base } = await open()
    const first = await store.put(`${base}a`, bytes('one'))
    if (first.status !== 'written') throw new Error('an overwrite always writes')
    const replace = (etag: string) => store.put(`${base}a`, bytes('two'), { mode: { ifMatch: etag } })
    if (!store.capabilities.ifMatch) return expect(replace(first.etag)).rejects.toEqual(code('UNSUPPORTED'))
    expect(await replace(first.etag)).toMatchObject({ status: 'written' })
    expect(await replace(first.etag)).toEqual({ status: 'precondition-failed' })
    const missing = await store.put(`${base}b`, bytes('x'), { mode: { ifMatch: first.etag } })
    expect(missing).toEqual({ status: 'precondition-failed' })
  })

  it('gives the same etag in put, head and list, and another one after a change', async () => {
    const { store, base } = await open()
    const first = await store.put(`${base}a`, bytes('one'))
    const head = await store.head(`${base}a`)
    expect(head).toMatchObject({ location: `${base}a`, size: 3 })
    expect(first).toEqual({ status: 'written', etag: head?.etag })
    expect(await collect(store.list(`${base}a`))).toEqual([head])
    await store.put(`${base}a`, bytes('two'))
    expect((await store.head(`${base}a`))?.etag).not.toBe(head?.etag)
  })

  it('deletes many, of which some are not there', async () => {
    const { store, base } = await open()
    for (const name of ['a', 'b/c', 'd']) await store.put(base + name, bytes(name))
    await store.delete([`${base}a`, `${base}b/c`, `${base}none`, `${base}no/ne`])
    await store.delete([])
    expect(await names(store, base)).toEqual(['d'])
  })

  it('takes names literally', async () => {
    const { store, base } = await open()
    const awkward = [
      'a b',
      'a%20b',
      'p=1+2',
      'ä',
      'ae\u0308',
      '😀',
      'x?y#z',
      "it's",
      '"',
      '.hidden',
      '__proto__',
    ]
    for (const name of awkward) await store.put(base + name, bytes(name))
    for (const name of awkward) expect(text(await store.get(base + name))).toBe(name)
    expect((await names(store, base)).sort()).toEqual([...awkward].sort())
  })

  it('counts requests and bytes', async () => {
    const { store, base } = await open()
    const before = { ...store.counters }
    await store.put(`${base}a`, bytes('12345'))
    await store.get(`${base}a`, { range: { start: 1, end: 3 } })
    await store.head(`${base}a`)
    await names(store, base)
    await store.delete([`${base}a`, `${base}b`])
    const after = store.counters
    expect(after.puts - before.puts).toBe(1)
    expect(after.gets - before.gets).toBe(1)
    expect(after.heads - before.heads).toBe(1)
    expect(after.lists - before.lists).toBe(1)
    expect(after.deletes - before.deletes).toBe(2)
    expect(after.bytesWritten - before.bytesWritten).toBe(5)
    expect(after.bytesRead - before.bytesRead).toBe(2)
  })
}

function streaming(open: () => Promise<StoreUnderTest>): void {
  it('shows a streamed object only once it is closed', async () => {
    const { store, base } = await open()
    const writer = await store.openWrite(`${base}deep/er/a`)
    const chunk = bytes('abc')
    await writer.write(chunk)
    chunk.fill(0)
    await writer.write(bytes('def'))
    expect(writer.bytesWritten).toBe(6)
    expect(await store.head(`${base}deep/er/a`)).toBeUndefined()
    expect(await names(store, base)).toEqual([])
    const info = await writer.close()
    expect(info).toMatchObject({ location: `${base}deep/er/a`, size: 6 })
    expect(await store.head(`${base}deep/er/a`)).toMatchObject(info)
    expect(text(await store.get(`${base}deep/er/a`))).toBe('abcdef')
    await expect(writer.write(bytes('x'))).rejects.toEqual(code('INVALID_ARGUMENT'))
    await writer.abort()
    expect(text(await store.get(`${base}deep/er/a`))).toBe('abcdef')
  })

  it('leaves nothing of an aborted stream, however often it is aborted', async () => {
    const { store, base } = await open()
    const writer = await store.openWrite(`${base}a`)
    await writer.write(bytes('abc'))
    await writer.abort()
    await writer.abort()
    await expect(writer.close()).rejects.toEqual(code('INVALID_ARGUMENT'))
    expect(await names(store, base)).toEqual([])
  })

  it('never lets a stream replace an object', async () => {
    const { store, base } = await open()
    const [first, second] = [await store.openWrite(`${base}a`), await store.openWrite(`${base}a`)]
    await first.write(bytes('one'))
    await second.write(bytes('two'))
    await first.close()
    await expect(second.close()).rejects.toEqual(code('ALREADY_EXISTS'))
    await second.abort()
    expect(text(await store.get(`${base}a`))).toBe('one')
  })

  it('streams an empty object', async () => {
    const { store, base } = await open()
    expect(await (await store.openWrite(`${base}empty`)).close()).toMatchObject({ size: 0 })
    expect(await store.get(`${base}empty`)).toEqual(new Uint8Array())
  })
}

function listing(open: () => Promise<StoreUnderTest>): void {
  it('lists by string prefix, in the order of UTF-8 bytes', async () => {
    const { store, base } = await open()
    const files = ['t1/a', 't1/b/c', 't1-x', 't1.y', 't10/a', 't2', '\uffee', '😀', 'é', 'z']
    for (const name of files) await store.put(base + name, bytes(name))
    const inUtf8Order = [...files].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(await names(store, base)).toEqual(inUtf8Order)
    expect(await names(store, `${base}t1`, base)).toEqual(['t1-x', 't1.y', 't1/a', 't1/b/c', 't10/a'])
    expect(await names(store, `${base}t1/`, base)).toEqual(['t1/a', 't1/b/c'])
    expect(await names(store, `${base}none/`, base)).toEqual([])
  })

  it('lists what any set of names holds', async () => {
    const { store, base } = await open()
    const segment = fc.stringMatching(/^[a-c\-.0]{0,3}[a-c]$/)
    const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/d'))
    let round = 0
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(path, { maxLength: 8 }),
        fc.stringMatching(/^[a-c]{0,2}$/),
        async (paths, prefix) => {
          const folder = `${base}${round++}/`
          const files = paths.map((name) => `${name}.f`)
          for (const name of files) await store.put(folder + name, bytes(name))
          const expected = files.filter((name) => name.startsWith(prefix)).sort(compareUtf8)
          expect(await names(store, folder + prefix, folder)).toEqual(expected)
        },
      ),
      { seed: 5, numRuns: 25 },
    )
  })

  it('lists the folders one level down, once each', async () => {
    const { store, base } = await open()
    for (const name of ['b/x', 'a/y', 'a/z/w', 'file']) await store.put(base + name, bytes(name))
    expect(await collect(store.listFolders(base))).toEqual(['a', 'b'])
    expect(await collect(store.listFolders(`${base}a/`))).toEqual(['z'])
    expect(await collect(store.listFolders(`${base}none/`))).toEqual([])
  })
}

function folders(open: () => Promise<StoreUnderTest>): void {
  it('makes and removes an empty folder by a location that ends in a slash', async () => {
    const { store, base } = await open()
    const marker = `${base}ns/inner/`
    expect(await store.head(marker)).toBeUndefined()
    expect(await store.put(marker, new Uint8Array(), { mode: 'create' })).toMatchObject({ status: 'written' })
    expect(await store.put(marker, new Uint8Array(), { mode: 'create' })).toEqual({
      status: 'precondition-failed',
    })
    expect(await store.put(marker, new Uint8Array())).toMatchObject({ status: 'written' })
    expect(await store.head(marker)).toMatchObject({ location: marker, size: 0 })
    expect(await store.head(marker.slice(0, -1))).toBeUndefined()
    expect(await collect(store.listFolders(`${base}ns/`))).toEqual(['inner'])
    expect(await collect(store.list(base))).toEqual([])
    await store.delete([marker])
    expect(await store.head(marker)).toBeUndefined()
    expect(await collect(store.listFolders(`${base}ns/`))).toEqual([])
  })

  it('keeps what is in a folder whose marker is deleted', async () => {
    const { store, base } = await open()
    await store.put(`${base}ns/`, new Uint8Array())
    await store.put(`${base}ns/a`, bytes('a'))
    await store.delete([`${base}ns/`])
    expect(text(await store.get(`${base}ns/a`))).toBe('a')
    expect(await collect(store.listFolders(base))).toEqual(['ns'])
  })

  it('keeps what is in a folder that has no marker, when one is deleted, alone or with objects', async () => {
    const { store, base } = await open()
    for (const name of ['ns/a', 'ns/in/b', 'other/c']) await store.put(`${base}${name}`, bytes(name))
    await store.delete([`${base}ns/`])
    await store.delete([`${base}ns/`, `${base}ns/in/`, `${base}other/c`])
    expect(text(await store.get(`${base}ns/a`))).toBe('ns/a')
    expect(text(await store.get(`${base}ns/in/b`))).toBe('ns/in/b')
    expect(await store.head(`${base}other/c`)).toBeUndefined()
  })

  it('refuses a folder with a body', async () => {
    const { store, base } = await open()
    await expect(store.put(`${base}ns/`, bytes('x'))).rejects.toEqual(code('INVALID_ARGUMENT'))
  })
}

function refusing(open: () => Promise<StoreUnderTest>): void {
  it('refuses locations that are not literal paths of its own scheme', async () => {
    const { store, base } = await open()
    const bad = ['', 'a', 'http://host/a', `${base}a/../b`, `${base}./b`, `${base}..`, `${base}a\0b`]
    for (const location of bad) {
      await expect(store.get(location)).rejects.toEqual(code('INVALID_ARGUMENT'))
      await expect(store.put(location, bytes('x'))).rejects.toEqual(code('INVALID_ARGUMENT'))
      await expect(store.head(location)).rejects.toEqual(code('INVALID_ARGUMENT'))
      await expect(store.delete([location])).rejects.toEqual(code('INVALID_ARGUMENT'))
      await expect(store.openWrite(location)).rejects.toEqual(code('INVALID_ARGUMENT'))
    }
    // Other writers leave such keys in buckets, where they can be read.
    const empty = `${base}a//b`
    await expect(store.put(empty, bytes('x'))).rejects.toEqual(code('INVALID_ARGUMENT'))
    await expect(store.openWrite(empty)).rejects.toEqual(code('INVALID_ARGUMENT'))
    await expect(store.get(empty)).rejects.toHaveProperty(
      'code',
      expect.stringMatching(/^(INVALID_ARGUMENT|NOT_FOUND)$/),
    )
    await expect(store.put(`${base}${'n'.repeat(10_000)}`, bytes('x'))).rejects.toEqual(
      code('INVALID_ARGUMENT'),
    )
    expect(await names(store, base)).toEqual([])
  })

  it('does nothing once the signal has fired', async () => {
    const { store, base } = await open()
    await store.put(`${base}a`, bytes('a'))
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(store.get(`${base}a`, { signal })).rejects.toEqual(code('ABORTED'))
    await expect(store.put(`${base}b`, bytes('b'), { signal })).rejects.toEqual(code('ABORTED'))
    await expect(store.openWrite(`${base}b`, { signal })).rejects.toEqual(code('ABORTED'))
    await expect(store.head(`${base}a`, { signal })).rejects.toEqual(code('ABORTED'))
    await expect(store.delete([`${base}a`], { signal })).rejects.toEqual(code('ABORTED'))
    await expect(collect(store.list(base, { signal }))).rejects.toEqual(code('ABORTED'))
    await expect(collect(store.listFolders(base, { signal }))).rejects.toEqual(code('ABORTED'))
    expect(await names(store, base)).toEqual(['a'])
  })

  it('stops a listing and a stream in which the signal fires', async () => {
    const { store, base } = await open()
    for (const name of ['a', 'b', 'c']) await store.put(base + name, bytes(name))
    const listing = new AbortController()
    const seen: string[] = []
    const walk = async () => {
      for await (const { location } of store.list(base, { signal: listing.signal })) {
        seen.push(location)
        listing.abort()
      }
    }
    await expect(walk()).rejects.toEqual(code('ABORTED'))
    expect(seen).toEqual([`${base}a`])
    const streaming = new AbortController()
    const writer = await store.openWrite(`${base}d`, { signal: streaming.signal })
    await writer.write(bytes('d'))
    streaming.abort()
    await expect(writer.write(bytes('d'))).rejects.toEqual(code('ABORTED'))
    await expect(writer.close()).rejects.toEqual(code('ABORTED'))
    await writer.abort()
    expect(await names(store, base)).toEqual(['a', 'b', 'c'])
  })
}

async function names(store: ObjectStore, prefix: string, base = prefix): Promise<string[]> {
  const found: ObjectInfo[] = await collect(store.list(prefix))
  return found.map(({ location }) => location.slice(base.length))
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
