import { invalidArgument } from './errors.ts'
import { nearNames } from './near-names.ts'
import { describeValue } from './values/mismatch.ts'

/**
 * Refuses options that are no object or have a name that the call does not know: a mistyped option would otherwise
 * be passed over in silence. Throws INVALID_ARGUMENT.
 */
export function checkOptions(call: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(`${call}: expected an object of options, found ${describeValue(options)}`)
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const near = nearNames(name, known)
    const hint = near.length > 0 ? `did you mean '${near.join("' or '")}'?` : `there are: ${known.join(', ')}`
    throw invalidArgument(`${call}: there is no option '${name}'; ${hint}`, { option: name })
  }
}
