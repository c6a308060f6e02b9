import { invalidArgument, type ReadLimits } from '../index.ts'

export const READ_LIMITS = 'MORAINE_READ_LIMITS'

/** `depth=64,pageBytes=2000000000`, as the environment has it. Throws INVALID_ARGUMENT. */
export function readLimitsFrom(text: string): Partial<ReadLimits> {
  const parts = text.split(',').filter((part) => part.trim() !== '')
  return Object.fromEntries(parts.map((part) => limitFrom(part)))
}

function limitFrom(part: string): readonly [name: string, value: number] {
  const [, name, digits] = /^\s*(\w+)\s*=\s*(\d{1,15})\s*$/.exec(part) ?? []
  if (name !== undefined) return [name, Number(digits)]
  throw invalidArgument(`${READ_LIMITS}: expected pageBytes=2000000000 or the like, found '${part}'`)
}
