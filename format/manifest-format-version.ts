import type { AvroField } from './avro/avro-type.ts'
import type { AvroFile } from './avro/container.ts'
import { invalidData, unsupported } from './errors.ts'
import type { FormatVersion } from './table-metadata.ts'

/** The `format-version` of a manifest's or manifest list's header. Errors: `UNSUPPORTED` above 3, else `INVALID_DATA`. */
export function parseFormatVersion(text: string): FormatVersion {
  if (text === '1' || text === '2' || text === '3') return Number(text) as FormatVersion
  if (/^\d{1,9}$/.test(text)) throw unsupported(`format version ${text} is not served; 1 to 3 are`)
  throw invalidData(`expected a format version, found '${text}'`, { rule: 'Manifests' })
}

/** A manifest that does not say its version is v1, unless it has the sequence numbers that came with v2. */
export function formatVersionOf({ metadata, schema }: AvroFile): FormatVersion {
  const text = metadata.get('format-version')
  if (text !== undefined) return parseFormatVersion(text)
  return schema.kind === 'record' && schema.fields.some(isSequenceNumber) ? 3 : 1
}

/** Of a writer that leaves field ids out, the name tells. */
function isSequenceNumber({ id, name }: AvroField): boolean {
  return id === undefined ? name === 'sequence_number' : id === SEQUENCE_NUMBER_ID
}

const SEQUENCE_NUMBER_ID = 3
