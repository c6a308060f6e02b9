import { describe, expect, it } from 'vitest'
import { parseTransform, transformToString } from '../../../format/transforms/parse.ts'

describe('the text of a transform', () => {
  it('is read and written alike', () => {
    const texts = ['identity', 'year', 'month', 'day', 'hour', 'void', 'bucket[16]', 'truncate[4]']
    for (const text of texts) {
      expect(parseTransform(text)).not.toMatchObject({ kind: 'unknown' })
      expect(transformToString(parseTransform(text))).toBe(text)
    }
    expect(parseTransform('bucket[2147483647]')).toEqual({ kind: 'bucket', numBuckets: 2147483647 })
    expect(parseTransform('truncate[7]')).toEqual({ kind: 'truncate', width: 7 })
  })

  it('is read whatever the case of its letters', () => {
    expect(parseTransform('Identity')).toEqual({ kind: 'identity' })
    expect(parseTransform('BUCKET[3]')).toEqual({ kind: 'bucket', numBuckets: 3 })
  })

  it('that nobody knows is kept as it is', () => {
    for (const text of [
      'zorder[4]',
      'bucket',
      'truncate[-1]',
      'bucket[4] ',
      'bucket[1][2]',
      '',
      '__proto__',
    ]) {
      expect(parseTransform(text)).toEqual({ kind: 'unknown', text })
      expect(transformToString(parseTransform(text))).toBe(text)
    }
  })

  it('over several source columns is kept as it is', () => {
    expect(parseTransform('bucket[4]', 2)).toEqual({ kind: 'unknown', text: 'bucket[4]' })
  })

  it('with a parameter out of range is invalid data', () => {
    for (const text of ['bucket[0]', 'truncate[0]', 'bucket[2147483648]', `truncate[${'9'.repeat(400)}]`]) {
      expect(() => parseTransform(text)).toThrowError(expect.objectContaining({ code: 'INVALID_DATA' }))
    }
  })
})
