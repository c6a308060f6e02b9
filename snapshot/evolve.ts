/**
 * Evolution as something to commit: its steps are applied anew to fresh metadata while races are lost, as long as
 * nobody else has changed what they are about.
 */
import { formatIdentifier } from '../catalog/table-identifier.ts'
import { MoraineError } from '../format/errors.ts'
import { type EvolutionStep, evolutionRequirements, evolutionUpdates } from '../format/evolution.ts'
import type { TableMetadata } from '../format/table-metadata.ts'
import { currentSchema } from '../format/table-metadata-build.ts'
import { checkRequirements } from '../format/table-requirement-check.ts'
import { updateRequirements } from '../format/update-requirements.ts'
import type { CommitContext, Operation } from './commit.ts'

/**
 * An operation that evolves a table of which the caller has `seen` some version. Throws COMMIT_CONFLICT on staging
 * when another commit has changed the schema or the partition spec since, and the steps change the same: as in Iceberg
 * Java, that is for the caller to look at.
 */
export function evolve(
  { environment }: CommitContext,
  seen: TableMetadata,
  steps: readonly EvolutionStep[],
): Operation {
  const asSeen = evolutionRequirements(seen, steps)
  return {
    async stage({ identifier, metadata }) {
      const changed = checkRequirements(metadata, asSeen)
      if (changed !== undefined) throw overtaken(formatIdentifier(identifier), changed)
      const updates = evolutionUpdates(metadata, steps, {
        seenSchema: currentSchema(seen),
        newUuid: environment.uuid,
      })
      return { requirements: updateRequirements(metadata, updates), updates, files: [] }
    },
    async discard() {},
  }
}

function overtaken(table: string, changed: string): MoraineError {
  return new MoraineError(
    'COMMIT_CONFLICT',
    `another commit has evolved ${table} meanwhile: ${changed}; nothing was committed. Refresh the table, see whether ` +
      'the update is still meant, and make it again',
    { context: { table, changed } },
  )
}
