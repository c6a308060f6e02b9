// Node 20 runs no TypeScript: the module is loaded by the tool that runs the tests.
import { runnerImport } from 'vite'

const [module, warehouse, name, count] = process.argv.slice(2)
const { module: body } = await runnerImport(module, { configFile: false, logLevel: 'error' })
process.send(await body.commitMany(warehouse, name, Number(count)))
process.disconnect()
