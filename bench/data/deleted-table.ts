/** Tables of generated rows of which some are deleted, at random, by each kind of delete file. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { FileStore } from '../../storage/file-store.ts'
import { CraftedTable, positionRows } from '../../tests/deletes/crafted-table.ts'
import { benchFolder } from '../case.ts'
import { below } from './hash.ts'
import { icebergSchema } from './iceberg-schema.ts'
import { streamArrow } from './read.ts'

export type DeleteKind = 'vectors' | 'positions' | 'keys'

/** To be raised when the tables change. */
const VERSION = 1

/** The metadata locations of one table before and after the deletes. */
export interface DeletedTable {
  readonly whole: string
  readonly deleted: string
}

/** A table with the rows of `file`, of which one in `every` is deleted; made once. */
export async function deletedTable(file: string, kind: DeleteKind, every: number): Promise<DeletedTable> {
  const folder = resolve(
    benchFolder,
    'tables',
    `deleted-v${VERSION}-${basename(file, '.arrow')}-${kind}-${every}`,
  )
  const note = `${folder}/done.json`
  if (existsSync(note)) return JSON.parse(readFileSync(note, 'utf8'))
  console.log(`making ${folder}`)
  rmSync(folder, { recursive: true, force: true })
  const made = await write(folder, file, kind, every)
  writeFileSync(`${note}.unfinished`, JSON.stringify(made))
  renameSync(`${note}.unfinished`, note)
  return made
}

async function write(folder: string, file: string, kind: DeleteKind, every: number): Promise<DeletedTable> {
  const batches = streamArrow(file)
  const first = await batches.next()
  if (first.done) throw new Error(`${file} holds no rows`)
  const schema = icebergSchema(first.value.schema.fields)
  const properties = { 'format-version': kind === 'vectors' ? '3' : '2' }
  const store = new FileStore({ root: folder })
  const table = await CraftedTable.create({ schema, properties }, { store, warehouse: `file://${folder}` })
  const appended = await (await table.load()).append(all(first.value, batches))
  await table.adopt()
  await table.commit({ add: await deletesOf(table, kind, every) })
  const { metadataLocation } = await table.load()
  await table.lake.close()
  return { whole: appended.metadataLocation, deleted: metadataLocation }
}

async function deletesOf(table: CraftedTable, kind: DeleteKind, every: number) {
  if (kind === 'keys') {
    const count = table.held.reduce((sum, { file }) => sum + Number(file.recordCount), 0)
    const field = (await table.load()).schema.fields.find(({ name }) => name === 'id')!
    const rows = chosen(count, every).map((id) => ({ id: BigInt(id) }))
    return [await table.equalityDeletes([field.id], [field], rows)]
  }
  const deleted = table.held.map(({ file }) => ({
    of: file,
    positions: chosen(Number(file.recordCount), every),
  }))
  if (kind === 'vectors') return table.vectors(deleted)
  return Promise.all(
    deleted.map(({ of, positions }) =>
      table.positionDeletes(positionRows(of.filePath, positions), { referencedDataFile: of.filePath }),
    ),
  )
}

/** One number in `every` below `count`, at random. */
function chosen(count: number, every: number): number[] {
  const numbers: number[] = []
  for (let i = 0; i < count; i++) if (below(every, i, 17) === 0) numbers.push(i)
  return numbers
}

async function* all<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first
  yield* rest
}
