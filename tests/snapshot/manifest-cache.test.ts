import { describe, expect, test } from 'vitest'
import type { ManifestFile } from '../../format/manifest.ts'
import type { KeptManifest, PackedManifest } from '../../format/packed-manifest/packed-manifest.ts'
import { ManifestCache } from '../../snapshot/manifest-cache.ts'

function cacheOf(over: { readonly maxTotalBytes?: number; readonly expirationIntervalMs?: number } = {}) {
  const clock = { now: 1_000_000 }
  const cache = new ManifestCache({
    maxTotalBytes: 1000,
    maxContentLength: 500,
    expirationIntervalMs: 60_000,
    now: () => clock.now,
    ...over,
  })
  return { cache, clock }
}

function line(name: string, over: Partial<ManifestFile> = {}): ManifestFile {
  return {
    manifestPath: `s3://bucket/t/metadata/${name}.avro`,
    manifestLength: 100n,
    partitionSpecId: 0,
    content: 'data',
    sequenceNumber: 1n,
    minSequenceNumber: 1n,
    addedSnapshotId: 7n,
    addedFilesCount: 3,
    ...over,
  }
}

function kept(byteLength: number): KeptManifest {
  return { manifest: { entries: [] } as unknown as PackedManifest, byteLength }
}

describe('the cache of manifests', () => {
  test('stays below its limit: what was not used for longest goes first', () => {
    const { cache } = cacheOf()
    for (const name of ['a', 'b', 'c']) cache.put('uuid', line(name), kept(300))
    expect(cache.get('uuid', line('a'))).toBeDefined()
    cache.put('uuid', line('d'), kept(300))
    expect(cache.get('uuid', line('b'))).toBeUndefined()
    for (const name of ['a', 'c', 'd']) expect(cache.get('uuid', line(name))).toBeDefined()
    expect(cache.byteLength).toBe(900)
  })

  test('does not grow with the number of manifests that were read', () => {
    const { cache } = cacheOf()
    for (let i = 0; i < 10_000; i++) cache.put('uuid', line(`m${i}`), kept(10 + (i % 90)))
    expect(cache.byteLength).toBeLessThanOrEqual(1000)
    expect(cache.size).toBeLessThanOrEqual(100)
  })

  test('counts a manifest that is put twice once', () => {
    const { cache } = cacheOf()
    for (let i = 0; i < 5; i++) cache.put('uuid', line('a'), kept(400))
    expect([cache.size, cache.byteLength]).toEqual([1, 400])
    cache.clear()
    expect([cache.size, cache.byteLength]).toEqual([0, 0])
  })

  test('never takes one that is larger than all of it, nor a file above the content limit', () => {
    const { cache } = cacheOf()
    cache.put('uuid', line('a'), kept(300))
    cache.put('uuid', line('b'), kept(1001))
    expect([cache.size, cache.byteLength]).toEqual([1, 300])
    expect(cache.accepts(line('a', { manifestLength: 500n }))).toBe(true)
    expect(cache.accepts(line('a', { manifestLength: 501n }))).toBe(false)
  })

  test('drops what was not used for the expiration interval, and nothing when that is 0', () => {
    const { cache, clock } = cacheOf()
    const forever = cacheOf({ expirationIntervalMs: 0 })
    for (const each of [cache, forever.cache]) each.put('uuid', line('a'), kept(300))
    clock.now += 59_999
    expect(cache.get('uuid', line('a'))).toBeDefined()
    clock.now += 59_999
    cache.put('uuid', line('b'), kept(300))
    expect(cache.get('uuid', line('a'))).toBeDefined()
    clock.now += 60_000
    expect(cache.get('uuid', line('c'))).toBeUndefined()
    expect([cache.size, cache.byteLength]).toEqual([0, 0])
    forever.clock.now += 10 ** 12
    expect(forever.cache.get('uuid', line('a'))).toBeDefined()
  })

  test('does not take a file for another that has come to its name', () => {
    const { cache } = cacheOf()
    cache.put('uuid', line('a'), kept(300))
    expect(cache.get('another table', line('a'))).toBeUndefined()
    for (const other of [
      { manifestLength: 101n },
      { addedSnapshotId: 8n },
      { addedFilesCount: 4 },
      { partitionSpecId: 1 },
    ]) {
      expect(cache.get('uuid', line('a', other))).toBeUndefined()
    }
    // What entries inherit is no part of the file: a later list may say it, an earlier one not.
    expect(cache.get('uuid', line('a', { firstRowId: 5n, sequenceNumber: 2n }))).toBeDefined()
  })
})
