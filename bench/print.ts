import type { SeriesTable } from './case.ts'
import type { Result } from './race.ts'
import type { Spread } from './spread.ts'

/** The results of a round as a table; the ratios of a peer say how many times as fast ours is. */
export function printRound(title: string, unit: string, results: readonly Result[]): void {
  const header = [
    '',
    `${unit}/s`,
    'seconds',
    'CPU s',
    'ratio',
    'CPU ratio',
    'MB read',
    'requests',
    'peak MiB',
    '',
  ]
  const rows = results.map((result) => [
    result.label,
    whole(result.perSecond),
    (result.ms / 1000).toFixed(3),
    (result.cpuMs / 1000).toFixed(2),
    result.ratio?.toFixed(2) ?? '',
    result.cpuRatio?.toFixed(2) ?? '',
    result.bytesRead === undefined ? '' : (result.bytesRead / 1e6).toFixed(2),
    result.requests === undefined ? '' : whole(result.requests),
    whole(result.peakMemory / 1024 ** 2),
    result.note ?? '',
  ])
  console.log(`\n${title}`)
  for (const line of aligned([header, ...rows])) console.log(`  ${line}`)
}

export function printSeries({ title, header, rows, notes }: SeriesTable): void {
  console.log(`\n${title}`)
  for (const line of aligned([header, ...rows])) console.log(`  ${line}`)
  for (const note of notes) console.log(`  ${note}`)
}

/** A line for each job that should take as long whatever the size of the table. */
export function printSpreads(spreads: readonly Spread[]): void {
  for (const steady of new Set(spreads.map((each) => each.steady))) {
    const own = spreads.filter((each) => each.steady === steady)
    const ratios = own.map(({ label, rounds, ratio }) => `${label} ${ratio.toFixed(2)} over ${rounds}`)
    console.log(`\n${steady}, largest median to least over sizes of the table: ${ratios.join('; ')}`)
  }
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === row.length - 1
          ? cell.padEnd(widths[column]!)
          : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  )
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}
