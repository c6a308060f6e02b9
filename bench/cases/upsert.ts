import type { BenchCase, Contender, Round } from '../case.ts'
import type { LakeOptions } from '../jobs/lake.ts'
import { makeTable } from '../jobs/upsert-table.ts'
import { node, python } from '../peers/commands.ts'
import { S3_SERVER, startS3Server } from '../peers/s3-server.ts'
import { warehouse } from '../peers/tables.ts'
import { type UpsertRound, upsertRound, upsertSizes } from './upsert-sizes.ts'

export const upserts: BenchCase = {
  name: 'upsert',
  about: 'upsert Arrow rows that are in memory by id, half of them updates that are spread, in one commit',
  unit: 'rows',
  async prepare(settings) {
    const rounds: Round[] = []
    for (const size of upsertSizes(settings.upsertRows)) {
      const round = await upsertRound(size, settings, 'in a folder')
      const place = (name: string) => warehouse(`${name}-upsert-${size.rows}-${size.count}`)
      const contenders = [...ours(round, (name) => ({ warehouse: place(name) })), ...theirs(round, place)]
      rounds.push({ ...round, contenders })
    }
    return rounds
  },
}

export const upsertsOnS3: BenchCase = {
  name: 'upsert-s3',
  about: 'the same in a bucket of a server on this machine, where there is one',
  unit: 'rows',
  async prepare(settings) {
    const sized: UpsertRound[] = []
    for (const size of upsertSizes(settings.upsertRows)) {
      sized.push(await upsertRound(size, settings, `in ${S3_SERVER}`))
    }
    const server = await startS3Server()
    if (server === undefined) return []
    const { bucket, properties, stop } = server
    return sized.map((round, i) => {
      const lake = (name: string) => ({ warehouse: `${bucket}/${name}-${i}`, connect: { properties } })
      const close = i === sized.length - 1 ? { close: stop } : {}
      return { ...round, contenders: ours(round, lake), ...close }
    })
  },
}

interface Kind {
  /** Of the table. */
  readonly properties?: Readonly<Record<string, string>>
  readonly sink?: boolean
}

function ours(
  { file, changes, warmUps, steady }: UpsertRound,
  lake: (name: string) => LakeOptions,
): readonly Contender[] {
  const contender = (name: string, { properties = {}, sink = false }: Kind = {}) => ({
    command: node('upsert', { changes, sink, ...lake(name) }),
    prepare: () => makeTable(lake(name), file, { properties }),
    warmUps,
  })
  const contenders: Contender[] = [
    { label: 'moraine', ...contender('moraine') },
    {
      label: 'moraine, without the key index',
      ...contender('moraine-plain', { properties: { 'moraine.key-index.enabled': 'false' } }),
      unrated: true,
    },
  ]
  // Small changes are what streams make.
  if (steady !== undefined) {
    contenders.push({
      label: 'moraine, objects into a sink',
      ...contender('moraine-sink', { sink: true }),
      unrated: true,
    })
  }
  return contenders
}

function theirs(
  { file, changes, warmUps, rows }: UpsertRound,
  place: (name: string) => string,
): readonly Contender[] {
  const command = (program: string, name: string) => python(program, { folder: place(name), file, changes })
  const contenders: Contender[] = [
    { label: 'ducklake, MERGE', command: command('ducklake_upsert', 'ducklake'), warmUps },
    { label: 'spark, MERGE', command: command('spark_merge', 'spark'), warmUps },
  ]
  // It takes minutes for more.
  if (rows <= 1_000_000)
    contenders.push({ label: 'pyiceberg', command: command('pyiceberg_upsert', 'pyiceberg') })
  return contenders
}
