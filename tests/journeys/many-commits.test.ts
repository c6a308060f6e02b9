/** What a commit costs as history grows, counted, never timed: `npm run bench commits` shows the time. */
import { expect, it } from 'vitest'
import { connect, MemoryStore, type StoreCounters, schema, t } from '../../index.ts'
import { testEnvironment } from '../contracts/test-environment.ts'

const COMMITS = 200
/** Iceberg's default is 100; a lower one shows more merges in fewer commits. */
const MIN_COUNT = 20

it('200 commits in a row take the same few requests each, few manifests, and grow the metadata alone by their snapshots', async () => {
  const store = new MemoryStore()
  const lake = await connect('memory://lake/wh', { store, environment: testEnvironment() })
  let table = await lake.createTable('shop.orders', {
    schema: schema({ id: t.long().required(), note: t.string() }),
    properties: {
      'commit.manifest.min-count-to-merge': `${MIN_COUNT}`,
      'write.metadata.previous-versions-max': '10',
    },
  })
  const requests: number[] = []
  const manifests: number[] = []
  const metadata: number[] = []
  for (let i = 0; i < COMMITS; i++) {
    const before = requestsOf(store.counters)
    table = await table.append([{ id: i, note: 'a row' }])
    requests.push(requestsOf(store.counters) - before)
    manifests.push(
      Number(table.currentSnapshot!.summary['manifests-created']) +
        Number(table.currentSnapshot!.summary['manifests-kept']),
    )
    metadata.push((await store.head(table.metadataLocation))!.size)
  }
  expect(Math.max(...manifests)).toBe(MIN_COUNT - 1)
  // Data file, manifest, manifest list, version, hint; the list before, and what finds and guards the version.
  const usual = requests.filter((_, i) => i > 0 && (i + 1) % (MIN_COUNT - 1) !== 1)
  expect(Math.max(...usual)).toBe(Math.min(...usual))
  expect(Math.max(...usual)).toBeLessThanOrEqual(13)
  const merges = requests.filter((count) => count > usual[0]!)
  expect(merges).toHaveLength(Math.floor((COMMITS - 1) / (MIN_COUNT - 1)))
  // A merge reads each manifest once, and writes no more than any other commit.
  for (const count of merges) expect(count).toBeLessThanOrEqual(usual[0]! + MIN_COUNT - 1)
  const grown = metadata.slice(11).map((size, i) => size - metadata[i + 10]!)
  expect(Math.max(...grown)).toBeLessThanOrEqual(1000)
  expect(table.metadata.metadataLog).toHaveLength(10)
  expect(table.metadata.snapshotLog).toHaveLength(COMMITS)
  expect(table.currentSnapshot!.summary).toMatchObject({
    'total-data-files': `${COMMITS}`,
    'total-records': `${COMMITS}`,
  })
})

function requestsOf({ gets, puts, heads, lists, deletes }: StoreCounters): number {
  return gets + puts + heads + lists + deletes
}
