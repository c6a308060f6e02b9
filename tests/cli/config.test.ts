import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { catalogProperties, loadConfig } from '../../cli/config.ts'
import { file, moraine, output, scratchFolder } from './shell.ts'

interface Written {
  readonly project?: unknown
  readonly user?: unknown
}

/** How a config names an environment variable. */
const variable = (name: string) => `$${`{env:${name}}`}`

/** Writes both files in scratch folders; a text is written as it is. */
async function place({ project, user }: Written) {
  const [cwd, home] = [await scratchFolder(), await scratchFolder()]
  const write = async (path: string, content: unknown) => {
    if (content === undefined) return
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  }
  await write(join(cwd, 'moraine.json'), project)
  await write(join(home, 'moraine', 'config.json'), user)
  return { cwd, env: { XDG_CONFIG_HOME: home } }
}

describe('a config', () => {
  test('is what the project says, then what the user says', async () => {
    const where = await place({
      project: { catalog: { dev: { warehouse: './lake' }, both: { warehouse: '/project' } } },
      user: {
        'default-catalog': 'prod',
        catalog: { prod: { warehouse: 's3://acme/wh', 's3.region': 'eu-west-1' }, both: { warehouse: '/u' } },
      },
    })
    const { defaultCatalog, catalogs } = await loadConfig(where)
    expect(defaultCatalog).toBe('prod')
    const propertiesOf = (name: string) => catalogProperties(name, catalogs.get(name)!, where.env)
    expect(propertiesOf('prod')).toEqual({ warehouse: 's3://acme/wh', 's3.region': 'eu-west-1' })
    expect(propertiesOf('dev')).toEqual({ warehouse: join(where.cwd, 'lake') })
    expect(propertiesOf('both')).toEqual({ warehouse: '/project' })
    const overridden = await place({
      project: { 'default-catalog': 'dev', catalog: { dev: { warehouse: '/lake' } } },
      user: { 'default-catalog': 'prod', catalog: { prod: { warehouse: '/prod' } } },
    })
    expect((await loadConfig(overridden)).defaultCatalog).toBe('dev')
  })

  test('that is not there says nothing', async () => {
    expect(await loadConfig(await place({}))).toEqual({ defaultCatalog: undefined, catalogs: new Map() })
    const { env } = await place({})
    expect((await loadConfig({ cwd: await file('f', ''), env })).catalogs.size).toBe(0)
  })

  test('takes secrets from the environment, of the catalog that is used', async () => {
    const where = await place({
      project: {
        catalog: {
          a: {
            warehouse: '/a',
            's3.secret-access-key': variable('KEY'),
            token: `x-${variable('KEY')}-${variable('OTHER')}`,
          },
          b: { warehouse: variable('NOT_SET') },
        },
      },
    })
    const { catalogs } = await loadConfig(where)
    const env = { KEY: 'hush', OTHER: variable('KEY') }
    expect(catalogProperties('a', catalogs.get('a')!, env)).toEqual({
      warehouse: '/a',
      's3.secret-access-key': 'hush',
      token: `x-hush-${variable('KEY')}`,
    })
    expect(() => catalogProperties('b', catalogs.get('b')!, env)).toThrow(
      `${join(where.cwd, 'moraine.json')}: catalog.b.warehouse: the environment variable NOT_SET is not set`,
    )
  })

  test.each<[string, Written, string]>([
    ['no JSON', { project: '{"catalog": {,}}' }, 'moraine.json: '],
    ['no object', { project: [] }, 'moraine.json: must be an object'],
    [
      'an unknown setting',
      { user: { catalogs: {} } },
      'config.json: catalogs: is no setting; default-catalog and',
    ],
    [
      'a catalog that is none',
      { user: { catalog: { a: '/lake' } } },
      'config.json: catalog.a: must be an object',
    ],
    [
      'a default of no catalog',
      { user: { 'default-catalog': 'a' } },
      "default-catalog: there is no catalog 'a'",
    ],
    ['a default that is no name', { user: { 'default-catalog': 7 } }, 'default-catalog: must be a text'],
    ['a name like a location', { project: { catalog: { 's3://b': {} } } }, 'taken for a location'],
  ])('with %s names the file and the key', async (_name, written, message) => {
    await expect(loadConfig(await place(written))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    })
  })

  test('with a value that is no text names the file and the key', async () => {
    const where = await place({ project: { catalog: { a: { 's3.path-style-access': true } } } })
    const { catalogs } = await loadConfig(where)
    expect(() => catalogProperties('a', catalogs.get('a')!, {})).toThrow(
      'catalog.a.s3.path-style-access: must be a text in quotes',
    )
  })
})

describe('on the command line', () => {
  const kept = ['XDG_CONFIG_HOME', 'MORAINE_CATALOG'] as const
  const before = kept.map((name) => process.env[name])
  let lake = ''

  beforeEach(async () => {
    lake = await scratchFolder()
    await output('append', 'shop.orders', await file('rows.ndjson', '{"id":1}\n'), '-c', lake, '--create')
    const other = await scratchFolder()
    const user = {
      'default-catalog': 'mine',
      catalog: { mine: { warehouse: lake }, other: { warehouse: other } },
    }
    const { env } = await place({ user })
    process.env['XDG_CONFIG_HOME'] = env.XDG_CONFIG_HOME
    delete process.env['MORAINE_CATALOG']
  })
  afterEach(() => {
    for (const [i, name] of kept.entries()) {
      if (before[i] === undefined) delete process.env[name]
      else process.env[name] = before[i]
    }
  })

  test('the shell completes the names of catalogs, behind = too', async () => {
    const found = await output('__complete', '--', 'ls', '--catalog=mi')
    expect(found.split('\t')[0]).toBe('--catalog=mine')
    expect((await output('__complete', '--', 'ls', '--catalog', '=', 'o')).split('\t')[0]).toBe('other')
  })

  test('a flag goes before MORAINE_CATALOG, and that before the default', async () => {
    const tables = 'table\nshop.orders\n'
    expect(await output('ls')).toBe(tables)
    expect(await output('ls', '-c', 'mine')).toBe(tables)
    expect(await output('ls', 'other')).toBe('table\n')
    process.env['MORAINE_CATALOG'] = 'other'
    expect(await output('ls')).toBe('table\n')
    expect(await output('ls', '-c', 'mine')).toBe(tables)
    expect(await output('scan', 'shop.orders', '-c', lake, '-f', 'csv')).toBe('id\n1\n')
  })

  test('a name with a slip in it is refused, and makes no folder', async () => {
    const { code, stderr } = await moraine(['create', 'a.b', '--schema', 'x', '-c', 'mien'])
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(
        "there is no catalog 'mien', which are mine, other, and no such folder",
      ),
    })
    expect((await moraine(['ls', '-c', ''])).stderr).toContain('which catalog?')
  })
})
