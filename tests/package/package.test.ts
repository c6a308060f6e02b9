import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { install, type Packed, type Project, pack, root } from './installed.ts'

/** The first block of the README: what somebody tries first. It has no types in it, so that it is JavaScript too. */
const example = /```ts\n(.*?)```/s.exec(await readFile(join(root, 'README.md'), 'utf8'))![1]!
const answer = "{ order_id: 17n, customer: { address: { city: 'Ulm' } } }\n"

let folder = ''
let packed: Packed
let project: Project

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moraine-package-'))
  packed = await pack(folder)
  project = await install(join(folder, 'project'), packed.tarball)
})
afterAll(async () => {
  console.info(`${packed.files.length} files, ${packed.size} bytes packed, ${packed.unpackedSize} unpacked`)
  await rm(folder, { recursive: true, force: true })
})

describe('the package', () => {
  test('holds what is built of the sources and the documents, and nothing else', () => {
    const strange = packed.files.filter(({ path }) => {
      const [, source] = /^dist\/(.*?)\.(?:d\.ts|js)$/.exec(path) ?? []
      if (source !== undefined) return !existsSync(resolve(root, `${source}.ts`))
      return !/^(?:package\.json|LICENSE|README\.md|CHANGELOG\.md|(?:docs|spec)\/.*\.md)$/.test(path)
    })
    expect(strange).toEqual([])
    expect(packed.unpackedSize).toBeLessThan(3_000_000)
  })

  test('runs nothing when it is installed, and neither do its dependencies, which are few', async () => {
    const lock = JSON.parse(await readFile(join(project.folder, 'package-lock.json'), 'utf8'))
    const names = Object.keys(lock.packages).filter((name) => name !== '')
    expect(names.filter((name) => lock.packages[name].hasInstallScript)).toEqual([])
    expect(names.length).toBeLessThan(45)
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    expect(Object.keys(scripts).filter((name) => /install/.test(name))).toEqual([])
  })

  test('has types that resolve wherever it does', async () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const report = await project.node([attw, '--profile', 'esm-only', '--format', 'json', packed.tarball])
    const { analysis } = JSON.parse(report)
    // CommonJS programs import() it; resolution before Node 12 is not served.
    const served = analysis.problems.filter(
      ({ resolutionKind }: { resolutionKind?: string }) =>
        !['node10', 'node16-cjs'].includes(resolutionKind!),
    )
    expect({ types: analysis.types.kind, served }).toEqual({ types: 'included', served: [] })
  })
})

describe("the README's example", () => {
  test('runs as JavaScript', async () => {
    await project.write('example.mjs', example)
    expect(await project.node(['example.mjs'])).toBe(answer)
  })

  test.each(['NodeNext', 'Bundler'] as const)(
    'is strict TypeScript by %s resolution, and runs',
    async (how) => {
      const file = `example-${how}.mts`
      // Types are those of the schema, not any.
      const misuse = `
// @ts-expect-error
orders.append([{ order_id: true, placed_at: new Date() }]).catch(() => undefined)
for await (const row of orders.scan({ limit: 0 }).rows()) {
  // @ts-expect-error
  const id: string = row.order_id
}
`
      await project.write(file, example.replaceAll('./lake', `./lake-${how}`) + misuse)
      expect(await project.compile(file, how)).toBe('')
      expect(await project.node([join(`out-${how}`, file.replace('.mts', '.mjs'))])).toBe(answer)
    },
  )
})

describe('the command', () => {
  test('is installed, and loads what its verb needs', async () => {
    await project.write('rows.ndjson', '{"id":1}\n')
    const command = 'node_modules/moraine/dist/cli/main.js'
    const moraine = (...args: string[]) => project.node(['node_modules/.bin/moraine', ...args])
    await moraine('append', 'a.b', 'rows.ndjson', '--create', '-c', './shell-lake')
    expect(await moraine('scan', 'a.b', '-c', './shell-lake', '-f', 'csv')).toBe('id\n1\n')

    const program = ['--input-type=module', '-e', "await import('moraine')"]
    expect(await packagesOf(program)).toEqual(['moraine'])
    expect(await packagesOf([command, '--version'])).toEqual(['commander', 'moraine'])
    expect(await packagesOf([command, 'describe', 'a.b', '-c', './shell-lake'])).toEqual([
      'commander',
      'moraine',
    ])
    const scanning = await packagesOf([command, 'scan', 'a.b', '-c', './shell-lake'])
    expect(scanning).toContain('apache-arrow')
    expect(scanning.filter((name) => name.startsWith('@') || name === 'csv-parse')).toEqual([])
  })

  async function packagesOf(args: readonly string[]): Promise<string[]> {
    const modules = await project.modulesOf(args)
    return [...new Set(modules.map((path) => /^(@[^/]+\/)?[^/]+/.exec(path)![0]))].sort()
  }
})
