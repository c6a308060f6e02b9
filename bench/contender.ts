/**
 * The process of a contender in Node: `contender.js <module of jobs/> <options as JSON>`. The protocol, which the
 * programs in `peers/` speak too: a line `{"ready":true}` when prepared; for every line on standard input, which is
 * its number, one repetition, answered by a line of `Measured` as JSON; the end of the input ends it.
 */
import { createInterface } from 'node:readline'
import type { JobModule } from './job.ts'

const [name, options] = process.argv.slice(2)
const { prepare } = (await import(`./jobs/${name}.js`)) as JobModule<unknown>
const job = await prepare(JSON.parse(options!))
say({ ready: true })
for await (const line of createInterface({ input: process.stdin })) say(await job.run(Number(line)))
await job.close?.()

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
