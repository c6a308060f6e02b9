import { unsupported } from '../format/errors.ts'
import type { TableMetadata } from '../format/table-metadata.ts'

/** Encrypted tables are neither read nor written: plain files beside encrypted ones would leak what the keys protect. */
export function refuseEncrypted(metadata: TableMetadata): void {
  const property = metadata.properties['encryption.key-id']
  if (metadata.encryptionKeys.length === 0 && property === undefined) return
  const sign = property === undefined ? 'encryption-keys in its metadata' : "the property 'encryption.key-id'"
  throw unsupported(`the table is encrypted (${sign}); encrypted tables are not served by this version`)
}
