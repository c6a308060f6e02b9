/**
 * Catalogs that have names, so that nobody types their properties:
 *
 *     {
 *       "default-catalog": "prod",
 *       "catalog": {
 *         "prod": { "warehouse": "s3://acme/warehouse", "s3.region": "eu-west-1" },
 *         "dev": { "warehouse": "./lake" }
 *       }
 *     }
 *
 * A catalog's properties are Iceberg's, as `connect` takes them. A relative warehouse is a folder beside the file, and
 * `${env:NAME}` within a value stands for an environment variable.
 */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type JsonObject, type JsonValue, MoraineError, messageOf, parseJson } from '../index.ts'

export interface Config {
  readonly defaultCatalog: string | undefined
  readonly catalogs: ReadonlyMap<string, CatalogConfig>
}

export interface CatalogConfig {
  /** Where it is written, for errors. */
  readonly file: string
  readonly properties: JsonObject
}

/** What the environment says about where a config is. */
export interface ConfigPlace {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * `moraine.json` of the working directory, and `moraine/config.json` of `XDG_CONFIG_HOME`, by default `~/.config`. What
 * the first says goes before the second. A file that is not there says nothing; one that is wrong throws
 * INVALID_ARGUMENT with its name.
 */
export async function loadConfig(place: ConfigPlace): Promise<Config> {
  const files = configFiles(place)
  const [project, user] = await Promise.all(files.map(readConfigFile))
  const catalogs = new Map([...(user?.catalogs ?? []), ...(project?.catalogs ?? [])])
  const defaultCatalog = project?.defaultCatalog ?? user?.defaultCatalog
  if (defaultCatalog !== undefined && !catalogs.has(defaultCatalog)) {
    const file = project?.defaultCatalog === undefined ? files[1] : files[0]
    throw wrong(`${file}: default-catalog`, `there is no catalog '${defaultCatalog}'`)
  }
  return { defaultCatalog, catalogs }
}

/** Of a catalog with a name, as `connect` takes them. Throws INVALID_ARGUMENT with the file and the key. */
export function catalogProperties(
  name: string,
  { file, properties }: CatalogConfig,
  env: ConfigPlace['env'],
): Record<string, string> {
  const entries = Object.entries(properties).map(([key, value]) => {
    const place = `${file}: catalog.${name}.${key}`
    const text = expanded(textOf(value, place), env, place)
    return [key, key === 'warehouse' ? besideFile(text, file) : text]
  })
  return Object.assign(Object.create(null), Object.fromEntries(entries))
}

function configFiles({ cwd, env }: ConfigPlace): readonly [project: string, user: string] {
  const { XDG_CONFIG_HOME: given = '' } = env
  // The XDG rules: what is not absolute is passed over.
  const folder = given.startsWith('/') ? given : join(homedir(), '.config')
  return [join(cwd, 'moraine.json'), join(folder, 'moraine', 'config.json')]
}

async function readConfigFile(file: string): Promise<Config | undefined> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw wrong(file, `cannot be read: ${error.message}`)
  })
  return bytes === undefined ? undefined : configOf(parsed(bytes, file), file)
}

function parsed(bytes: Uint8Array, file: string): JsonValue {
  try {
    return parseJson(bytes)
  } catch (error) {
    throw wrong(file, messageOf(error))
  }
}

const KEYS = ['default-catalog', 'catalog']

function configOf(json: JsonValue, file: string): Config {
  const object = objectOf(json, file)
  const unknown = Object.keys(object).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) throw wrong(`${file}: ${unknown}`, `is no setting; ${KEYS.join(' and ')} are`)
  const defaultCatalog = object['default-catalog']
  const catalogs = objectOf(object['catalog'] ?? {}, `${file}: catalog`)
  const location = Object.keys(catalogs).find((name) => /[/:]/.test(name))
  if (location !== undefined) {
    throw wrong(
      `${file}: catalog.${location}`,
      "has a '/' or ':' in its name and would be taken for a location",
    )
  }
  return {
    defaultCatalog:
      defaultCatalog === undefined ? undefined : textOf(defaultCatalog, `${file}: default-catalog`),
    catalogs: new Map(
      Object.entries(catalogs).map(([name, value]) => [
        name,
        { file, properties: objectOf(value, `${file}: catalog.${name}`) },
      ]),
    ),
  }
}

function objectOf(json: JsonValue, place: string): JsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject
  throw wrong(place, 'must be an object')
}

function textOf(json: JsonValue | undefined, place: string): string {
  if (typeof json === 'string') return json
  throw wrong(place, 'must be a text in quotes')
}

/** A value may be a secret: no error repeats it. */
function expanded(text: string, env: ConfigPlace['env'], place: string): string {
  return text.replace(/\$\{env:([^}]*)\}/g, (_, name: string) => {
    const value = env[name]
    if (value === undefined) throw wrong(place, `the environment variable ${name} is not set`)
    return value
  })
}

function besideFile(warehouse: string, file: string): string {
  return /^[a-z][a-z0-9+.-]*:/i.test(warehouse) ? warehouse : resolve(dirname(file), warehouse)
}

function wrong(place: string, why: string): MoraineError {
  return new MoraineError('INVALID_ARGUMENT', `${place}: ${why}`, { context: { place } })
}
