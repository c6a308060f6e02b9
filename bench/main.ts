/** `npm run bench [name…]`: runs all cases, or those named, prints a table for each and keeps the figures as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { arch, cpus, loadavg } from 'node:os'
import { type BenchCase, benchFolder, type Round, settingsFrom, takesPart } from './case.ts'
import { cases, series } from './cases.ts'
import { printRound, printSeries, printSpreads } from './print.ts'
import { type Result, race } from './race.ts'
import { type RoundResults, spreads } from './spread.ts'

const names = process.argv.slice(2)
const known = [...cases, ...series].map((each) => each.name)
const unknown = names.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are: ${known.join(', ')}`)
  process.exit(2)
}
const settings = settingsFrom(process.env)
const machine = { node: process.version, arch: arch(), cpu: cpus()[0]?.model, cores: cpus().length }
const report: object[] = []
mkdirSync(benchFolder, { recursive: true })
for (const each of cases) {
  if (names.length > 0 && !names.includes(each.name)) continue
  console.log(`\n${each.name}: ${each.about}`)
  const rounds = await each.prepare(settings)
  try {
    const results: RoundResults[] = []
    for (const round of rounds) results.push({ round, results: await run(each, round) })
    const found = spreads(results)
    printSpreads(found)
    if (found.length > 0) keep({ case: each.name, spreads: found })
  } finally {
    for (const { close } of rounds) await close?.()
  }
}
for (const each of series) {
  if (names.length > 0 && !names.includes(each.name)) continue
  console.log(`\n${each.name}: ${each.about}`)
  const load = loadavg()[0]!
  for (const table of await each.run(settings)) {
    printSeries(table)
    keep({ series: each.name, load, ...table })
  }
}

async function run(each: BenchCase, round: Round): Promise<readonly Result[]> {
  const load = loadavg()[0]!
  const contenders = round.contenders.filter((contender) => takesPart(contender, settings))
  const results = await race({ ...round, contenders }, settings.repetitions)
  printRound(`${round.title} (load ${load.toFixed(1)} before)`, each.unit, results)
  keep({ case: each.name, round: round.title, load, results })
  return results
}

function keep(figures: object): void {
  report.push(figures)
  writeFileSync(`${benchFolder}/results.json`, JSON.stringify({ machine, settings, report }, null, 2))
}
