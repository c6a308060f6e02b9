import type { Catalog } from '../catalog/catalog.ts'
import type { Environment } from '../format/environment.ts'
import type { ParquetCodec } from '../format/parquet/codec.ts'
import type { DeleteCache } from '../readers/deletes/delete-cache.ts'
import type { KeyIndexCache } from '../readers/key-index/key-index-cache.ts'
import type { ManifestCache } from '../snapshot/manifest-cache.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Workers } from './workers.ts'

/** What a table works with. `catalog` is absent for a table that was opened without one, which is read-only. */
export interface TableContext {
  readonly catalog?: Catalog
  readonly store: ObjectStore
  readonly environment: Environment
  /** Absent when manifests are read anew each time. */
  readonly manifests?: ManifestCache | undefined
  /** Keeps delete files that were read. */
  readonly deletes?: DeleteCache | undefined
  /** Keeps what was read and written of key indexes. */
  readonly keyIndexes?: KeyIndexCache | undefined
  readonly codec: () => Promise<ParquetCodec>
  /** Absent when all work is done in the calling thread. */
  readonly workers?: Workers | undefined
}

/** The context of a table that can be written. */
export interface WritableContext extends TableContext {
  readonly catalog: Catalog
}
