import { expect, test } from 'vitest'
import { inCommandWords } from '../../cli/command-words.ts'

test.each([
  [
    "addColumn: column 'a' is required; or pass { allowIncompatible: true }",
    "--add: column 'a' is required; or give --allow-incompatible",
  ],
  ["setColumnDoc: column 'a' exists", "--doc: column 'a' exists"],
  [
    "the bucket is in x; connect with { region: 'x' }",
    "the bucket is in x; set AWS_REGION=x, or 's3.region' of the catalog in the config",
  ],
  [
    'a page: more than 5 bytes are not read; setReadLimits({ pageBytes }) allows more',
    'a page: more than 5 bytes are not read; MORAINE_READ_LIMITS=pageBytes=<number> allows more',
  ],
  [
    "expected a word such as requireColumn: , found 'a'",
    "expected a word such as requireColumn: , found 'a'",
  ],
])('%j is told as %j', (message, words) => {
  expect(inCommandWords(message)).toBe(words)
})
