import { atOption } from '../at-option.ts'
import { openNamedTable } from '../catalog-arguments.ts'
import { atOptions, tableArgument, type Verb } from '../verb.ts'

export const manifests: Verb = {
  name: 'manifests',
  summary: 'the manifests of a snapshot',
  arguments: [tableArgument],
  options: atOptions,
  example: 'moraine manifests shop.orders --catalog ./lake',
  async run([name], options) {
    const table = await openNamedTable(name!, options)
    const records = (await table.inspect.manifests(atOption(options))).map((manifest) => ({
      content: manifest.content,
      spec: manifest.specId,
      sequence: manifest.sequenceNumber,
      'added by': manifest.addedSnapshotId,
      added: manifest.addedFiles ?? null,
      existing: manifest.existingFiles ?? null,
      deleted: manifest.deletedFiles ?? null,
      bytes: manifest.length,
      path: manifest.path,
    }))
    const columns = [
      'content',
      'spec',
      'sequence',
      'added by',
      'added',
      'existing',
      'deleted',
      'bytes',
      'path',
    ]
    return { kind: 'records', columns, records }
  },
}
