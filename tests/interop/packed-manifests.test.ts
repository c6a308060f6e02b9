/** Manifests of other engines: the packed form has the entries that the general decoder reads. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openAvro } from '../../format/avro/container.ts'
import { resolveLocation } from '../../format/location.ts'
import { decodeManifest } from '../../format/manifest-codec.ts'
import { packManifest } from '../../format/packed-manifest/packed-manifest.ts'
import { selectEntries } from '../../format/packed-manifest/select-entries.ts'
import { openTable } from '../../index.ts'
import { readManifestList, specInSchema } from '../../snapshot/manifests.ts'
import { FileStore } from '../../storage/file-store.ts'
import { remappingStore } from '../../storage/remapping-store.ts'
import { locationOf } from '../../table/location-of.ts'

const golden = process.env['MORAINE_GOLDEN'] ?? resolve(import.meta.dirname, '../../../shared/golden')
const here = existsSync(join(golden, 'index.json'))

interface GoldenTable {
  readonly name: string
  readonly metadataFile: string
  readonly originalPrefix: string
}
const tables = here
  ? (JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8')).tables as GoldenTable[])
  : []

describe.skipIf(!here)('golden manifests', () => {
  for (const { name, metadataFile, originalPrefix } of tables) {
    test(`of ${name} are packed, and read the same`, async () => {
      const at = join(golden, metadataFile)
      const to = join(golden, 'tables')
      const { metadata } = await openTable(at, { remap: { [originalPrefix]: to } })
      const store = remappingStore(new FileStore({}), [{ from: originalPrefix, to: locationOf(to) }])
      const specById = (id: number) => specInSchema(metadata, id)
      const read = new Set<string>()
      for (const snapshot of metadata.snapshots) {
        for (const manifest of await readManifestList({ metadata, store }, snapshot)) {
          if (read.has(manifest.manifestPath)) continue
          read.add(manifest.manifestPath)
          const bytes = await store.get(resolveLocation(manifest.manifestPath))
          const packed = packManifest(openAvro(bytes))
          expect(packed, manifest.manifestPath).toBeDefined()
          const partition = specById(manifest.partitionSpecId)!
          const selected = [...selectEntries(packed!, manifest, partition, { metrics: 'all' })]
          expect(selected).toEqual([...decodeManifest(bytes, manifest, { specById })])
        }
      }
      expect(read.size > 0).toBe(metadata.snapshots.length > 0)
    })
  }
})
