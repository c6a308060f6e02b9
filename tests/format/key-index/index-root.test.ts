import { expect, test } from 'vitest'
import { decodeRoot, encodeRoot, type IndexRoot } from '../../../format/key-index/index-root.ts'
import { code } from '../../table/support.ts'

const ROOT: IndexRoot = {
  tableUuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1',
  key: { fieldIds: [1, 4], types: ['long', 'decimal(9, 2)'], form: 'hashes', hasRowIds: true },
  runs: [{ name: '0a-1.keys', sizeInBytes: 2 ** 40, footerBytes: 99, entries: 1_000_000 }],
}

test('a root is read as it was written', () => {
  expect(decodeRoot(encodeRoot(ROOT))).toEqual(ROOT)
})

test.each([
  ['no JSON', '{'],
  ['another format', '{"format": 2}'],
  ['a run elsewhere', new TextDecoder().decode(encodeRoot(ROOT)).replace('0a-1.keys', '../../a.keys')],
  ['a negative size', new TextDecoder().decode(encodeRoot(ROOT)).replace('99', '-99')],
  ['no runs', new TextDecoder().decode(encodeRoot(ROOT)).replace('"runs"', '"run"')],
])('%s is INVALID_DATA', (_, text) => {
  expect(() => decodeRoot(new TextEncoder().encode(text))).toThrow(code('INVALID_DATA'))
})
