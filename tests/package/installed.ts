/** The package as npm packs it, and an empty project that has it installed. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

export const root = resolve(import.meta.dirname, '../..')
const execute = promisify(execFile)

export interface PackedFile {
  readonly path: string
  readonly size: number
}

export interface Packed {
  readonly tarball: string
  /** Bytes. */
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly PackedFile[]
}

/** Builds anew and packs, as publishing does. */
export async function pack(folder: string): Promise<Packed> {
  const args = ['pack', '--json', '--silent', '--pack-destination', folder]
  const [packed] = JSON.parse((await run('npm', args, root)).stdout)
  return { ...packed, tarball: join(folder, packed.filename) }
}

export interface Project {
  readonly folder: string
  write(name: string, content: string): Promise<void>
  /** Runs this Node in the project; its standard output. */
  node(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>
  /** Compiles the file strictly; resolves to what it prints, which is nothing when all is well. */
  compile(file: string, resolution: 'NodeNext' | 'Bundler'): Promise<string>
  /** The modules from files that a Node with these arguments loads, from the project's `node_modules` on. */
  modulesOf(args: readonly string[]): Promise<readonly string[]>
}

export async function install(folder: string, tarball: string): Promise<Project> {
  await mkdir(folder, { recursive: true })
  const write = (name: string, content: string) => writeFile(join(folder, name), content)
  await write('package.json', '{ "private": true, "type": "module" }')
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], folder)
  const node: Project['node'] = async (args, env) => (await run(process.execPath, args, folder, env)).stdout
  return {
    folder,
    write,
    node,
    compile: (file, resolution) => compile(folder, file, resolution),
    async modulesOf(args) {
      // Node's coverage names every module that was loaded, whatever loaded it.
      const coverage = await mkdtemp(join(tmpdir(), 'moraine-loaded-'))
      try {
        await node(args, { NODE_V8_COVERAGE: coverage })
        return (await urlsIn(coverage)).flatMap((url) => modulePath(url, folder) ?? [])
      } finally {
        await rm(coverage, { recursive: true })
      }
    },
  }
}

async function compile(folder: string, file: string, resolution: 'NodeNext' | 'Bundler'): Promise<string> {
  const options = {
    target: 'ES2022',
    module: resolution === 'Bundler' ? 'ESNext' : 'NodeNext',
    moduleResolution: resolution,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    outDir: `out-${resolution}`,
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
  }
  const config = `tsconfig.${resolution}.json`
  await writeFile(join(folder, config), JSON.stringify({ compilerOptions: options, files: [file] }))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  return run(process.execPath, [compiler, '-p', config], folder).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  )
}

async function urlsIn(coverage: string): Promise<string[]> {
  const files = await readdir(coverage)
  const reports = await Promise.all(files.map((file) => readFile(join(coverage, file), 'utf8')))
  return reports.flatMap((report) => JSON.parse(report).result.map(({ url }: { url: string }) => url))
}

function modulePath(url: string, folder: string): string | undefined {
  const base = pathToFileURL(join(folder, 'node_modules/')).href
  return url.startsWith(base) ? url.slice(base.length) : undefined
}

async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ stdout: string }> {
  return execute(command, args, { cwd, env: { ...outsideOfNpm(), ...env }, maxBuffer: 64 * 1024 * 1024 })
}

/** The environment without what `npm run` adds, which tells an npm below it about this project. */
function outsideOfNpm(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^(npm_(config_local_prefix|package|lifecycle|command)|INIT_CWD|NODE_V8_COVERAGE)/.test(name),
    ),
  )
}
