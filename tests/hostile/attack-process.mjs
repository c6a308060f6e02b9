// Node 20 runs no TypeScript: the module is loaded by the tool that runs the tests.
import { createServer, createServerModuleRunner } from 'vite'

const [module, first, count] = process.argv.slice(2)
const server = await createServer({
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
})
const body = await createServerModuleRunner(server.environments.ssr).import(module)
const result = await body.attack(Number(first), Number(count), (seed) => process.send({ seed }))
process.send({ result })
await server.close()
process.disconnect()
