import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { locationOf } from '../../table/location-of.ts'

describe('a folder', () => {
  test.each([
    ['/data/lake', 'file:///data/lake'],
    ['lake/', `file://${resolve('lake')}`],
    ['file:lake', `file://${resolve('lake')}`],
    ['file:/data/lake', 'file:///data/lake'],
    ['file:///data/lake/', 'file:///data/lake'],
    ['FILE:////data//lake', 'file:///data/lake'],
    ['file://localhost/data/lake', 'file:///data/lake'],
  ])('%s is %s', (uri, location) => {
    expect(locationOf(uri)).toBe(location)
  })

  test('of another host is refused, not looked for here', () => {
    expect(() => locationOf('file://nas/data/lake')).toThrow("names the host 'nas'")
  })
})
