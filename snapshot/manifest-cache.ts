import type { ManifestFile } from '../format/manifest.ts'
import type { KeptManifest, PackedManifest } from '../format/packed-manifest/packed-manifest.ts'

export interface ManifestCacheOptions {
  /** Memory for all manifests, in bytes. */
  readonly maxTotalBytes: number
  /** Larger manifest files, in bytes, are not kept. */
  readonly maxContentLength: number
  /** What was not used for so long is dropped, when the cache is next asked for anything; 0: never. */
  readonly expirationIntervalMs: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/**
 * Manifests that were read, packed, in bounded memory; the one that was not used for longest goes first. A lake has
 * one, and it ends with the lake: nothing global keeps a manifest.
 *
 * A manifest never changes, so it is known by its name; yet a name may come back with another content, after a table
 * was dropped and made anew. So an entry is good only for a manifest list that says the same of it, in the same table.
 */
export class ManifestCache {
  readonly #options: ManifestCacheOptions
  /** By key, in the order of their last use. */
  readonly #kept = new Map<string, Kept>()
  #byteLength = 0

  constructor(options: ManifestCacheOptions) {
    this.#options = options
  }

  /** What one manifest may take at most, and all together. */
  get maxTotalBytes(): number {
    return this.#options.maxTotalBytes
  }
  /** Bytes that the manifests take, by a fair estimate. */
  get byteLength(): number {
    return this.#byteLength
  }
  get size(): number {
    return this.#kept.size
  }

  /** Whether a manifest may be kept at all. */
  accepts({ manifestLength }: ManifestFile): boolean {
    return manifestLength <= BigInt(this.#options.maxContentLength)
  }

  get(tableUuid: string | undefined, manifest: ManifestFile): PackedManifest | undefined {
    this.#dropExpired()
    const key = keyOf(tableUuid, manifest)
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, { ...kept, usedAt: this.#options.now() })
    return kept.manifest
  }

  put(tableUuid: string | undefined, manifest: ManifestFile, kept: KeptManifest): void {
    this.#dropExpired()
    if (kept.byteLength > this.#options.maxTotalBytes) return
    const key = keyOf(tableUuid, manifest)
    this.#drop(key)
    for (const oldest of this.#kept.keys()) {
      if (this.#byteLength + kept.byteLength <= this.#options.maxTotalBytes) break
      this.#drop(oldest)
    }
    this.#kept.set(key, { ...kept, usedAt: this.#options.now() })
    this.#byteLength += kept.byteLength
  }

  clear(): void {
    this.#kept.clear()
    this.#byteLength = 0
  }

  #dropExpired(): void {
    const { expirationIntervalMs, now } = this.#options
    if (expirationIntervalMs === 0) return
    const earliest = now() - expirationIntervalMs
    for (const [key, { usedAt }] of this.#kept) {
      if (usedAt > earliest) return
      this.#drop(key)
    }
  }

  #drop(key: string): void {
    this.#byteLength -= this.#kept.get(key)?.byteLength ?? 0
    this.#kept.delete(key)
  }
}

interface Kept extends KeptManifest {
  readonly usedAt: number
}

/** What a manifest list says of a manifest, but for what its entries inherit and what only pruning asks. */
function keyOf(tableUuid: string | undefined, manifest: ManifestFile): string {
  return [
    manifest.manifestPath,
    tableUuid,
    manifest.manifestLength,
    manifest.partitionSpecId,
    manifest.content,
    manifest.addedSnapshotId,
    manifest.addedFilesCount,
    manifest.existingFilesCount,
    manifest.deletedFilesCount,
    manifest.addedRowsCount,
    manifest.existingRowsCount,
    manifest.deletedRowsCount,
  ].join(' ')
}
