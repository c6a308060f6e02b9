import { invalidData, unsupported } from './errors.ts'
import type { FormatVersion } from './table-metadata.ts'

/** The `format-version` of a manifest's or manifest list's header. Errors: `UNSUPPORTED` above 3, else `INVALID_DATA`. */
export function parseFormatVersion(text: string): FormatVersion {
  if (text === '1' || text === '2' || text === '3') return Number(text) as FormatVersion
  if (/^\d{1,9}$/.test(text)) throw unsupported(`format version ${text} is not served; 1 to 3 are`)
  throw invalidData(`expected a format version, found '${text}'`, { rule: 'Manifests' })
}
