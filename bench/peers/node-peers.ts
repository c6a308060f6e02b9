/**
 * Peers out of npm, installed into `.tools/bench` when a bench first asks for them: they are no dependencies of the
 * package.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const folder = resolve('.tools/bench')
/** A module is found from where the one that imports it stands. */
const importer = join(folder, 'import-peer.mjs')

const VERSIONS = {
  '@duckdb/node-api': '1.5.5-r.5',
  'hyparquet-writer': '0.17.0',
  icebird: '0.3.1',
} as const

/** Imports a peer, which `installPeers` has installed. */
export function importPeer(name: keyof typeof VERSIONS): Promise<Record<string, unknown>> {
  return import(pathToFileURL(importer).href).then(({ load }) => load(name))
}

export function installPeers(): void {
  const wanted = JSON.stringify({ private: true, dependencies: VERSIONS }, null, 2)
  const manifest = join(folder, 'package.json')
  const installed = existsSync(join(folder, 'node_modules'))
  if (installed && existsSync(manifest) && readFileSync(manifest, 'utf8') === wanted) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(importer, 'export const load = (name) => import(name)\n')
  writeFileSync(manifest, wanted)
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: folder,
    stdio: 'inherit',
  })
}
