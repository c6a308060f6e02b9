/** Tables that several contenders read. Ours are written anew, since what writes them changes. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { benchFolder } from '../case.ts'
import { makeTable } from '../jobs/make-table.ts'
import { python, runToEnd } from './commands.ts'

const tablesFolder = resolve(benchFolder, 'tables')

/** Where a contender keeps the tables that it makes and drops. */
export function warehouse(contender: string): string {
  return resolve(benchFolder, 'warehouses', contender)
}

/** The location of the metadata of our table with the rows of `file`. */
export function ourTable(file: string): Promise<string> {
  return makeTable({ warehouse: join(tablesFolder, 'moraine') }, `bench.${tableName(file)}`, file)
}

/** The same of PyIceberg's table, which is made once. */
export function pyicebergTable(file: string): string {
  const warehouse = join(tablesFolder, 'pyiceberg')
  const note = join(warehouse, `${tableName(file)}.location`)
  if (existsSync(note)) return readFileSync(note, 'utf8')
  mkdirSync(warehouse, { recursive: true })
  const location = runToEnd(python('pyiceberg_make', { warehouse, name: `bench.${tableName(file)}`, file }))
  writeFileSync(`${note}.unfinished`, location)
  renameSync(`${note}.unfinished`, note)
  return location
}

function tableName(file: string): string {
  return basename(file, '.arrow').replaceAll('-', '_')
}
