/** How each kind of contender is started. */
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
