import { ByteKeySet } from './byte-key-set.ts'
import type { ByteKeys, WordKeys } from './key-columns.ts'
import type { KeySet } from './key-set.ts'
import { WordKeySet } from './word-key-set.ts'

export type AnyKeySet = KeySet<WordKeys | ByteKeys>

/** An empty set for keys of one form; all keys of one reader are of one form. */
export function keySetOf(kind: 'words' | 'bytes', options: { readonly numbered?: boolean } = {}): AnyKeySet {
  return (kind === 'words' ? new WordKeySet(options) : new ByteKeySet(options)) as AnyKeySet
}
