import { MoraineError } from '../../index.ts'
import { openExistingLake } from '../catalog-arguments.ts'
import { catalogArgument, type Verb } from '../verb.ts'

export const doctor: Verb = {
  name: 'doctor',
  summary:
    'probe whether a store is fit for many writers at once; writes below _moraine/probe/ and cleans up',
  arguments: [catalogArgument],
  options: [],
  example: 'moraine doctor ./lake',
  async run([uri], options, { interruptible }) {
    const lake = await openExistingLake(options, uri)
    const { checks } = await interruptible((signal) => lake.probeStore({ signal }))
    const red = checks.filter(({ result }) => result === 'red').map(({ name }) => name)
    return {
      kind: 'records',
      columns: ['check', 'result', 'seen'],
      records: checks.map(({ name, result, seen }) => ({ check: name, result, seen })),
      ...(red.length === 0
        ? {}
        : {
            failure: new MoraineError('UNSUPPORTED', `${lake.warehouse} is not fit: ${red.join(', ')} red`),
          }),
    }
  },
}
