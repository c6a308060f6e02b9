/** Dotted names as people type them: parts that hold dots, commas, spaces or quotes stand in double quotes. */
import { invalidArgument } from '../index.ts'

export interface NamePath {
  readonly parts: readonly string[]
  /** Whether a part was quoted: the parts are then exact. */
  readonly quoted: boolean
}

/** `a,b.c,"odd, name".d`, as three paths. `usedIn` begins the message of the INVALID_ARGUMENT. */
export function parseNamePaths(text: string, usedIn: string): NamePath[] {
  const paths: NamePath[] = []
  const part = /\s*(?:"((?:[^"]|"")*)"|([^",.]+))\s*([.,]|$)/y
  let parts: string[] = []
  let quoted = false
  for (;;) {
    const at = part.lastIndex
    const match = part.exec(text)
    const plain = match?.[2]?.trim()
    if (match === null || plain === '') {
      throw invalidArgument(`${usedIn}: expected a name at character ${at + 1} of '${text}'`)
    }
    parts.push(match[1]?.replaceAll('""', '"') ?? plain!)
    quoted ||= match[1] !== undefined
    if (match[3] === '.') continue
    paths.push({ parts, quoted })
    if (match[3] === '') return paths
    parts = []
    quoted = false
  }
}

/** The text that `parseNamePaths` takes for one path. */
export function formatNamePath(parts: readonly string[]): string {
  return parts.map((part) => (/^[^",./\s]+$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`)).join('.')
}
