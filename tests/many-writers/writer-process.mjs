// A process that appends until it is told to have done so often enough, or is killed. Runs what is built in dist/.
import { connect, isMoraineError } from '../../dist/index.js'

const { uri, options, table: name, firstId, count } = JSON.parse(process.argv[2])

/** Resolves once the parent's pipe has it, so that a death after it loses no word. */
const say = (message) =>
  new Promise((resolve, reject) => process.send(message, (error) => (error ? reject(error) : resolve())))

const lake = await connect(uri, options)
for (let attempt = 0, done = 0; done < count; attempt++) {
  const id = firstId + attempt
  const table = await lake.loadTable(name).catch((error) => {
    if (isMoraineError(error, 'UNAVAILABLE')) return undefined
    throw error
  })
  if (table === undefined) continue
  await say({ id, outcome: 'started' })
  try {
    await table.append([0, 1, 2].map((part) => ({ id, part })))
    await say({ id, outcome: 'acknowledged' })
    done++
  } catch (error) {
    if (!isMoraineError(error)) throw error
    await say({ id, outcome: error.cleanable ? 'failed' : 'unknown', message: error.message })
  }
}
process.disconnect()
