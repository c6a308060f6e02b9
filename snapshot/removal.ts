/** Files that a snapshot removes: the manifests that list them are written anew, where they are told as deleted. */
import { MoraineError } from '../format/errors.ts'
import { type DataFile, fileKey, type ManifestEntry, type ManifestFile } from '../format/manifest.ts'
import { encodeManifest } from '../format/manifest-codec.ts'
import { ALL_LIVE, type FileTests } from '../format/packed-manifest/select-entries.ts'
import { type ManifestSource, openManifest, specInSchema } from './manifests.ts'
import type { NewManifest } from './new-manifests.ts'

export interface Removal {
  /** The manifest without what is removed, which is taken from `known` or put there; undefined when nothing of it is. */
  filter(
    source: ManifestSource & { readonly signal?: AbortSignal | undefined },
    manifest: ManifestFile,
    known: { readonly snapshotId: bigint; readonly filtered: Map<string, NewManifest> },
  ): Promise<NewManifest | undefined>
  /** Throws COMMIT_CONFLICT when a file was in no manifest. */
  requireAll(): void
}

export function removalOf(files: readonly DataFile[]): Removal {
  const keys = new Set(files.map(fileKey))
  const left = new Map(files.map((file) => [fileKey(file), file]))
  const specs = new Set(files.map((file) => `${contentOf(file)} ${file.specId}`))
  const paths = new Set(files.map(({ filePath }) => filePath))
  const meant: FileTests = { ...ALL_LIVE, file: ({ filePath }) => paths.has(filePath) }
  return {
    async filter(source, manifest, { snapshotId, filtered }) {
      if (!specs.has(`${manifest.content} ${manifest.partitionSpecId}`)) return undefined
      const entriesOf = await openManifest(source, manifest, { signal: source.signal })
      // Most manifests stay as they are, and that is seen at less cost than their entries.
      if (isEmpty(entriesOf({ tests: meant }))) return undefined
      const entries: ManifestEntry[] = []
      const removed: string[] = []
      for (const entry of entriesOf({ tests: ALL_LIVE })) {
        const key = fileKey(entry.dataFile)
        // Every entry of the file: some writers add one twice.
        const isRemoved = keys.has(key)
        left.delete(key)
        if (isRemoved) removed.push(key)
        entries.push(
          isRemoved ? { ...entry, status: 'deleted', snapshotId } : { ...entry, status: 'existing' },
        )
      }
      if (removed.length === 0) return undefined
      const key = [manifest.manifestPath, manifest.firstRowId, ...removed].join(' ')
      const { content, partitionSpecId } = manifest
      const known = filtered.get(key)
      if (known !== undefined) return known
      const partition = specInSchema(source.metadata, partitionSpecId)!
      const { formatVersion } = source.metadata
      const made = {
        ...encodeManifest({ ...partition, formatVersion, content, snapshotId, entries }),
        entries,
        key: `without ${key}`,
      }
      filtered.set(key, made)
      return made
    },
    requireAll() {
      const [first] = left.values()
      if (first === undefined) return
      throw new MoraineError(
        'COMMIT_CONFLICT',
        `${first.filePath} was removed by another commit; nothing was committed`,
        { context: { file: first.filePath }, retryable: true },
      )
    },
  }
}

function isEmpty(items: Iterable<unknown>): boolean {
  for (const _ of items) return false
  return true
}

function contentOf({ content }: DataFile): ManifestFile['content'] {
  return content === 'data' ? 'data' : 'deletes'
}
