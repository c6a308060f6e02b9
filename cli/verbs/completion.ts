import { invalidArgument } from '../../index.ts'
import { completionScripts, type Shell } from '../completion-scripts.ts'
import type { Verb } from '../verb.ts'

export const completion: Verb = {
  name: 'completion',
  summary: 'print the script by which a shell completes verbs, options, catalogs and table names',
  arguments: [{ name: '<shell>', description: 'bash, zsh or fish', choices: Object.keys(completionScripts) }],
  options: [],
  example: 'moraine completion bash',
  async run([shell]) {
    if (!Object.hasOwn(completionScripts, shell!)) {
      throw invalidArgument(
        `completion: expected ${Object.keys(completionScripts).join(', ')}, found '${shell}'`,
      )
    }
    return { kind: 'lines', lines: [completionScripts[shell as Shell]] }
  },
}
