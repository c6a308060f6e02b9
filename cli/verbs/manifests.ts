import { atOption } from '../at-option.ts'
import { openNamedTable } from '../catalog-arguments.ts'
import { atOptions, remapOption, tableArgument, type Verb } from '../verb.ts'

export const manifests: Verb = {
  name: 'manifests',
  summary: 'the manifests of a snapshot',
  arguments: [tableArgument],
  options: [...atOptions, remapOption],
  example: 'moraine manifests shop.orders --catalog ./lake',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const records = (await table.inspect.manifests(atOption(options))).map((manifest) => ({
      content: manifest.content,
      partition_spec_id: manifest.specId,
      sequence_number: manifest.sequenceNumber,
      added_snapshot_id: manifest.addedSnapshotId,
      added_files: manifest.addedFiles ?? null,
      existing_files: manifest.existingFiles ?? null,
      deleted_files: manifest.deletedFiles ?? null,
      length: manifest.length,
      path: manifest.path,
    }))
    const columns = [
      'content',
      'partition_spec_id',
      'sequence_number',
      'added_snapshot_id',
      'added_files',
      'existing_files',
      'deleted_files',
      'length',
      'path',
    ]
    return { kind: 'records', columns, records }
  },
}
