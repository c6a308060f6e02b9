import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { warehouseOf } from '../../table/connect.ts'

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
    expect(warehouseOf(uri)).toBe(location)
  })

  test('of another host is refused, not looked for here', () => {
    expect(() => warehouseOf('file://nas/data/lake')).toThrow("names the host 'nas'")
  })
})
