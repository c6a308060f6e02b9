/** Parsers of property values: text to a typed value, or undefined when the text is not one. */

export interface PropertyParser<T> {
  /** What a value must be, for messages: "an integer of at least 0". */
  readonly expected: string
  parse(text: string): T | undefined
}

/** Which metrics of a column are kept in manifests (Iceberg's `write.metadata.metrics.*`). */
export type MetricsMode =
  | { readonly kind: 'none' }
  | { readonly kind: 'counts' }
  /** Counts, and bounds cut to `length` code points or bytes. */
  | { readonly kind: 'truncate'; readonly length: number }
  | { readonly kind: 'full' }

/**
 * An integer in decimal digits, at least `min`. Above 2^53 − 1 it counts as 2^53 − 1: such limits (Java's
 * Long.MAX_VALUE) mean "never" either way.
 */
export function integer(min = 0): PropertyParser<number> {
  return {
    expected: `an integer of at least ${min}`,
    parse: (text) => {
      if (!/^[+-]?\d{1,19}$/.test(text)) return undefined
      const value = Math.min(Number(text), Number.MAX_SAFE_INTEGER)
      return value >= min ? value : undefined
    },
  }
}

export const boolean: PropertyParser<boolean> = {
  expected: 'true or false',
  parse: (text) => {
    const word = text.toLowerCase()
    return word === 'true' ? true : word === 'false' ? false : undefined
  },
}

export const string: PropertyParser<string> = { expected: 'a text', parse: (text) => text }

/** One of some words, in any case. */
export function oneOf<const W extends string>(...words: readonly W[]): PropertyParser<W> {
  return {
    expected: `one of ${words.join(', ')}`,
    parse: (text) => words.find((word) => word === text.toLowerCase()),
  }
}

export const metricsMode: PropertyParser<MetricsMode> = {
  expected: 'none, counts, truncate(<length>) or full',
  parse: (text) => {
    const word = text.toLowerCase()
    if (word === 'none' || word === 'counts' || word === 'full') return { kind: word }
    const length = Number(/^truncate\((\d{1,9})\)$/.exec(word)?.[1])
    return length > 0 ? { kind: 'truncate', length } : undefined
  },
}
