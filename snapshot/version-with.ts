import type { LoadedTable } from '../catalog/catalog.ts'
import { isMoraineError } from '../format/errors.ts'
import type { CommitContext } from './commit.ts'
import { type CommitKey, findCommit } from './commit-id.ts'
import { reload } from './reload.ts'

/** The version that holds the commit. Where the view at hand cannot tell, the newest version may. */
export async function versionWith(
  { catalog, signal }: Pick<CommitContext, 'catalog' | 'signal'>,
  base: LoadedTable,
  key: CommitKey,
): Promise<LoadedTable | undefined> {
  try {
    return findCommit(base.metadata, key) === undefined ? undefined : base
  } catch (error) {
    if (!isMoraineError(error, 'COMMIT_STATE_UNKNOWN')) throw error
    const fresh = await reload(catalog, base, { signal })
    if (findCommit(fresh.metadata, key) !== undefined) return fresh
    throw error
  }
}
