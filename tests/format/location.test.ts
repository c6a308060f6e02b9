import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  confineLocation,
  isBelow,
  joinLocation,
  locationResolver,
  parseLocation,
  resolveLocation,
  stripTrailingSlash,
} from '../../format/location.ts'
import { runs } from '../runs.ts'

describe('resolveLocation', () => {
  it.each([
    ['/t/f', 'file:///t/f'],
    ['file:/t/f', 'file:///t/f'],
    ['file:///t/f', 'file:///t/f'],
    ['FILE://localhost/t/f', 'file:///t/f'],
    ['//t///f', 'file:///t/f'],
    ['file:////t/f/', 'file:///t/f/'],
    ['S3://Bucket/a//b', 's3://Bucket/a//b'],
    ['s3a://bucket/a', 's3://bucket/a'],
    ['S3N://bucket/a', 's3://bucket/a'],
    ['memory://w/a b%20c', 'memory://w/a b%20c'],
  ])('resolves %s to %s', (path, location) => {
    expect(resolveLocation(path)).toBe(location)
    expect(resolveLocation(location)).toBe(location)
  })

  it.each(['', 'data/f', 'file:t', 'file://host/t', '/t/../f', 's3://b/./f', 's3://b/..', '/t/\0f'])(
    'refuses %j as INVALID_DATA',
    (path) => {
      expect(() => resolveLocation(path)).toThrow(expect.objectContaining({ code: 'INVALID_DATA' }))
      expect(() => parseLocation(path)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    },
  )

  it('is idempotent, and gives two local paths one location only if they name one file', () => {
    const segment = fc.string({ unit: fc.constantFrom('a', 'B', ' ', '%', ':', '?', '#', '~'), maxLength: 3 })
    const path = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`)
    const canonical = (text: string) => text.replace(/\/+/g, '/')
    const property = fc.property(path, path, (a, b) => {
      const [x, y] = [resolveLocation(a), resolveLocation(b)]
      expect(resolveLocation(x)).toBe(x)
      expect(x === y).toBe(canonical(a) === canonical(b))
    })
    fc.assert(property, runs(4, 2000))
  })
})

describe('confineLocation', () => {
  it('knows a folder from a sibling that starts with its name', () => {
    expect(isBelow('/w/t1', 'file:///w/t1/data/f')).toBe(true)
    expect(isBelow('/w/t1/', 'file:/w/t1/data/f')).toBe(true)
    expect(isBelow('/w/t1', '/w/t10/data/f')).toBe(false)
    expect(isBelow('s3://b/t', 's3://c/t/f')).toBe(false)
  })

  it('refuses a path that escapes', () => {
    expect(confineLocation('/w/t', '/w/t/f')).toBe('file:///w/t/f')
    expect(() => confineLocation('/w/t', '/etc/passwd')).toThrow(/outside of/)
    expect(() => confineLocation('/w/t', '/w/t/../../etc/passwd')).toThrow(/'\.\.' segment/)
  })
})

describe('locationResolver', () => {
  it('replaces the longest matching prefix, in whatever form the path is stored', () => {
    const resolve = locationResolver([
      { from: '/old', to: '/copy/' },
      { from: 'file:/old/t', to: 's3://b/t' },
    ])
    expect(resolve('/old/t/data/f')).toBe('s3://b/t/data/f')
    expect(resolve('file:/old/t')).toBe('s3://b/t')
    expect(resolve('file:///old/t10/f')).toBe('file:///copy/t10/f')
    expect(resolve('/older/f')).toBe('file:///older/f')
  })
})

describe('joinLocation', () => {
  it('joins with one slash', () => {
    expect(joinLocation('s3://b/t/', 'data', 'a=1/f.parquet')).toBe('s3://b/t/data/a=1/f.parquet')
    expect(stripTrailingSlash('s3://b/t//')).toBe('s3://b/t')
    expect(stripTrailingSlash('s3://')).toBe('s3://')
  })

  it.each(['..', 'a/../b', '', 'a//b', '/a', '.', 'a\0'])('refuses the segment %j', (segment) => {
    expect(() => joinLocation('s3://b/t', segment)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
  })
})
