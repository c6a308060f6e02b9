import { expect, it } from 'vitest'
import { avroName } from '../../../format/avro/avro-name.ts'

it.each([
  ['plain_1', 'plain_1'],
  ['größe', 'gr_xF6_xDFe'],
  ['9x', '_9x'],
  ['a.b', 'a_x2Eb'],
  ['a b', 'a_x20b'],
  ['__proto__', '__proto__'],
  ['😀', '_xD83D_xDE00'],
])('stores the name %s as %s', (name, stored) => {
  expect(avroName(name)).toBe(stored)
})
