import type { BenchCase, Contender, Round, Settings } from '../case.ts'
import { flatData, upsertData } from '../data/generate.ts'
import { node, python } from '../peers/commands.ts'
import { warehouse } from '../peers/tables.ts'

export const upserts: BenchCase = {
  name: 'upsert',
  about: 'upsert Arrow rows that are in memory by id, half of them updates that are spread, in one commit',
  unit: 'rows',
  async prepare(settings) {
    const sizes = [Math.ceil(settings.rows / 10), settings.rows]
    const rounds: Round[] = []
    for (const count of [100_000, 1000]) {
      for (const rows of sizes) rounds.push(await roundOf(rows, count, settings))
    }
    return rounds
  },
}

async function roundOf(rows: number, count: number, { repetitions }: Settings): Promise<Round> {
  const file = await flatData(rows)
  // Of the JVM's warm-ups there are two.
  const changes = await Promise.all(
    Array.from({ length: repetitions + 2 }, (_, number) => upsertData(rows, count, number)),
  )
  const place = (name: string) => warehouse(`${name}-upsert-${rows}-${count}`)
  const ours = (name: string, properties: Readonly<Record<string, string>>) =>
    node('upsert', { warehouse: place(name), file, changes, properties })
  const theirs = (program: string, name: string) => python(program, { folder: place(name), file, changes })
  const contenders: Contender[] = [
    { label: 'moraine', command: ours('moraine', {}) },
    {
      label: 'moraine, without the key index',
      command: ours('moraine-plain', { 'moraine.key-index.enabled': 'false' }),
      unrated: true,
    },
    { label: 'ducklake, MERGE', command: theirs('ducklake_upsert', 'ducklake') },
    { label: 'spark, MERGE', command: theirs('spark_merge', 'spark'), warmUps: 2 },
  ]
  // It takes minutes for more.
  if (rows <= 1_000_000) {
    contenders.push({ label: 'pyiceberg', command: theirs('pyiceberg_upsert', 'pyiceberg') })
  }
  return { title: `${count} rows into ${rows} × 12 columns`, contenders }
}
