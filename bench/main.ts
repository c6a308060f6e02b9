/** `npm run bench [name…]`: runs all cases, or those named, prints a table for each and keeps the figures as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { arch, cpus, loadavg } from 'node:os'
import { benchFolder, settingsFrom } from './case.ts'
import { cases } from './cases.ts'
import { printRound } from './print.ts'
import { race } from './race.ts'

const names = process.argv.slice(2)
const unknown = names.filter((name) => !cases.some((each) => each.name === name))
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are: ${cases.map((each) => each.name).join(', ')}`)
  process.exit(2)
}
const settings = settingsFrom(process.env)
const machine = { node: process.version, arch: arch(), cpu: cpus()[0]?.model, cores: cpus().length }
const report: object[] = []
mkdirSync(benchFolder, { recursive: true })
for (const each of cases) {
  if (names.length > 0 && !names.includes(each.name)) continue
  console.log(`\n${each.name}: ${each.about}`)
  for (const round of await each.prepare(settings)) {
    const load = loadavg()[0]!
    const results = await race(round, settings.repetitions)
    printRound(`${round.title} (load ${load.toFixed(1)} before)`, each.unit, results)
    report.push({ case: each.name, round: round.title, load, results })
    writeFileSync(`${benchFolder}/results.json`, JSON.stringify({ machine, settings, report }, null, 2))
  }
}
