import { rmSync } from 'node:fs'
import type { BenchCase, Contender, Round } from '../case.ts'
import type { LakeOptions } from '../jobs/lake.ts'
import { makeTable } from '../jobs/upsert-table.ts'
import { node, python, runToEnd } from '../peers/commands.ts'
import { S3_SERVER, startS3Server } from '../peers/s3-server.ts'
import { warehouse } from '../peers/tables.ts'
import { type UpsertRound, upsertRound, upsertSizes } from './upsert-sizes.ts'

/** What a stream pays that starts a process for each batch; a million rows are not among what it brings. */
export const freshUpserts: BenchCase = {
  name: 'upsert-fresh',
  about:
    'one upsert in a process of its own, from opening the lake to the commit; the table has its key index',
  unit: 'rows',
  async prepare(settings) {
    const sizes = upsertSizes(settings.upsertRows).filter(({ count }) => count <= 100_000)
    const rounds: Round[] = []
    for (const size of sizes) {
      const round = await upsertRound(size, settings, 'in a folder')
      const place = (name: string) => warehouse(`${name}-fresh-upsert-${size.rows}-${size.count}`)
      const folders = { ours: place('moraine'), theirs: place('ducklake') }
      rounds.push({
        ...round,
        contenders: [ours(round, { warehouse: folders.ours }), ducklake(round, folders.theirs)],
        close: async () => {
          for (const folder of Object.values(folders)) rmSync(folder, { recursive: true, force: true })
        },
      })
    }
    const sized: UpsertRound[] = []
    for (const size of sizes) sized.push(await upsertRound(size, settings, `in ${S3_SERVER}`))
    const server = await startS3Server()
    if (server === undefined) return rounds
    const { bucket, properties, stop } = server
    for (const [i, round] of sized.entries()) {
      const lake = (name: string, probe: boolean) => ({
        warehouse: `${bucket}/${name}-${i}`,
        connect: { properties, probe },
      })
      const contenders = [
        ours(round, lake('moraine', true)),
        {
          ...ours(round, lake('moraine-unprobed', false)),
          label: 'moraine, without the probe',
          unrated: true,
        },
      ]
      rounds.push({ ...round, contenders, ...(i === 0 ? { close: stop } : {}) })
    }
    return rounds
  },
}

/** The first change makes the index. */
function ours({ file, changes }: UpsertRound, lake: LakeOptions): Contender {
  const [first, ...rest] = changes
  return {
    label: 'moraine',
    prepare: () => makeTable(lake, file, { change: first! }),
    command: node('upsert-fresh', { ...lake, changes: rest }),
    fresh: true,
  }
}

function ducklake({ file, rows, changes }: UpsertRound, folder: string): Contender {
  return {
    label: 'ducklake, MERGE',
    prepare: async () => void runToEnd(python('ducklake_make', { folder, file })),
    command: python('ducklake_fresh_upsert', { folder, rows, changes }),
    fresh: true,
  }
}
