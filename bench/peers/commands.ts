/** How each kind of contender is started. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'

const here = import.meta.dirname
/** The sources, which programs in other languages are run from. */
const sources = resolve('bench/peers')
/** Of `.ci/run`, like everything in `.tools`; `MORAINE_BENCH_PYTHON` names another. */
const pythonProgram = process.env['MORAINE_BENCH_PYTHON'] ?? resolve('.tools/venv/bin/python')

/** A module of `jobs/`, in this Node. */
export function node(job: string, options: object): readonly string[] {
  return [process.execPath, resolve(here, '../contender.js'), job, JSON.stringify(options)]
}

/** A program of `peers/`. */
export function python(name: string, options: object): readonly string[] {
  return [pythonProgram, resolve(sources, `${name}.py`), JSON.stringify(options)]
}

/** Runs a program that ends by itself. Returns what it said. */
export function runToEnd([program, ...args]: readonly string[]): string {
  return execFileSync(program!, args, { encoding: 'utf8' }).trim()
}

/** A program of `peers/` in Java, run from its source, with Iceberg and what Spark brings of Hadoop. */
export function java(name: string, ...args: readonly string[]): readonly string[] {
  const jars = resolve('.tools/jars')
  const iceberg = readdirSync(jars).find((jar) => jar.startsWith('iceberg-spark-runtime'))
  const classes = [`${jars}/${iceberg}`, `${venvPackages()}/pyspark/jars/*`].join(':')
  return ['java', '-cp', classes, resolve(sources, `${name}.java`), ...args]
}

/** Where pip has put packages into the venv. */
export function venvPackages(): string {
  const lib = resolve('.tools/venv/lib')
  const version = readdirSync(lib).find((folder) => folder.startsWith('python'))
  return `${lib}/${version}/site-packages`
}
