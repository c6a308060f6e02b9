import type { BenchCase } from '../case.ts'
import { flatData } from '../data/generate.ts'
import { node } from '../peers/commands.ts'
import { ourTable } from '../peers/tables.ts'

export const describe: BenchCase = {
  name: 'describe',
  about: 'a cold `moraine describe`, from start to exit; beside it what Node itself takes to start',
  unit: 'starts',
  async prepare() {
    const metadataLocation = await ourTable(await flatData(1000))
    return [
      {
        title: 'a table of one snapshot in a folder',
        contenders: [
          { label: 'moraine describe', command: node('cli', { args: ['describe', metadataLocation] }) },
          { label: 'moraine --version', command: node('cli', { args: ['--version'] }), unrated: true },
        ],
      },
    ]
  },
}
