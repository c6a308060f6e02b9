// A process that writes until it is told to have done so often enough, or is killed. Runs what is built in dist/.
import { connect, isMoraineError } from '../../dist/index.js'

const { uri, options, table: name, verb, firstId, count } = JSON.parse(process.argv[2])

const KEYS = 12

/** What a call is to do. */
const changes = {
  append: (id) => ({ append: [0, 1, 2].map((part) => ({ id, part })) }),
  upsert(id) {
    const keys = [id % KEYS, (id * 7 + 3) % KEYS, (id * 5 + 1) % KEYS]
    return id % 5 === 4
      ? { delete: keys.map((key) => ({ id: key })) }
      : { upsert: [...new Set(keys)].map((key) => ({ id: key, part: (key + id) % 3, call: id })) }
  },
}

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
  const change = changes[verb](id)
  await say({ id, outcome: 'started', change })
  try {
    const [[kind, rows]] = Object.entries(change)
    await table[kind](rows, { commitId: String(id) })
    await say({ id, outcome: 'acknowledged' })
    done++
  } catch (error) {
    if (!isMoraineError(error)) throw error
    await say({ id, outcome: error.cleanable ? 'failed' : 'unknown', message: error.message })
  }
}
process.disconnect()
