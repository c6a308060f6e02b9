import { gzipSync } from 'node:zlib'
import { expressionFromJson } from '../../../format/expressions/json.ts'
import { parseWhere } from '../../../format/expressions/where-text.ts'
import { type JsonValue, parseJson } from '../../../format/lossless-json.ts'
import { parseNameMapping } from '../../../format/name-mapping.ts'
import { decodeTableMetadata } from '../../../format/table-metadata-json.ts'
import { parseTransform } from '../../../format/transforms/parse.ts'
import { typeFromJson } from '../../../format/types-json.ts'
import { type Bomb, broken, MIB, tooMuch, zeros } from './bomb.ts'

const ZIPPED_100 = gzipSync(zeros(100))
const ZIPPED_300 = gzipSync(zeros(300))
const GZIP = 'memory://t/v1.gz.metadata.json'
const nested = (open: string, close: string, depth = 100_000) =>
  `${open.repeat(depth)}1${close.repeat(depth)}`

const list = '{"type":"list","element-id":1,"element-required":false,"element":'

function nots(depth: number): JsonValue {
  let json: JsonValue = true
  for (let level = 0; level < depth; level++) json = { type: 'not', child: json }
  return json
}

export const jsonBombs: readonly Bomb[] = [
  tooMuch('gzip metadata of 300 MiB', () => decodeTableMetadata(ZIPPED_300, GZIP)),
  broken('gzip metadata of 100 MiB that are no JSON', () => decodeTableMetadata(ZIPPED_100, GZIP)),
  broken('gzip metadata in gzip metadata', () => decodeTableMetadata(gzipSync(ZIPPED_100), GZIP)),
  broken('arrays nested 100,000 deep', () => parseJson(Buffer.from(nested('[', ']')))),
  broken('objects nested 100,000 deep', () => parseJson(Buffer.from(nested('{"a":', '}')))),
  broken('arrays that never end', () => parseJson('['.repeat(10 * MIB))),
  broken('an integer of 10 million digits', () => parseJson('9'.repeat(10_000_000))),
  broken('a double that overflows', () => parseJson('1e999999999')),
  broken('a type of 100,000 lists', () => typeFromJson(parseJson(nested(list, '}')))),
  broken('a name mapping nested 100,000 deep', () =>
    parseNameMapping(nested('[{"names":["a"],"fields":', '}]')),
  ),
  broken('a decimal of 999,999,999 digits', () => typeFromJson('decimal(999999999, 2)')),
  broken('bytes of a fixed width of 2^60', () => typeFromJson('fixed[1152921504606846976]')),
  broken('2^60 buckets', () => parseTransform('bucket[1152921504606846976]')),
  broken('an expression nested 10,000 deep', () => expressionFromJson(nots(10_000))),
  {
    name: 'a filter of 100,000 parentheses',
    code: 'INVALID_ARGUMENT',
    explode: () => parseWhere(nested('(', ')')),
  },
]
