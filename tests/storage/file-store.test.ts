import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fileError } from '../../storage/file/file-error.ts'
import { FileStore } from '../../storage/file-store.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { openStore } from '../../storage/open-store.ts'
import { objectStoreContract } from '../contracts/object-store.ts'

let top = ''
let made = 0
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'moraine-file-store-'))
})
afterAll(async () => rm(top, { recursive: true, force: true }))

async function folder(): Promise<string> {
  const path = join(top, String(made++))
  await mkdir(path)
  return path
}

const code = (expected: string) => expect.objectContaining({ name: 'MoraineError', code: expected })
const body = (text: string) => new TextEncoder().encode(text)

objectStoreContract('FileStore', async () => {
  const root = await folder()
  return { store: new FileStore({ root, durability: 'os' }), base: `file://${root}/base/` }
})
objectStoreContract('FileStore that waits for the disk', async () => ({
  store: new FileStore(),
  base: `file://${await folder()}/base/`,
}))

describe('FileStore', () => {
  it('refuses a folder that is a link to nowhere, instead of trying for ever', async () => {
    const link = join(await folder(), 'link')
    await symlink('/nowhere/at/all', link)
    await expect(new FileStore().put(`${link}/a/b`, body('a'))).rejects.toThrowError(
      /link that points nowhere/,
    )
  })

  it('takes three spellings of a location and answers in one', async () => {
    const path = await folder()
    const store = new FileStore()
    await store.put(`file:${path}/a`, body('a'))
    for (const location of [`file://${path}/a`, `file:${path}/a`, `${path}/a`]) {
      expect(await store.get(location)).toEqual(body('a'))
      expect(await store.head(location)).toMatchObject({ location: `file://${path}/a` })
    }
    await expect(store.get(`file://host${path}/a`)).rejects.toEqual(code('INVALID_ARGUMENT'))
  })

  it('leaves no temporary file behind, whatever became of the write', async () => {
    const path = await folder()
    const store = new FileStore()
    await store.put(`${path}/a`, body('a'))
    await store.put(`${path}/a`, body('b'), { mode: 'create' })
    await Promise.all([1, 2, 3].map(() => store.put(`${path}/c`, body('c'), { mode: 'create' })))
    const writer = await store.openWrite(`${path}/d`)
    await writer.write(body('d'))
    expect((await readdir(path)).some((name) => name.startsWith('.'))).toBe(true)
    await writer.abort()
    expect((await readdir(path)).sort()).toEqual(['a', 'c'])
  })

  it('hides the temporary file of a crashed write from listings', async () => {
    const path = await folder()
    const store = new FileStore()
    const writer = await store.openWrite(`${path}/never-closed`)
    await writer.write(body('x'))
    expect(await readdir(path)).toHaveLength(1)
    expect(await locations(store, `${path}/`)).toEqual([])
    await writer.abort()
  })

  it('refuses names that the file system would refuse', async () => {
    const path = await folder()
    const store = new FileStore()
    const longest = 'é'.repeat(127)
    await store.put(`${path}/${longest}`, body('x'), { mode: 'create' })
    expect(await store.get(`${path}/${longest}`)).toEqual(body('x'))
    await expect(store.put(`${path}/${'é'.repeat(128)}`, body('x'))).rejects.toEqual(code('INVALID_ARGUMENT'))
    await expect(store.put(`${path}${'/abcdefg'.repeat(600)}`, body('x'))).rejects.toEqual(
      code('INVALID_ARGUMENT'),
    )
    await store.put(`${path}/file`, body('x'))
    await expect(store.put(`${path}/file/below`, body('x'))).rejects.toEqual(code('INVALID_ARGUMENT'))
    await expect(store.put(`${path}/file/`, body(''))).rejects.toEqual(code('INVALID_ARGUMENT'))
    await store.put(`${path}/sub/`, body(''))
    await expect(store.put(`${path}/sub`, body('x'))).rejects.toEqual(code('INVALID_ARGUMENT'))
    expect(await store.put(`${path}/sub`, body('x'), { mode: 'create' })).toEqual({
      status: 'precondition-failed',
    })
    await expect(store.get(`${path}/sub`)).rejects.toEqual(code('NOT_FOUND'))
    await store.delete([`${path}/sub`])
    expect(await store.head(`${path}/sub/`)).toBeDefined()
  })

  it('never leaves its root, by name or by symbolic link', async () => {
    const [inside, outside] = [await folder(), await folder()]
    await writeFile(join(outside, 'secret'), 'secret')
    await symlink(outside, join(inside, 'way-out'))
    await symlink(join(outside, 'secret'), join(inside, 'alias'))
    const store = new FileStore({ root: inside })
    for (const location of [
      `${outside}/secret`,
      `${inside}-sibling/a`,
      `${inside}/way-out/secret`,
      `${inside}/alias`,
    ]) {
      await expect(store.get(location)).rejects.toEqual(code('INVALID_ARGUMENT'))
      await expect(store.put(location, body('x'))).rejects.toEqual(code('INVALID_ARGUMENT'))
      await expect(store.openWrite(location)).rejects.toEqual(code('INVALID_ARGUMENT'))
      await expect(store.delete([location])).rejects.toEqual(code('INVALID_ARGUMENT'))
    }
    await expect(locations(store, `${inside}/way-out/`)).rejects.toEqual(code('INVALID_ARGUMENT'))
    expect(await locations(store, `${inside}/`)).toEqual([])
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret')
    await store.put(`${inside}/new/deep/a`, body('a'))
    expect(await store.get(`${inside}/new/deep/a`)).toEqual(body('a'))
  })

  it('serves a root that is itself reached by a symbolic link', async () => {
    const real = await folder()
    const alias = `${real}-alias`
    await symlink(real, alias)
    const store = new FileStore({ root: alias })
    await store.put(`${alias}/a`, body('a'))
    expect(await locations(store, `${alias}/`)).toEqual([`file://${alias}/a`])
  })

  it("drops Hadoop's checksum of a file that it replaces or deletes", async () => {
    const path = await folder()
    const store = new FileStore()
    for (const name of ['hint', 'gone', 'new']) await writeFile(join(path, `.${name}.crc`), 'stale')
    await writeFile(join(path, 'hint'), '1')
    await writeFile(join(path, 'gone'), '1')
    await store.put(`${path}/hint`, body('2'))
    await store.put(`${path}/new`, body('2'), { mode: 'create' })
    await store.delete([`${path}/gone`])
    expect((await readdir(path)).sort()).toEqual(['hint', 'new'])
  })

  it('turns missing permission into UNAUTHORIZED', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may do everything')
    const path = await folder()
    await chmod(path, 0o500)
    await expect(new FileStore().put(`${path}/a`, body('a'))).rejects.toEqual(code('UNAUTHORIZED'))
  })

  it.each([
    ['ENOSPC', 'UNAVAILABLE'],
    ['EMFILE', 'UNAVAILABLE'],
    ['EIO', 'UNAVAILABLE'],
    ['EACCES', 'UNAUTHORIZED'],
    ['EROFS', 'UNAUTHORIZED'],
    ['ENAMETOOLONG', 'INVALID_ARGUMENT'],
    ['ENOENT', 'NOT_FOUND'],
  ])('gives %s the code %s and keeps the cause', (errno, expected) => {
    const cause = Object.assign(new Error(errno), { code: errno })
    const error = fileError(cause, 'file:///a', 'write')
    expect(error).toMatchObject({ code: expected, cause, context: { errno, location: 'file:///a' } })
  })

  it('is rebuilt from its description', async () => {
    const root = await folder()
    const first = new FileStore({ root, durability: 'os' })
    await first.put(`${root}/a`, body('a'))
    const second = openStore(structuredClone(first.describe()))
    expect(second.describe()).toEqual(first.describe())
    expect(await second.get(`${root}/a`)).toEqual(body('a'))
    await expect(second.get('/etc/hostname')).rejects.toEqual(code('INVALID_ARGUMENT'))
    expect(() => openStore({ kind: 'carrier-pigeon', options: {} })).toThrow(/carrier-pigeon/)
  })
})

async function locations(store: ObjectStore, prefix: string): Promise<string[]> {
  const all: string[] = []
  for await (const { location } of store.list(prefix)) all.push(location)
  return all
}
