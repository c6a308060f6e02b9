/** What the library says to those who call it, in the words of those who type a command. */
export function inCommandWords(message: string): string {
  return WORDS.reduce((text, [ofLibrary, ofCommand]) => text.replace(ofLibrary, ofCommand), message)
}

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bconnect with probe: false/, 'give --no-probe'],
  [/^addColumn: /, '--add: '],
  [/^(drop|rename|move|widen|require)Column: /, '--$1: '],
  [/^setColumnDoc: /, '--doc: '],
  [/^setColumnDefault: /, '--default: '],
  [/^makeColumnOptional: /, '--optional: '],
  [/\bsetReadLimits\(\{ (\w+) \}\) allows/, 'MORAINE_READ_LIMITS=$1=<number> allows'],
  [/\bpass \{ allowIncompatible: true \}/, 'give --allow-incompatible'],
  [
    /\bconnect with \{ region: '([^']*)' \}/,
    "set AWS_REGION=$1, or 's3.region' of the catalog in the config",
  ],
  [
    /\bgive \{ region \}, client\.region or AWS_REGION/,
    "set AWS_REGION, or 's3.region' of the catalog in the config",
  ],
]
