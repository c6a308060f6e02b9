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

async function loadTable() {
  for (;;) {
    try {
      return await lake.loadTable(name)
    } catch (error) {
      if (!isMoraineError(error, 'UNAVAILABLE')) throw error
    }
  }
}

/** Whether the call is told to have been done. */
async function call(id, change, commit) {
  await say({ id, outcome: 'started', change })
  try {
    await commit()
    await say({ id, outcome: 'acknowledged' })
    return true
  } catch (error) {
    if (!isMoraineError(error)) throw error
    await say({ id, outcome: error.cleanable ? 'failed' : 'unknown', message: error.message })
    return false
  }
}

async function change() {
  for (let attempt = 0, done = 0; done < count; attempt++) {
    const id = firstId + attempt
    const table = await loadTable()
    const change = changes[verb](id)
    const [[kind, rows]] = Object.entries(change)
    if (await call(id, change, () => table[kind](rows, { commitId: String(id) }))) done++
  }
}

/** One source, from where the table says that it is. */
async function sink() {
  const source = Math.floor(firstId / 1_000_000)
  for (let done = 0; done < count; ) {
    const sink = (await loadTable()).sink()
    for (let isAlive = true; isAlive && done < count; ) {
      const offset = Number(sink.committedOffsets().get(String(source)) ?? -1) + 1
      const id = source * 1_000_000 + offset
      isAlive = await call(id, undefined, async () => {
        await sink.write(
          [0, 1, 2].map((part) => ({ id: id * 3 + part, part })),
          { source: String(source), offset },
        )
        await sink.flush()
      })
      if (isAlive) done++
    }
    await sink.abort()
  }
}

await (verb === 'sink' ? sink() : change())
process.disconnect()
