import { open, readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Job, timed } from '../job.ts'
import { importPeer } from '../peers/node-peers.ts'

/** icebird reads a table to plain objects. It knows URLs only, so `fetch` serves it files. */
export async function prepare({ metadataLocation }: { readonly metadataLocation: string }): Promise<Job> {
  globalThis.fetch = fetchFile as typeof fetch
  const { icebergRead } = await importPeer('icebird')
  const read = icebergRead as (options: object) => Promise<readonly object[]>
  const metadata = JSON.parse(await readFile(fileURLToPath(metadataLocation), 'utf8'))
  return {
    async run() {
      let count = 0
      const time = await timed(async () => {
        count = (await read({ tableUrl: metadata.location, metadata })).length
      })
      return { count, ...time }
    },
  }
}

async function fetchFile(url: string, init?: RequestInit): Promise<Response> {
  const path = fileURLToPath(String(url))
  const { size } = await stat(path)
  if (init?.method === 'HEAD') return new Response(null, { headers: { 'content-length': String(size) } })
  const range = /^bytes=(\d+)-(\d+)?$/.exec(new Headers(init?.headers).get('range') ?? '')
  const start = Number(range?.[1] ?? 0)
  const end = range?.[2] === undefined ? size : Math.min(size, Number(range[2]) + 1)
  const bytes = new Uint8Array(end - start)
  const handle = await open(path)
  await handle.read(bytes, 0, bytes.length, start)
  await handle.close()
  return new Response(bytes, { status: range === null ? 200 : 206 })
}
